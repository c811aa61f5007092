//! One file from elsewhere: resumed, over several connections, checked, and there whole or not at all.

mod lock;
mod pace;
mod part;
mod work;

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use chatsd_files::Sha256;
use serde::Serialize;

pub use pace::Pace;
pub use part::BLOCK;

use self::{lock::Lock, pace::Clock, part::beside};
use crate::{Client, HubError, Link};

/// Bytes that are left free on the disk.
const ROOM: u64 = 16 << 20;
/// States of a file that are begun before it counts as one that always changes.
const CHANGES: u32 = 4;

/// A file to fetch.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where it is.
    pub link: Link,
    /// Its length in bytes, where that is known before.
    pub bytes: Option<u64>,
    /// Its SHA-256 in hexadecimal digits, where that is known before.
    pub sha256: Option<String>,
}

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Whether it was here already, and nothing was fetched.
    pub was_here: bool,
}

/// What happens while a file is fetched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Bytes came, or did not for a while.
    Fetching(Pace),
    /// The server is let in peace for a while.
    Waiting {
        /// How long.
        seconds: f64,
        /// Why.
        reason: String,
    },
    /// The bytes that are here are checked.
    Checking(Pace),
}

/// Fetches a file to a path, where it is whole or not at all.
///
/// Bytes are asked for in blocks of 8 MiB over several connections, where the server can. What came is kept beside the
/// path (`NAME.part`, `NAME.part.blocks`) until all is there, so that a run that was stopped, killed or cut off is gone
/// on with. The SHA-256 is checked where it is known; the ETag tells whether it is still the same file. `observer` is
/// told about ten times a second; `stop` ends the work and keeps what came.
///
/// # Errors
/// See [`HubError`].
pub fn fetch(
    client: &Client,
    wanted: &Wanted,
    to: &Path,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(&Event),
) -> Result<Fetched, HubError> {
    let wanted =
        &Wanted { sha256: wanted.sha256.as_ref().map(|digits| digits.trim().to_lowercase()), ..wanted.clone() };
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(HubError::io(folder))?;
    let _lock = Lock::take(to)?;
    if let Some(here) = already(wanted, to, stop, observer)? {
        return Ok(here);
    }
    let part = beside(to, ".part");
    let mut from_scratch = false;
    for _ in 0..CHANGES {
        let resumed = match work::all(client, wanted, to, stop, observer)? {
            work::End::Whole { resumed } => resumed,
            work::End::Changed => continue,
        };
        let bytes = fs::metadata(&part).map_err(HubError::io(&part))?.len();
        let sha256 = sha256_of(&part, stop, observer)?.ok_or(HubError::Stopped { path: to.into(), bytes })?;
        if let Some(expected) = wanted.sha256.as_ref().filter(|expected| **expected != sha256) {
            work::discard(to)?;
            // Power that failed may have kept the record and lost the bytes: once, all is fetched anew.
            if resumed && !from_scratch {
                from_scratch = true;
                continue;
            }
            let (url, expected) = (wanted.link.url.clone(), expected.clone());
            return Err(HubError::Hash { url, found: sha256, expected });
        }
        settle(&part, to)?;
        return Ok(Fetched { bytes, sha256, was_here: false });
    }
    Err(HubError::Changing { url: wanted.link.url.clone() })
}

/// Where the bytes of a file are kept until all are there.
pub(crate) fn part_of(to: &Path) -> PathBuf {
    beside(to, ".part")
}

/// Gives the whole file its name, so that no crash leaves half of it there.
pub(crate) fn settle(part: &Path, to: &Path) -> Result<(), HubError> {
    File::open(part).and_then(|file| file.sync_all()).map_err(HubError::io(part))?;
    fs::rename(part, to).map_err(HubError::io(to))?;
    // Only Unix opens folders, and only there the new name could be lost.
    if let Some(Ok(folder)) = to.parent().map(File::open) {
        let _ = folder.sync_all();
    }
    part::remove(&beside(to, ".part.blocks"))
}

/// Whether there is room for so many bytes more on the disk of a path.
pub(crate) fn room(to: &Path, needed: u64) -> Result<(), HubError> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that is to be made lies on the disk of the one it is made in.
    let folder = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    // A file system that does not tell is believed to have room.
    let Ok(free) = fs4::available_space(folder) else { return Ok(()) };
    if needed.saturating_add(ROOM) > free {
        return Err(HubError::Space { path: to.into(), needed, free });
    }
    Ok(())
}

/// The file, when it is here and is the one that is wanted, as far as can be told.
fn already(
    wanted: &Wanted,
    to: &Path,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(&Event),
) -> Result<Option<Fetched>, HubError> {
    let Ok(data) = fs::metadata(to) else { return Ok(None) };
    let bytes = data.len();
    if data.is_dir() || wanted.bytes.is_some_and(|expected| expected != bytes) {
        return Ok(None);
    }
    let found = sha256_of(to, stop, observer)?.ok_or(HubError::Stopped { path: to.into(), bytes })?;
    let same = wanted.sha256.as_ref().is_none_or(|expected| *expected == found);
    Ok(same.then_some(Fetched { bytes, sha256: found, was_here: true }))
}

/// The SHA-256 of a file in hexadecimal digits; nothing when asked to stop.
///
/// # Errors
/// A file that cannot be read.
pub fn sha256_of(path: &Path, stop: &AtomicBool, observer: &mut dyn FnMut(&Event)) -> Result<Option<String>, HubError> {
    let mut file = File::open(path).map_err(HubError::io(path))?;
    let total = file.metadata().map_err(HubError::io(path))?.len();
    let mut clock = Clock::start(Instant::now(), 0);
    let mut hash = Sha256::default();
    let mut buffer = vec![0; 1 << 20];
    let (mut done, mut told) = (0, Instant::now());
    loop {
        let count = file.read(&mut buffer).map_err(HubError::io(path))?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        done += count as u64;
        if stop.load(Ordering::SeqCst) {
            return Ok(None);
        }
        if told.elapsed() >= work::TELL {
            told = Instant::now();
            observer(&Event::Checking(clock.tell(told, done, Some(total))));
        }
    }
    Ok(Some(hash.hex()))
}
