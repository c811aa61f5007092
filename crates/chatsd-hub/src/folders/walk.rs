//! A walk through a shelf that no loop, no depth and no number of files can hold up.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use chatsd_types::FileKind;
use serde_json::Value;

use super::{ModelFolder, Program};

/// Endings of model files, the best to read first.
const ENDINGS: &[&str] = &["safetensors", "sft", "gguf", "ckpt", "pt", "pth", "bin"];
/// ModelFolders below a shelf that are looked into.
const DEPTH: usize = 8;
/// Entries of a shelf that are looked at.
const ENTRIES: usize = 50_000;

/// A model file or folder on a shelf.
pub(super) struct Item {
    /// Its path below the shelf without the ending, with `/` between.
    pub name: String,
    /// The same with the ending.
    pub file: String,
    /// What it says it is: only folders do.
    pub kind: Option<FileKind>,
    pub path: PathBuf,
}

/// The files of a shelf by name; of two that differ in the ending only, the better to read first.
pub(super) fn files(shelf: &ModelFolder) -> Vec<Item> {
    let mut items = match shelf.program {
        Program::HuggingFace => repositories(&shelf.path),
        _ => below(&shelf.path),
    };
    let ending = |item: &Item| {
        let extension = item.path.extension().map(|text| text.to_string_lossy().to_lowercase());
        ENDINGS.iter().position(|ending| extension.as_deref() == Some(ending))
    };
    items.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| ending(a).cmp(&ending(b))));
    items
}

fn below(root: &Path) -> Vec<Item> {
    let mut items = Vec::new();
    let mut seen = BTreeSet::new();
    let mut left = ENTRIES;
    visit(root, root, DEPTH, &mut left, &mut seen, &mut items);
    items
}

fn visit(
    root: &Path,
    folder: &Path,
    depth: usize,
    left: &mut usize,
    seen: &mut BTreeSet<PathBuf>,
    items: &mut Vec<Item>,
) {
    // A folder that was seen already, by whatever name, is a loop or a twin.
    if depth == 0 || !folder.canonicalize().is_ok_and(|real| seen.insert(real)) {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).take(*left).collect();
    *left -= paths.len();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            match kind_of_folder(&path) {
                Some(kind) => items.push(item(root, path, Some(kind))),
                None => visit(root, &path, depth - 1, left, seen, items),
            }
        } else if is_model_file(&path) && path.is_file() {
            items.push(item(root, path, None));
        }
    }
}

fn item(root: &Path, path: PathBuf, kind: Option<FileKind>) -> Item {
    let file = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    let name = if kind.is_some() { file.clone() } else { stem(&file).to_owned() };
    Item { name, file, kind, path }
}

/// A file's name without the ending that model files have; a dot elsewhere stays.
#[must_use]
pub fn stem(file: &str) -> &str {
    match file.rsplit_once('.') {
        Some((stem, ending)) if ENDINGS.contains(&ending.to_lowercase().as_str()) => stem,
        _ => file,
    }
}

/// Whether a file's name ends as those of model files do.
#[must_use]
pub fn is_model_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ENDINGS.contains(&ending.to_string_lossy().to_lowercase().as_str()))
}

/// The kinds that a folder can say it is. A single file says none, and counts as a model.
pub(super) const SAID: [FileKind; 4] = [FileKind::Model, FileKind::Adapter, FileKind::Control, FileKind::Autoencoder];

/// What a folder says it is, one of [`SAID`], as the diffusers and PEFT libraries save one: `model_index.json` is a whole model,
/// `config.json` names the class, `adapter_config.json` is an adapter.
pub(super) fn kind_of_folder(path: &Path) -> Option<FileKind> {
    if path.join("model_index.json").is_file() {
        return Some(FileKind::Model);
    }
    if path.join("adapter_config.json").is_file() {
        return Some(FileKind::Adapter);
    }
    let text = fs::read_to_string(path.join("config.json")).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    match config["_class_name"].as_str()? {
        "ControlNetModel" => Some(FileKind::Control),
        "AutoencoderKL" | "AutoencoderTiny" => Some(FileKind::Autoencoder),
        _ => None,
    }
}

/// The repositories of a Hugging Face cache: `models--owner--name/{blobs,refs,snapshots}`. A repository that says what
/// it is, is one item; else each of its model files is one.
fn repositories(cache: &Path) -> Vec<Item> {
    let mut items = Vec::new();
    for entry in fs::read_dir(cache).into_iter().flatten().flatten().take(ENTRIES) {
        let folder = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = folder.strip_prefix("models--").map(|name| name.replace("--", "/")) else { continue };
        let Some(snapshot) = snapshot(&entry.path()) else { continue };
        match kind_of_folder(&snapshot) {
            Some(kind) => items.push(Item { file: name.clone(), name, kind: Some(kind), path: snapshot }),
            None => items.extend(below(&snapshot).into_iter().map(|item| Item {
                name: format!("{name}/{}", item.name),
                file: format!("{name}/{}", item.file),
                ..item
            })),
        }
    }
    items
}

/// The newest state of a repository: the one that `refs/main` names, else the one changed last.
fn snapshot(repository: &Path) -> Option<PathBuf> {
    let snapshots = repository.join("snapshots");
    let main = fs::read_to_string(repository.join("refs").join("main")).unwrap_or_default();
    let named = snapshots.join(main.trim());
    if !main.trim().is_empty() && named.is_dir() {
        return Some(named);
    }
    let entries = fs::read_dir(snapshots).ok()?.flatten();
    let changed = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).max_by_key(changed)
}

/// The size of a file, or of everything in a folder.
pub(super) fn bytes(path: &Path) -> u64 {
    fn sum(path: &Path, depth: usize, left: &mut usize) -> u64 {
        if !path.is_dir() {
            return path.metadata().map_or(0, |data| data.len());
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut all = 0_u64;
        for entry in entries {
            if depth == 0 || *left == 0 {
                break;
            }
            *left -= 1;
            all = all.saturating_add(sum(&entry.path(), depth - 1, left));
        }
        all
    }
    sum(path, DEPTH, &mut ENTRIES.clone())
}
