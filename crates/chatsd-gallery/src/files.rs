//! Files that are whole or not there: written under another name, then renamed.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::{GalleryError, error::io_error};

/// End of the name of a file that is being written.
const UNFINISHED: &str = ".part";
/// After this long a file that is being written counts as left over, whoever holds it.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);
/// How often a writer begins anew when its unfinished file was swept away.
const ATTEMPTS: u32 = 5;

/// SHA-256 in hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a whole file or none. After it returns, the file outlives a power cut.
///
/// # Errors
/// When the folder cannot be written or the disk is full.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), GalleryError> {
    let failed = |error| io_error("write", path, error);
    // The parent of a bare name is empty.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut attempt = 1;
    loop {
        match write_and_rename(folder, path, bytes) {
            // In the blink between making and locking it, another program took it for left over.
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() && attempt < ATTEMPTS => {
                attempt += 1
            }
            Err(error) => return Err(failed(error)),
            Ok(()) => break,
        }
    }
    sync_folder(folder).map_err(failed)
}

fn write_and_rename(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{name}.{}-{count}{UNFINISHED}", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
        // The lock says that its writer lives. Where a file system has none, the age decides.
        let _ = file.lock();
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&unfinished);
    })
}

/// Makes names in a folder outlive a power cut, where the system knows how.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes files in `folder` whose writer is gone. Gives how many.
pub(crate) fn sweep(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let unfinished = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with('.') && name.ends_with(UNFINISHED)
    });
    unfinished.filter(|entry| is_abandoned(&entry.path()) && fs::remove_file(entry.path()).is_ok()).count()
}

fn is_abandoned(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let old = || {
        let written = file.metadata().and_then(|metadata| metadata.modified());
        written.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED_AFTER))
    };
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => old(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("no/folder.png");
        assert!(matches!(write_whole(&nowhere, b""), Err(GalleryError::Io { doing: "write", .. })));
    }

    #[test]
    fn only_files_without_a_writer_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let held = folder.path().join(".a.png.1-0.part");
        let file = File::create(&held).unwrap();
        file.lock().unwrap();
        fs::write(folder.path().join(".b.png.1-0.part"), "").unwrap();
        fs::write(folder.path().join("c.part"), "").unwrap();
        assert_eq!(sweep(folder.path()), 1);
        assert!(held.exists() && folder.path().join("c.part").exists());
        file.set_modified(std::time::SystemTime::now() - 2 * ABANDONED_AFTER).unwrap();
        assert_eq!(sweep(folder.path()), 1);
        assert!(!held.exists());
    }

    #[test]
    fn hashes_are_hex() {
        // FIPS 180-2, the message "abc".
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
