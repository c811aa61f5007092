//! Files that a request names beside its model: looked up by whoever knows the folders.

use std::{error::Error, fmt, path::PathBuf, sync::Arc};

use chatsd_types::FileKind;
use chatsd_weights::{Missing, ModelFiles, WeightsError};

use crate::DiffusionError;

/// Finds and opens files by kind and name. This room knows no folders.
#[derive(Clone)]
pub struct Finder {
    find: Arc<Find>,
    list: Arc<List>,
}

type Find = dyn Fn(FileKind, &str) -> Result<ModelFiles, FindError> + Send + Sync;
/// Why a file is not found, as whoever knows the folders says it.
type FindError = Box<dyn Error + Send + Sync>;
type List = dyn Fn(FileKind) -> Vec<String> + Send + Sync;

impl Finder {
    /// Looks up with `find`, whose errors keep their type.
    pub fn new<E: Into<FindError>>(
        find: impl Fn(FileKind, &str) -> Result<ModelFiles, E> + Send + Sync + 'static,
    ) -> Self {
        Self { find: Arc::new(move |kind, name| find(kind, name).map_err(Into::into)), list: Arc::new(|_| Vec::new()) }
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
    pub fn find(&self, kind: FileKind, name: &str) -> Result<ModelFiles, DiffusionError> {
        (self.find)(kind, name).map_err(|error| match error.downcast::<WeightsError>() {
            Ok(error) => DiffusionError::Weights(*error),
            Err(error) => match error.downcast::<DiffusionError>() {
                Ok(error) => *error,
                Err(error) => DiffusionError::Lookup(error),
            },
        })
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
