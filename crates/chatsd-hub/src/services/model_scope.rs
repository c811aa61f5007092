//! ModelScope: `GET /api/v1/models/{id}/repo/files?Revision=…&Recursive=true` lists, `…/repo?Revision=…&FilePath=…` gives a
//! file (modelscope `hub/api.py`, `hub/file_download.py`).

use std::sync::atomic::AtomicBool;

use serde::Deserialize;

use super::{Listing, Remote, Services, strange};
use crate::{Client, HubError, Link, ListingFault, Repository, Source, url};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    data: Option<Data>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
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
    let page = format!("{endpoint}/models/{id}");
    let link = |url: String| Link {
        url,
        token: services.model_scope_token.clone(),
        variable: Some("MODELSCOPE_API_TOKEN"),
        page: Some(page.clone()),
    };
    let revision = url::encoded_part(repository.revision.as_deref().unwrap_or("master"));
    let listing = link(format!("{endpoint}/api/v1/models/{id}/repo/files?Revision={revision}&Recursive=true"));
    let answer: Answer = client.json(&listing, "application/json", stop)?;
    let said = answer.message.unwrap_or_default();
    let data = answer.data.ok_or_else(|| strange(&listing, ListingFault::NoData { said }))?;
    let files = data.files.into_iter().filter(|file| file.kind.as_deref() != Some("tree"));
    let files = files.map(|file| Remote {
        link: link(format!(
            "{endpoint}/api/v1/models/{id}/repo?Revision={revision}&FilePath={}",
            url::encoded_part(&file.path)
        )),
        bytes: file.size,
        sha256: file.sha256.filter(|digits| digits.len() == 64),
        blob: None,
        path: file.path,
    });
    let source = Source::ModelScope(repository.clone());
    Ok(Listing {
        name: source.short_name(),
        source: source.to_string(),
        page: Some(page.clone()),
        files: files.collect(),
        file: repository.file.clone(),
        ..Listing::default()
    })
}
