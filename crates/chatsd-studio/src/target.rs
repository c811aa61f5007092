//! The picture that a job is about.

use std::path::{Path, PathBuf};

use chatsd_files::sha256;
use chatsd_gallery::{FileAction, GalleryError};

use crate::{Events, Studio, StudioError};

/// The picture that a job is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file anywhere.
    File(PathBuf),
    /// An entry of the gallery: its id, the first digits of one, or a number on the last sheet.
    Entry(String),
}

impl Target {
    /// What a person means who types a text: a file where there is one, else an entry.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        if Path::new(text).is_file() { Self::File(text.into()) } else { Self::Entry(text.to_owned()) }
    }
}

/// A picture that was found.
pub(crate) struct FoundTarget {
    pub(crate) path: PathBuf,
    /// Where it is an entry.
    id: Option<String>,
}

impl FoundTarget {
    /// What a picture that is made from it names as its parent. A path would tell others about this machine; the file's
    /// hash finds it as well.
    pub(crate) fn parent(&self) -> Result<String, StudioError> {
        match &self.id {
            Some(id) => Ok(id.clone()),
            None => Ok(sha256(&read_bytes(&self.path)?)),
        }
    }
}

/// The bytes of a file.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, GalleryError> {
    std::fs::read(path).map_err(|source| GalleryError::Io { doing: FileAction::Read, path: path.to_owned(), source })
}

impl Studio {
    /// Finds the picture of a job.
    pub(crate) fn find(&self, target: &Target, events: &mut Events<'_>) -> Result<FoundTarget, StudioError> {
        let wanted = match target {
            Target::File(path) => return Ok(FoundTarget { path: path.clone(), id: None }),
            Target::Entry(wanted) => wanted,
        };
        if !self.folder.is_dir() {
            return Err(StudioError::NoTarget { target: wanted.clone(), folder: self.folder.clone() });
        }
        let gallery = self.gallery(events)?;
        let entry = gallery.find(wanted)?;
        Ok(FoundTarget { path: gallery.path(&entry), id: Some(entry.id) })
    }
}
