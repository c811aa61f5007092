//! Files that a request names beside its model: looked up by whoever knows the folders.

use std::{fmt, path::PathBuf, sync::Arc};

use chatsd_types::FileKind;
use chatsd_weights::{Missing, ModelFiles, WeightsError};

/// Finds and opens files by kind and name. This room knows no folders.
#[derive(Clone)]
pub struct Finder {
    find: Arc<Find>,
    list: Arc<List>,
}

type Find = dyn Fn(FileKind, &str) -> Result<ModelFiles, WeightsError> + Send + Sync;
type List = dyn Fn(FileKind) -> Vec<String> + Send + Sync;

impl Finder {
    /// Looks up with `find`.
    pub fn new(find: impl Fn(FileKind, &str) -> Result<ModelFiles, WeightsError> + Send + Sync + 'static) -> Self {
        Self { find: Arc::new(find), list: Arc::new(|_| Vec::new()) }
    }

    /// The same, which also tells the names of all files of a kind with `list`: so textual inversions are known in a prompt.
    #[must_use]
    pub fn listing(self, list: impl Fn(FileKind) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self { list: Arc::new(list), ..self }
    }

    /// The names of all files of a kind.
    #[must_use]
    pub fn names(&self, kind: FileKind) -> Vec<String> {
        (self.list)(kind)
    }

    /// The file of that kind and name.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn find(&self, kind: FileKind, name: &str) -> Result<ModelFiles, WeightsError> {
        (self.find)(kind, name)
    }
}

impl Default for Finder {
    /// Knows no file.
    fn default() -> Self {
        Self::new(|kind, name| {
            let what = Missing::Named { kind: kind.to_string(), name: name.to_owned() };
            Err(WeightsError::Incomplete { path: PathBuf::from("this model"), what })
        })
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finder")
    }
}
