//! What every room with files needs: files written whole or not at all, their SHA-256, and the names nearest to a mistyped one.

mod nearest;
mod sha256;
mod whole;

pub use nearest::{likeness, nearest};
pub use sha256::{Sha256, sha256};
pub use whole::{WholeFile, sweep, write_whole};
