//! What a parser found wrong, before the file's name is put to it.

use crate::{Damage, Unsupported};

/// Why a header was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Parts of the file contradict each other.
    Damaged(Damage),
    /// The file may be in order, but is of a kind that is not read.
    Unsupported(Unsupported),
}

impl Fault {
    pub(crate) fn damaged(damage: impl Into<Damage>) -> Self {
        Self::Damaged(damage.into())
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<Unsupported> for Fault {
    fn from(unsupported: Unsupported) -> Self {
        Self::Unsupported(unsupported)
    }
}
