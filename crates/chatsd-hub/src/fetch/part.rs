//! A file that is not whole yet: the bytes in `NAME.part`, and in `NAME.part.blocks` which of them are there.
//!
//! The record is one line of JSON that says which file it is, then a line for each piece that was written: the number
//! of its block, and how many of the block's first bytes are there. Lines are only ever added, after the bytes: whatever
//! is killed at whatever moment, what the record says is there.

use std::{
    fs::{self, File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::HubError;

/// Bytes that are asked for at once.
pub const BLOCK: u64 = 8 << 20;
/// Bytes after which a line is added to the record.
pub(super) const PIECE: u64 = 256 << 10;

/// Which file it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileIdentity {
    /// Its length in bytes.
    pub size: u64,
    /// What the server knows this state of it by: its ETag, else its date.
    pub validator: Option<String>,
    /// Its SHA-256, where that is known before.
    pub sha256: Option<String>,
}

/// A file that is not whole yet.
#[derive(Debug)]
pub(super) struct PartialFile {
    pub path: PathBuf,
    record_path: PathBuf,
    pub identity: FileIdentity,
    /// For each block, how many of its first bytes are here.
    pub done: Vec<u64>,
    record: File,
}

/// `NAME.part` beside `NAME`.
pub(super) fn with_suffix(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

impl PartialFile {
    /// What an earlier run left of the file; nothing when there is nothing, or it cannot be used.
    pub(super) fn resume(to: &Path, sha256: Option<&str>) -> Result<Option<Self>, HubError> {
        let (path, record_path) = (with_suffix(to, ".part"), with_suffix(to, ".part.blocks"));
        let Ok(text) = fs::read_to_string(&record_path) else { return Ok(None) };
        let Some((identity, done)) = read(&text) else { return Ok(None) };
        let other_file = sha256.is_some() && identity.sha256.as_deref() != sha256;
        if other_file || fs::metadata(&path).map_or(0, |data| data.len()) != identity.size {
            return Ok(None);
        }
        Self::write(path, record_path, identity, done).map(Some)
    }

    /// Begins a file; what was there of it is gone.
    pub(super) fn begin(to: &Path, identity: FileIdentity) -> Result<Self, HubError> {
        let (path, record_path) = (with_suffix(to, ".part"), with_suffix(to, ".part.blocks"));
        remove(&record_path)?;
        let file = File::create(&path).map_err(HubError::io(&path))?;
        file.set_len(identity.size).map_err(HubError::io(&path))?;
        let done = vec![0; usize::try_from(identity.size.div_ceil(BLOCK)).unwrap_or(usize::MAX)];
        Self::write(path, record_path, identity, done)
    }

    /// Writes the record anew, in short.
    fn write(path: PathBuf, record_path: PathBuf, identity: FileIdentity, done: Vec<u64>) -> Result<Self, HubError> {
        let mut text = serde_json::to_string(&identity).unwrap_or_default();
        text.push('\n');
        for (block, done) in done.iter().enumerate().filter(|(_, done)| **done > 0) {
            text.push_str(&format!("{block} {done}\n"));
        }
        let fresh = with_suffix(&record_path, ".new");
        fs::write(&fresh, text).map_err(HubError::io(&fresh))?;
        fs::rename(&fresh, &record_path).map_err(HubError::io(&record_path))?;
        let record = OpenOptions::new().append(true).open(&record_path).map_err(HubError::io(&record_path))?;
        Ok(Self { path, record_path, identity, done, record })
    }

    /// Bytes that are here.
    pub(super) fn bytes(&self) -> u64 {
        self.done.iter().sum()
    }

    /// Bytes of a block.
    pub(super) fn len(&self, block: usize) -> u64 {
        let start = block as u64 * BLOCK;
        (self.identity.size - start).min(BLOCK)
    }

    /// Records that the first `done` bytes of a block have been written.
    pub(super) fn note(&mut self, block: usize, done: u64) -> Result<(), HubError> {
        self.done[block] = done;
        // One write, so that a line is there or not.
        self.record.write_all(format!("{block} {done}\n").as_bytes()).map_err(HubError::io(&self.record_path))
    }

    /// A handle of its own to write with, at a place.
    pub(super) fn writer(path: &Path, at: u64) -> Result<File, HubError> {
        let mut file = OpenOptions::new().write(true).open(path).map_err(HubError::io(path))?;
        file.seek(SeekFrom::Start(at)).map_err(HubError::io(path))?;
        Ok(file)
    }
}

/// Takes away a file that may be there.
pub(super) fn remove(path: &Path) -> Result<(), HubError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(HubError::io(path)(error)),
        _ => Ok(()),
    }
}

/// Reads a record. A line that was cut, and everything after a line that makes no sense, is not believed.
fn read(text: &str) -> Option<(FileIdentity, Vec<u64>)> {
    let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let identity: FileIdentity = serde_json::from_str(lines.next()?).ok()?;
    let blocks = identity.size.div_ceil(BLOCK);
    // A lying size must not fill the memory.
    let mut done = vec![0; usize::try_from(blocks).ok().filter(|blocks| *blocks <= 1 << 24)?];
    for line in lines {
        let Some((block, bytes)) = line.split_once(' ') else { break };
        let (Ok(block), Ok(bytes)) = (block.parse::<usize>(), bytes.parse::<u64>()) else { break };
        let fits = block < done.len() && bytes <= (identity.size - block as u64 * BLOCK).min(BLOCK);
        if !fits {
            break;
        }
        done[block] = bytes;
    }
    Some((identity, done))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identity(size: u64) -> FileIdentity {
        FileIdentity { size, validator: Some("\"a\"".into()), sha256: Some("b".into()) }
    }

    #[test]
    fn what_was_noted_is_there_again_and_a_cut_line_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("x.bin");
        let mut part = PartialFile::begin(&to, identity(2 * BLOCK + 5)).unwrap();
        part.note(2, 5).unwrap();
        part.note(0, PIECE).unwrap();
        part.note(0, 2 * PIECE).unwrap();
        let again = PartialFile::resume(&to, Some("b")).unwrap().unwrap();
        assert_eq!(again.done, [2 * PIECE, 0, 5]);
        assert!(PartialFile::resume(&to, Some("c")).unwrap().is_none(), "another file");

        let record = with_suffix(&to, ".part.blocks");
        let mut file = OpenOptions::new().append(true).open(&record).unwrap();
        file.write_all(b"1 83").unwrap();
        assert_eq!(PartialFile::resume(&to, None).unwrap().unwrap().done, [2 * PIECE, 0, 5]);
        fs::write(with_suffix(&to, ".part"), "short").unwrap();
        assert!(PartialFile::resume(&to, Some("b")).unwrap().is_none(), "bytes that are gone");
    }

    proptest! {
        #[test]
        fn no_record_makes_it_panic(
            size in 0..3 * BLOCK, lines in "([0-9]{1,3} [0-9]{1,8}\n|.{0,9}){0,6}", any in "(?s).{0,40}",
        ) {
            let _ = read(&any);
            let text = format!("{}\n{lines}", serde_json::to_string(&identity(size)).unwrap());
            let (identity, done) = read(&text).unwrap();
            prop_assert!(done.iter().sum::<u64>() <= identity.size);
        }
    }
}
