//! Hugging Face: `GET /api/models/{id}/revision/{revision}?blobs=true` lists a repository, `GET /{id}/resolve/{commit}/{file}` gives a file
//! (huggingface_hub `hf_api.py`, `file_download.py`).

use std::sync::atomic::AtomicBool;

use chatsd_types::FileKind;
use serde::Deserialize;
use serde_json::Value;

use super::{Listing, Remote, RepositoryPage, Services, bad_listing};
use crate::{Client, HubError, ListingFault, ModelSource, Repository, url};

#[derive(Deserialize)]
struct RepositoryInfo {
    sha: Option<String>,
    #[serde(default)]
    siblings: Vec<RepositoryFile>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(rename = "cardData")]
    card: Option<Value>,
}

#[derive(Deserialize)]
struct RepositoryFile {
    rfilename: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob: Option<String>,
    lfs: Option<LargeFile>,
}

#[derive(Deserialize)]
struct LargeFile {
    sha256: Option<String>,
    size: Option<u64>,
}

/// The branch that is meant where none is named.
pub(crate) const MAIN: &str = "main";

pub(super) fn list(
    services: &Services,
    client: &Client,
    repository: &Repository,
    stop: &AtomicBool,
) -> Result<Listing, HubError> {
    let endpoint = services.hugging_face.trim_end_matches('/');
    let Repository { id, revision, file } = repository;
    let token = &services.hugging_face_token;
    let place = RepositoryPage { endpoint, token, variable: "HF_TOKEN", page: format!("{endpoint}/{id}") };
    // A revision with a slash in it is one part of the path.
    let asked = url::encoded_part(revision.as_deref().unwrap_or(MAIN));
    let listing = place.link(&format!("/api/models/{id}/revision/{asked}?blobs=true"));
    let model: RepositoryInfo = client.json(&listing, "application/json", stop)?;
    // The commit makes sure that all files are of one state.
    let commit = model.sha.ok_or_else(|| bad_listing(&listing, ListingFault::NoCommit))?;
    if !commit.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(bad_listing(&listing, ListingFault::Commit));
    }
    let files = model.siblings.into_iter().map(|sibling| {
        let RepositoryFile { rfilename: path, size, blob, lfs } = sibling;
        let sha256 = lfs.as_ref().and_then(|lfs| lfs.sha256.clone());
        Remote {
            bytes: lfs.as_ref().and_then(|lfs| lfs.size).or(size),
            blob: sha256.clone().or(blob),
            sha256,
            link: place.link(&format!("/{id}/resolve/{commit}/{}", url::encoded(&path))),
            path,
        }
    });
    let tagged = |name: &str| model.tags.iter().any(|tag| tag == name);
    let kind = match () {
        () if tagged("lora") => Some(FileKind::Adapter),
        () if tagged("controlnet") => Some(FileKind::Control),
        () if tagged("textual_inversion") => Some(FileKind::Embedding),
        () => None,
    };
    let of_card = |key: &str| model.card.as_ref().and_then(|card| Some(card.get(key)?.as_str()?.to_owned()));
    let of_tag = || model.tags.iter().find_map(|tag| tag.strip_prefix("license:").map(str::to_owned));
    // "other" has a name of its own beside it.
    let licence = of_card("license").or_else(of_tag);
    let licence = licence.filter(|licence| licence != "other").or_else(|| of_card("license_name"));
    let exact = Repository { revision: Some(commit.clone()), ..repository.clone() };
    let source = ModelSource::HuggingFace(exact);
    Ok(Listing {
        name: ModelSource::HuggingFace(repository.clone()).short_name(),
        source: source.to_string(),
        kind,
        licence,
        page: Some(place.page.clone()),
        files: files.collect(),
        file: file.clone(),
        packed: false,
        commit: Some(commit.clone()),
    })
}
