//! ModelScope: `GET /api/v1/models/{id}/repo/files?Revision=…&Recursive=true` lists, `…/repo?Revision=…&FilePath=…` gives a
//! file (modelscope `hub/api.py`, `hub/file_download.py`).

use std::sync::atomic::AtomicBool;

use serde::Deserialize;

use super::{Listing, Remote, RepositoryPage, Services, bad_listing};
use crate::{Client, HubError, ListingFault, ModelSource, Repository, url};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilesAnswer {
    data: Option<FilesData>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilesData {
    #[serde(default)]
    files: Vec<ListedFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedFile {
    path: String,
    size: Option<u64>,
    sha256: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
}

pub(super) fn list(
    services: &Services,
    client: &Client,
    repository: &Repository,
    stop: &AtomicBool,
) -> Result<Listing, HubError> {
    let endpoint = services.model_scope.trim_end_matches('/');
    let id = &repository.id;
    let (token, page) = (&services.model_scope_token, format!("{endpoint}/models/{id}"));
    let place = RepositoryPage { endpoint, token, variable: "MODELSCOPE_API_TOKEN", page };
    let revision = url::encoded_part(repository.revision.as_deref().unwrap_or("master"));
    let listing = place.link(&format!("/api/v1/models/{id}/repo/files?Revision={revision}&Recursive=true"));
    let answer: FilesAnswer = client.json(&listing, "application/json", stop)?;
    let said = answer.message.unwrap_or_default();
    let data = answer.data.ok_or_else(|| bad_listing(&listing, ListingFault::NoData { said }))?;
    let files = data.files.into_iter().filter(|file| file.kind.as_deref() != Some("tree"));
    let files = files.map(|file| Remote {
        link: place
            .link(&format!("/api/v1/models/{id}/repo?Revision={revision}&FilePath={}", url::encoded_part(&file.path))),
        bytes: file.size,
        sha256: file.sha256.filter(|digits| digits.len() == 64),
        blob: None,
        path: file.path,
    });
    let source = ModelSource::ModelScope(repository.clone());
    Ok(Listing {
        name: source.short_name(),
        source: source.to_string(),
        page: Some(place.page.clone()),
        files: files.collect(),
        file: repository.file.clone(),
        ..Listing::default()
    })
}
