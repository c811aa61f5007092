//! Which file a name means, and what there is instead when it means none.

use std::path::{Path, PathBuf};

use chatsd_files::nearest;
use chatsd_types::FileKind;

use crate::{Catalog, ModelFolders, PullRecord, in_words};

/// Names offered when one is not known.
const OFFERED: usize = 3;

/// A name that no file has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// Nothing here is called so.
    #[error("there is no {} called {name}{}", kind.label(), nearest_text(.nearest))]
    NoFile {
        /// What was looked for.
        kind: FileKind,
        /// What was written.
        name: String,
        /// The nearest names there are, best first.
        nearest: Vec<String>,
    },
    /// It can be fetched.
    #[error("the {} {name} is not here, but in the catalog: chatsd models pull {name} ({})", kind.label(), in_words(*.bytes))]
    InCatalog {
        /// What was looked for.
        kind: FileKind,
        /// Its name in the catalog.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// One word alone that the catalog does not have.
    #[error("{name} is not in the catalog; the nearest are {}; from Hugging Face it is owner/name", nearest.join(", "))]
    NotInCatalog {
        /// What was written.
        name: String,
        /// The nearest names of the catalog, best first.
        nearest: Vec<String>,
    },
}

fn nearest_text(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return "; chatsd models list says what is here".to_owned();
    }
    format!("; the nearest are {}", nearest.join(", "))
}

/// The file of a kind that a name or a path means: a path that exists before a name, what was pulled into our `own` folder
/// before what lies in others.
///
/// # Errors
/// [`LookupError`] when there is none.
pub fn find(own: Option<&Path>, folders: &ModelFolders, kind: FileKind, name: &str) -> Result<PathBuf, LookupError> {
    if Path::new(name).exists() {
        return Ok(name.into());
    }
    let pulled = own.and_then(|own| PullRecord::find(own, Some(kind), name)).filter(PullRecord::is_here);
    if let Some(path) = pulled.map(|record| record.whole_path()).or_else(|| folders.find(kind, name)) {
        return Ok(path);
    }
    let catalog = Catalog::builtin();
    if let Some(entry) = catalog.find(name).filter(|entry| entry.kind == kind) {
        return Err(LookupError::InCatalog { kind, name: entry.id.clone(), bytes: entry.bytes });
    }
    let offered = catalog.entries().iter().filter(|entry| entry.kind == kind).map(|entry| entry.id.clone());
    let names = folders.list(kind).into_iter().map(|found| found.name).chain(offered);
    Err(LookupError::NoFile { kind, name: name.to_owned(), nearest: like(name, names) })
}

/// Fails for a name to pull that can mean nothing: one word alone is one of the catalog.
///
/// # Errors
/// [`LookupError::NotInCatalog`].
pub fn check_source(wanted: &str) -> Result<(), LookupError> {
    let catalog = Catalog::builtin();
    if wanted.contains(['/', ':']) || catalog.find(wanted).is_some() {
        return Ok(());
    }
    let nearest = like(wanted, catalog.entries().iter().map(|entry| entry.id.clone()));
    Err(LookupError::NotInCatalog { name: wanted.to_owned(), nearest })
}

/// The names most like one, best first.
#[must_use]
pub fn like(name: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    nearest(name, OFFERED, names.map(|known| (known.clone(), known)))
}
