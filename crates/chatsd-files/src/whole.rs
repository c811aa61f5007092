//! Files that are whole or not there: written under another name beside it, then renamed.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// End of the name of a file that is being written.
const UNFINISHED: &str = ".part";
/// After this long a file that is being written counts as left over, whoever holds it.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);
/// How often a writer begins anew when its unfinished file was swept away.
const ATTEMPTS: u32 = 5;

/// A file that is being written: what was at its path before stays there until [`WholeFile::finish`], and for good
/// when that never comes.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    unfinished: PathBuf,
    file: BufWriter<File>,
}

impl WholeFile {
    /// Begins a file that will be at `path`, under another name in the same folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder_of(path).join(format!(".{name}.{}-{count}{UNFINISHED}", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
        // The lock says that its writer lives. Where a file system has none, the age decides.
        let _ = file.lock();
        Ok(Self { path: path.to_owned(), unfinished, file: BufWriter::new(file) })
    }

    /// Gives the file its name. After this returns, it outlives a power cut.
    ///
    /// # Errors
    /// When the disk is full, or something that is no file has the name.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.unfinished, &self.path)?;
        sync_folder(folder_of(&self.path))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.unfinished); // once finished, there is none
    }
}

/// Writes a whole file or none. After it returns, the file outlives a power cut.
///
/// # Errors
/// When the folder cannot be written or the disk is full.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let write = || {
        let mut file = WholeFile::create(path)?;
        file.write_all(bytes)?;
        file.finish()
    };
    for _ in 1..ATTEMPTS {
        match write() {
            // In the blink between making and locking it, another program took it for left over.
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder_of(path).is_dir() => {}
            done => return done,
        }
    }
    write()
}

/// Removes files in `folder` that were begun and whose writer is gone. Returns how many.
pub fn sweep(folder: &Path) -> usize {
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

/// The folder a file lies in; that of a bare name is the current one.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes names in a folder outlive a power cut, where the system knows how.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
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
        let error = write_whole(&folder.path().join("no/folder.png"), b"").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_that_is_given_up_was_never_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write_whole(&path, b"one").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
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
}
