//! CivitAI: `GET /api/v1/models/{id}` and `/api/v1/model-versions/{id}` list, `/api/download/models/{id}` gives a file
//! (developer.civitai.com, "CivitaiModel versions").

use std::sync::atomic::AtomicBool;

use chatsd_types::FileKind;
use serde::Deserialize;

use super::{Listing, Remote, Services, bad_listing};
use crate::{Client, HubError, Link, ListingFault, ModelSource, NameFault, names};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CivitaiModel {
    #[serde(default)]
    model_versions: Vec<VersionNumber>,
}

#[derive(Deserialize)]
struct VersionNumber {
    id: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CivitaiVersion {
    id: u64,
    model_id: Option<u64>,
    model: Option<ModelType>,
    #[serde(default)]
    files: Vec<CivitaiFile>,
}

#[derive(Deserialize)]
struct ModelType {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CivitaiFile {
    name: String,
    #[serde(default)]
    primary: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<String>,
    download_url: Option<String>,
    hashes: Option<CivitaiHashes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct CivitaiHashes {
    sha256: Option<String>,
}

pub(super) fn list(
    services: &Services,
    client: &Client,
    model: Option<u64>,
    version: Option<u64>,
    stop: &AtomicBool,
) -> Result<Listing, HubError> {
    let endpoint = services.civitai.trim_end_matches('/');
    let page = |model: u64| format!("{endpoint}/models/{model}");
    let link = |url: String, model: Option<u64>| Link {
        url,
        token: services.civitai_token.clone(),
        variable: Some("CIVITAI_TOKEN"),
        page: model.map(page),
    };
    let version = match (version, model) {
        (Some(version), _) => version,
        (None, Some(model)) => {
            let listing = link(format!("{endpoint}/api/v1/models/{model}"), Some(model));
            let found: CivitaiModel = client.json(&listing, "application/json", stop)?;
            // The newest stands first.
            found.model_versions.first().ok_or_else(|| bad_listing(&listing, ListingFault::NoVersion))?.id
        }
        (None, None) => {
            return Err(HubError::Name { name: "civitai:".into(), fault: NameFault::NeitherModelNorVersion });
        }
    };
    let listing = link(format!("{endpoint}/api/v1/model-versions/{version}"), model);
    let found: CivitaiVersion = client.json(&listing, "application/json", stop)?;
    let model = model.or(found.model_id);
    let kind = match found.model.and_then(|model| model.kind).as_deref() {
        Some("Checkpoint") => Some(FileKind::Model),
        Some("LORA" | "LoCon" | "DoRA") => Some(FileKind::Adapter),
        Some("TextualInversion") => Some(FileKind::Embedding),
        Some("Controlnet") => Some(FileKind::Control),
        Some("VAE") => Some(FileKind::Autoencoder),
        Some("Upscaler") => Some(FileKind::Upscaler),
        _ => None,
    };
    let rank = |file: &CivitaiFile| {
        let model = file.kind.as_deref().is_none_or(|kind| kind == "Model");
        let safe = file.name.ends_with(".safetensors");
        (!file.primary.unwrap_or(false), !model, !safe)
    };
    let first = found.files.iter().min_by_key(|file| rank(file)).map(|file| names::safe_name(&file.name));
    let first = first.ok_or_else(|| bad_listing(&listing, ListingFault::NoFile))?;
    let files = found.files.into_iter().map(|file| Remote {
        path: names::safe_name(&file.name),
        // `sizeKB` is rounded, so it is not asked to be right to the byte.
        bytes: None,
        sha256: file.hashes.and_then(|hashes| hashes.sha256).map(|digits| digits.to_lowercase()),
        blob: None,
        link: link(file.download_url.unwrap_or_else(|| format!("{endpoint}/api/download/models/{}", found.id)), model),
    });
    let source = ModelSource::CivitAi { model, version: Some(found.id) };
    Ok(Listing {
        source: source.to_string(),
        name: crate::stem(&first).to_owned(),
        kind,
        // What may be done with it is told on its page, in many parts.
        licence: model.map(|model| format!("see {}", page(model))),
        page: model.map(page),
        files: files.collect(),
        file: Some(first),
        ..Listing::default()
    })
}
