//! What can go wrong with files from elsewhere.

use std::{io, path::PathBuf};

use crate::{AnswerFault, NameFault, NetworkFault, in_words};

/// What can go wrong with files from elsewhere. Every message says what to do where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// No answer, or a connection that broke too often.
    #[error("{host} cannot be reached: {fault}; what was fetched is kept, and the same command goes on from there")]
    Network {
        /// The machine that was asked.
        host: String,
        /// What happened.
        fault: NetworkFault,
    },
    /// The server does not know the file.
    #[error("{url} is not there{}", its_words(.said))]
    NotFound {
        /// What was asked for.
        url: String,
        /// The server's own words.
        said: String,
    },
    /// The server wants to know who asks (401), or knows and refuses (403).
    #[error("{host} does not give {url} to {}{}{}", if *.sent { "this token" } else { "nobody in particular" }, its_words(.said), help(*.variable, .page, *.sent))]
    Refused {
        /// The machine that was asked.
        host: String,
        /// What was asked for.
        url: String,
        /// The variable that holds the token of this service.
        variable: Option<&'static str>,
        /// The page on which a licence is accepted.
        page: Option<String>,
        /// Whether a token was sent.
        sent: bool,
        /// The server's own words.
        said: String,
    },
    /// The server asks for more patience than there is.
    #[error("{host} is asked too often: it wants {seconds} s of pause; try again later, or with a token of your own")]
    Limited {
        /// The machine that was asked.
        host: String,
        /// The pause it wants.
        seconds: u64,
    },
    /// An answer that cannot be used.
    #[error("{url}: {fault}")]
    Answer {
        /// What was asked for.
        url: String,
        /// What was found, and what was expected.
        fault: AnswerFault,
    },
    /// The file has another length than was said.
    #[error(
        "{url} has {found} bytes, expected {expected}: it was cut, or is another file than the one that was listed"
    )]
    Length {
        /// What was asked for.
        url: String,
        /// The bytes there are.
        found: u64,
        /// The bytes that were said to be there.
        expected: u64,
    },
    /// The bytes are others than those that were asked for.
    #[error("{url} has SHA-256 {found}, expected {expected}: the file is damaged or another one; nothing was kept")]
    Hash {
        /// What was asked for.
        url: String,
        /// Of the bytes that came.
        found: String,
        /// Of the bytes that were said to come.
        expected: String,
    },
    /// The file changes while it is fetched.
    #[error("{url} changed again and again while it was fetched; try later")]
    Changing {
        /// What was asked for.
        url: String,
    },
    /// Not enough room.
    #[error("{path} needs {}, but its disk has {} left; free some, or choose another folder", in_words(*.needed), in_words(*.free))]
    Space {
        /// The file.
        path: PathBuf,
        /// Bytes that are still to come.
        needed: u64,
        /// Bytes that are left.
        free: u64,
    },
    /// Someone else fetches the same file.
    #[error("{path} is being fetched by another program; wait for it to end")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The user asked to stop.
    #[error("stopped; {} of {path} are kept, and the same command goes on from there", in_words(*.bytes))]
    Stopped {
        /// The file.
        path: PathBuf,
        /// Bytes that are here.
        bytes: u64,
    },
    /// A file or folder here cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A name that means nothing.
    #[error("\"{name}\" {fault}")]
    Name {
        /// What was written.
        name: String,
        /// What was expected.
        fault: NameFault,
    },
    /// The network is not to be used.
    #[error(
        "{what} is not on this machine, and HF_HUB_OFFLINE forbids to fetch it; unset it, or put the file into {cache}"
    )]
    Offline {
        /// What was asked for.
        what: String,
        /// Where it was looked for.
        cache: PathBuf,
    },
}

fn its_words(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" (it says: {said})") }
}

fn help(variable: Option<&str>, page: &Option<String>, sent: bool) -> String {
    let token = match variable {
        Some(variable) if sent => format!("; check the token in {variable}"),
        Some(variable) => format!("; make a token there and set {variable}"),
        None => String::new(),
    };
    let page = page.as_ref().map(|page| format!("; if it has a licence to accept, do so on {page}"));
    token + &page.unwrap_or_default()
}

impl HubError {
    /// An error of this machine's files.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
