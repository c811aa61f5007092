//! Two programs never fetch one file at once.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use super::part::with_suffix;
use crate::HubError;

/// Held while a file is fetched: `NAME.lock`, which the system frees even of a program that was killed.
pub(super) struct Lock {
    _file: File,
    path: PathBuf,
}

impl Lock {
    pub(super) fn take(to: &Path) -> Result<Self, HubError> {
        let path = with_suffix(to, ".lock");
        let file = File::create(&path).map_err(HubError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file, path }),
            Err(TryLockError::WouldBlock) => Err(HubError::Busy { path: to.into() }),
            // File systems without locks: then nothing can be told.
            Err(TryLockError::Error(_)) => Ok(Self { _file: file, path }),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
