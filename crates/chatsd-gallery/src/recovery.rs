//! What an interrupted program left behind: swept away, or taken up from the pictures themselves.

use std::{collections::HashSet, fs, path::Path};

use chatsd_files::{sha256, sweep};
use chatsd_types::Idea;
use jiff::Timestamp;

use crate::{
    Entry, FileAction, GalleryError, Metadata, Origin, Sheet,
    error::io_error,
    names, read_image, read_metadata,
    records::{EntryFile, Records, rfc3339},
    sources::Sources,
};

/// What was found and done.
#[derive(Debug, Default)]
pub struct Recovery {
    /// Whole pictures without a record; now they have one.
    pub adopted: Vec<Entry>,
    /// Records whose picture is gone. They stay until they are removed.
    pub missing: Vec<Entry>,
    /// Half-written files that were removed.
    pub swept: usize,
    /// Why files that look like pictures of the gallery are none. They are left alone.
    pub foreign: Vec<GalleryError>,
}

/// Goes through the gallery's folder but for the sheets named in `settled`: removes half-written files, makes records
/// for pictures that have none.
pub(crate) fn take_up(records: &Records, settled: &HashSet<String>) -> Result<Recovery, GalleryError> {
    let mut recovery = Recovery { swept: Sources::of(&records.folder).sweep(), ..Recovery::default() };
    let folder = &records.folder;
    let read_error = |error| io_error(FileAction::Read, folder, error);
    let mut sheets = Vec::new();
    for found in fs::read_dir(folder).map_err(read_error)? {
        let name = found.map_err(read_error)?.file_name().to_string_lossy().into_owned();
        if names::is_sheet_folder(&name) && !settled.contains(&name) {
            sheets.push(name);
        }
    }
    sheets.sort();
    for sheet in sheets {
        take_up_sheet(records, &sheet, &mut recovery)?;
    }
    Ok(recovery)
}

fn take_up_sheet(records: &Records, id: &str, recovery: &mut Recovery) -> Result<(), GalleryError> {
    let folder = records.folder.join(id);
    recovery.swept += sweep(&folder);
    // A folder that vanished meanwhile has nothing to take up.
    let Ok(found) = fs::read_dir(&folder) else { return Ok(()) };
    let known = records.files_of(id)?;
    let mut new: Vec<_> = found
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .filter_map(|name| Some((names::picture_number(&name)?, name)))
        .filter(|(_, name)| !known.contains(&format!("{id}/{name}")))
        .collect();
    new.sort();
    for (number, name) in new {
        let path = folder.join(&name);
        match read_whole(&path) {
            Ok((origin, bytes)) => {
                let created = modified(&path);
                let words = origin.request.prompt.own.clone();
                let idea = Idea { sentence: words.clone(), subject: words.clone(), ..Idea::default() };
                let sheet =
                    Sheet { id: id.to_owned(), sentence: words, idea, created: created.clone(), finished: false };
                let finished = folder.join(names::SHEET_FILE).exists();
                records.insert_sheet(&Sheet { finished, ..sheet })?;
                let kept = EntryFile { number, name, sha256: sha256(&bytes), bytes: bytes.len() as u64, created };
                recovery.adopted.extend(records.insert_entry(id, &kept, &origin, None)?);
            }
            Err(error) => recovery.foreign.push(error),
        }
    }
    Ok(())
}

/// A picture that is whole and was made here.
fn read_whole(path: &Path) -> Result<(Origin, Vec<u8>), GalleryError> {
    // Decoded first: a file that is no picture is not read as a whole, however large.
    read_image(path)?;
    match read_metadata(path)? {
        Metadata::Own(origin) => {
            Ok((*origin, fs::read(path).map_err(|error| io_error(FileAction::Read, path, error))?))
        }
        Metadata::Foreign(_) => Err(GalleryError::ForeignMetadata { path: path.to_owned() }),
    }
}

/// When a file was written, UTC, RFC 3339.
fn modified(path: &Path) -> String {
    let time = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    time.and_then(|time| Timestamp::try_from(time).ok()).map_or_else(|| rfc3339(Timestamp::now()), rfc3339)
}
