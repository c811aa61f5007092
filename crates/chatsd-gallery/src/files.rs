//! Files that are whole or not there, with the gallery's words for what can go wrong.

use std::path::Path;

use crate::{FileAction, GalleryError, error::io_error};

/// Writes a whole file or none. After it returns, the file outlives a power cut.
///
/// # Errors
/// When the folder cannot be written or the disk is full.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), GalleryError> {
    chatsd_files::write_whole(path, bytes).map_err(|error| io_error(FileAction::Write, path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("no/folder.png");
        assert!(matches!(write_whole(&nowhere, b""), Err(GalleryError::Io { doing: FileAction::Write, .. })));
    }
}
