//! What is remembered of a model that was pulled: `NAME.chatsd.json` beside its file or folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chatsd_types::FileKind;
use serde::{Deserialize, Serialize};

use crate::{HubError, names, own_place};

/// How the names of records end.
const ENDING: &str = ".chatsd.json";

/// What is remembered of a model that was pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRecord {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub kind: FileKind,
    /// Where it came from, with the exact revision or version.
    pub source: String,
    /// Its file or folder: beside this record, or an absolute path into the cache of Hugging Face.
    pub path: PathBuf,
    /// Its files, with paths below the folder.
    pub files: Vec<RecordedFile>,
    /// Its licence, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The page for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Its entry in the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// Whether all of it is here.
    pub whole: bool,
    /// The folder that this record lies in.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// One file of a model that was pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFile {
    /// Below the model's folder; empty for a model of one file.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl PullRecord {
    /// Everything that was pulled into a folder of models, by name.
    #[must_use]
    pub fn all(own: &Path) -> Vec<Self> {
        let mut records = Vec::new();
        let places = FileKind::ALL.iter().map(|kind| own_place(*kind));
        for folder in places.map(|place| own.join(place)) {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(ENDING)) {
                let text = fs::read_to_string(&path).unwrap_or_default();
                if let Ok(record) = serde_json::from_str::<Self>(&text) {
                    records.push(Self { folder: folder.clone(), ..record });
                }
            }
        }
        records.sort_by(|a, b| a.name.cmp(&b.name));
        records
    }

    /// What was pulled under a name; capitals do not matter.
    #[must_use]
    pub fn find(own: &Path, kind: Option<FileKind>, name: &str) -> Option<Self> {
        Self::all(own).into_iter().find(|record| record.is_called(kind, name))
    }

    /// Whether it is of that kind and name, or has that name in the catalog; capitals do not matter.
    #[must_use]
    pub fn is_called(&self, kind: Option<FileKind>, name: &str) -> bool {
        let wanted = name.to_lowercase();
        let mut names = [Some(&self.name), self.catalog.as_ref()].into_iter().flatten();
        kind.is_none_or(|kind| self.kind == kind) && names.any(|name| name.to_lowercase() == wanted)
    }

    /// The record of a file or folder, where there is one.
    #[must_use]
    pub fn of_path(own: &Path, path: &Path) -> Option<Self> {
        let real = path.canonicalize().ok()?;
        Self::all(own).into_iter().find(|record| record.whole_path().canonicalize().is_ok_and(|path| path == real))
    }

    /// Where its file or folder is.
    #[must_use]
    pub fn whole_path(&self) -> PathBuf {
        self.folder.join(&self.path)
    }

    /// Whether its files are our own, and not those of the cache of Hugging Face.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.path.to_str().and_then(names::safe_path).is_some()
    }

    /// Bytes of all its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Whether every file is here with its length.
    #[must_use]
    pub fn is_here(&self) -> bool {
        let path = self.whole_path();
        let of = |file: &RecordedFile| if file.path.is_empty() { path.clone() } else { path.join(&file.path) };
        let here = |file: &RecordedFile| of(file).metadata().is_ok_and(|data| data.len() == file.bytes);
        self.whole && !self.files.is_empty() && self.files.iter().all(here)
    }

    fn record_path(&self) -> PathBuf {
        self.folder.join(format!("{}{ENDING}", names::safe_name(&self.name)))
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn write(&self) -> Result<(), HubError> {
        fs::create_dir_all(&self.folder).map_err(HubError::io(&self.folder))?;
        let path = self.record_path();
        let fresh = path.with_extension("json.new");
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        fs::write(&fresh, text + "\n").map_err(HubError::io(&fresh))?;
        fs::rename(&fresh, &path).map_err(HubError::io(&path))
    }

    /// Removes its files, as far as they are our own, then the record.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn remove(&self) -> Result<(), HubError> {
        if self.is_own() {
            remove(&self.whole_path())?;
        }
        remove(&self.record_path())
    }
}

/// Removes a file or folder of ours with what was left of its fetching; that it is gone already is no error.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(path: &Path) -> Result<(), HubError> {
    let gone = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(HubError::io(path)(error)),
        _ => Ok(()),
    };
    if path.is_dir() && !path.is_symlink() {
        return gone(fs::remove_dir_all(path));
    }
    for ending in ["", ".part", ".part.blocks", ".lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        gone(fs::remove_file(name))?;
    }
    Ok(())
}
