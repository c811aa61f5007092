//! ModelFolders with model files: our own, and those of other programs, which are shared and only read.

mod layout;
mod paths_file;
mod usual;
mod walk;

use std::{collections::BTreeSet, path::PathBuf};

use chatsd_types::FileKind;
use serde::Serialize;

pub use layout::{Program, own_place};
pub use walk::{is_model_file, stem};

/// Where to look. Everything that the surroundings say comes in here, so that nothing is read behind the caller's back.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The program's own folder of models.
    pub own: Option<PathBuf>,
    /// ModelFolders that the user named: roots of other programs, or plain folders with model files.
    pub named: Vec<PathBuf>,
    /// The cache of Hugging Face: the folder with `models--owner--name` folders.
    pub hugging_face: Option<PathBuf>,
    /// The home folder, below which other programs usually lie.
    pub home: Option<PathBuf>,
}

/// A folder that holds files of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelFolder {
    /// What lies there; nothing where it can be anything.
    pub kind: Option<FileKind>,
    /// The folder.
    pub path: PathBuf,
    /// Whose it is.
    pub program: Program,
}

/// A model file, or a folder that is one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundModel {
    /// What it is called: its path below the shelf without the ending; `owner/name` in the cache of Hugging Face.
    pub name: String,
    /// What lies on the shelf it was found on.
    pub kind: FileKind,
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub program: Program,
    /// Its size, or that of everything in it.
    pub bytes: u64,
}

/// All folders that were found.
#[derive(Clone, Debug, Default)]
pub struct ModelFolders {
    shelves: Vec<ModelFolder>,
}

impl ModelFolders {
    /// Looks for folders. What is not there or cannot be read is passed over.
    #[must_use]
    pub fn new(surroundings: &Environment) -> Self {
        let mut shelves = Vec::new();
        if let Some(own) = &surroundings.own {
            shelves.extend(layout::own(own));
        }
        for folder in &surroundings.named {
            let found = layout::shelves_of(folder, surroundings.home.as_deref());
            if found.is_empty() {
                shelves.push(ModelFolder { kind: None, path: folder.clone(), program: Program::Named });
            }
            shelves.extend(found);
        }
        if let Some(home) = &surroundings.home {
            shelves.extend(usual::shelves(home));
        }
        if let Some(cache) = &surroundings.hugging_face {
            shelves.push(ModelFolder { kind: None, path: cache.clone(), program: Program::HuggingFace });
        }
        let mut seen = BTreeSet::new();
        shelves.retain(|shelf| {
            let real = shelf.path.canonicalize();
            real.is_ok_and(|real| real.is_dir() && seen.insert((shelf.kind.map(|kind| kind as u8), real)))
        });
        Self { shelves }
    }

    /// The folders, in the order in which they are looked through: our own first.
    #[must_use]
    pub fn shelves(&self) -> &[ModelFolder] {
        &self.shelves
    }

    /// The file of that kind and name. The name is a file's with or without its ending, alone or with the folders
    /// above it, or `owner/name`; capitals do not matter unless two files differ in nothing else.
    #[must_use]
    pub fn find(&self, kind: FileKind, name: &str) -> Option<PathBuf> {
        let wanted = name.trim().replace('\\', "/");
        let lower = wanted.to_lowercase();
        let mut nearest: Option<(u8, PathBuf)> = None;
        for shelf in self.shelves.iter().filter(|shelf| shelf.kind.is_none_or(|of| of == kind)) {
            for found in walk::files(shelf) {
                if found.kind.is_some_and(|of| of != kind) {
                    continue;
                }
                let Some(rank) = rank(&found, &wanted, &lower) else { continue };
                if nearest.as_ref().is_none_or(|(best, _)| rank < *best) {
                    nearest = Some((rank, found.path));
                }
            }
        }
        nearest.map(|(_, path)| path)
    }

    /// Everything of that kind, our own first, each once however many ways lead to it. Of a folder that can hold
    /// anything, only what says its kind itself counts, and single files count as models.
    #[must_use]
    pub fn list(&self, kind: FileKind) -> Vec<FoundModel> {
        let mut all: Vec<FoundModel> = Vec::new();
        let mut seen = BTreeSet::new();
        for shelf in &self.shelves {
            // A folder that can hold anything is not walked for what nothing in it can say it is.
            if shelf.kind.map_or(!walk::SAID.contains(&kind), |of| of != kind) {
                continue;
            }
            for found in walk::files(shelf) {
                let of = shelf.kind.or(found.kind).unwrap_or(FileKind::Model);
                // A repository of single files in the cache says nothing about itself, and a part of a model says
                // that it is something else.
                let silent = shelf.program == Program::HuggingFace && found.kind.is_none();
                let other = found.kind.is_some_and(|of| of != kind);
                let real = found.path.canonicalize().unwrap_or_else(|_| found.path.clone());
                if of == kind && !silent && !other && seen.insert(real) {
                    let bytes = walk::bytes(&found.path);
                    let ModelFolder { program, .. } = *shelf;
                    all.push(FoundModel { name: found.name, kind, path: found.path, program, bytes });
                }
            }
        }
        all
    }
}

/// How well a file answers to a name: smaller is better. Exact before other capitals, whole path before its last part.
fn rank(found: &walk::Item, wanted: &str, lower: &str) -> Option<u8> {
    let file = found.file.replace('\\', "/");
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let ways = [found.name.clone(), file.clone(), last(&found.name), last(&file)];
    let exact = ways.iter().position(|way| way == wanted).map(|at| at as u8);
    exact.or_else(|| ways.iter().position(|way| way.to_lowercase() == lower).map(|at| 4 + at as u8))
}

#[cfg(test)]
mod tests;
