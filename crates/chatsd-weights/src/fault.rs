//! What a parser found wrong, before the file's name is put to it.

/// Characters of a description that are kept: names in it may be as long as the file.
const LENGTH_LIMIT: usize = 600;

/// Why a header was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Parts of the file contradict each other.
    Damaged(String),
    /// The file may be in order, but is of a kind that is not read.
    Unsupported(String),
}

impl Fault {
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(shortened(what.into()))
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self::Damaged(shortened(what))
    }
}

fn shortened(mut what: String) -> String {
    if let Some((end, _)) = what.char_indices().nth(LENGTH_LIMIT) {
        what.truncate(end);
        what.push('…');
    }
    what
}
