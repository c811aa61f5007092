//! The cache that Hugging Face's libraries keep, shared with every program that uses them:
//! `models--owner--name/{blobs,refs,snapshots}` (huggingface_hub, "Understand caching").
//!
//! A blob is named by the file's SHA-256 or, for small files, its number in git. A snapshot is a folder named by the
//! commit, with links to the blobs; `refs/main` holds the commit that the branch had.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{HubError, Remote, Repository, services::MAIN};

/// The folder of a repository.
pub(crate) fn folder(cache: &Path, id: &str) -> PathBuf {
    cache.join(format!("models--{}", id.replace('/', "--")))
}

/// The commit that a revision had when it was fetched last, and its snapshot.
pub(crate) fn snapshot(cache: &Path, repository: &Repository) -> Option<(String, PathBuf)> {
    let folder = folder(cache, &repository.id);
    let revision = repository.revision.as_deref().unwrap_or(MAIN);
    let named = fs::read_to_string(folder.join("refs").join(revision)).ok().map(|text| text.trim().to_owned());
    let commit = named.unwrap_or_else(|| revision.to_owned());
    let snapshot = folder.join("snapshots").join(&commit);
    (!commit.is_empty() && !commit.contains(['/', '\\', '.']) && snapshot.is_dir()).then_some((commit, snapshot))
}

/// The files of a snapshot, those whose blobs are here.
pub(crate) fn files(snapshot: &Path) -> Vec<Remote> {
    fn visit(folder: &Path, before: &str, depth: u32, files: &mut Vec<Remote>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = format!("{before}{}", entry.file_name().to_string_lossy());
            let real = entry.path();
            if real.is_dir() {
                if depth > 0 {
                    visit(&real, &format!("{path}/"), depth - 1, files);
                }
            } else if let Ok(data) = real.metadata() {
                files.push(Remote { path, bytes: Some(data.len()), ..Remote::default() });
            }
        }
    }
    let mut files = Vec::new();
    visit(snapshot, "", 8, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Where a file's content is kept.
pub(crate) fn blob(cache: &Path, id: &str, name: &str) -> PathBuf {
    folder(cache, id).join("blobs").join(name)
}

/// Links a blob into a snapshot. Where the system has no links, the content itself goes there, as the libraries do.
pub(crate) fn link(cache: &Path, id: &str, commit: &str, path: &str, blob: &Path) -> Result<PathBuf, HubError> {
    let place = folder(cache, id).join("snapshots").join(commit).join(path);
    if place.is_file() {
        return Ok(place);
    }
    let parent = place.parent().unwrap_or(cache);
    fs::create_dir_all(parent).map_err(HubError::io(parent))?;
    let up = "../".repeat(path.split('/').count() + 1);
    let name = blob.file_name().unwrap_or_default().to_string_lossy();
    // A link that leads nowhere may be left of a blob that was taken away.
    let _ = fs::remove_file(&place);
    if symlink(&format!("{up}blobs/{name}"), &place).is_err() {
        fs::rename(blob, &place).map_err(HubError::io(&place))?;
    }
    Ok(place)
}

/// Remembers which commit a revision had.
pub(crate) fn remember(cache: &Path, repository: &Repository, commit: &str) -> Result<(), HubError> {
    let revision = repository.revision.as_deref().unwrap_or(MAIN);
    if revision == commit {
        return Ok(());
    }
    let path = folder(cache, &repository.id).join("refs").join(revision);
    let parent = path.parent().unwrap_or(cache);
    fs::create_dir_all(parent).map_err(HubError::io(parent))?;
    fs::write(&path, commit).map_err(HubError::io(&path))
}

#[cfg(unix)]
fn symlink(to: &str, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(windows)]
fn symlink(to: &str, at: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(to.replace('/', "\\"), at)
}
