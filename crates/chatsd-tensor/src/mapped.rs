//! A file seen as bytes.

use std::{
    fs::File,
    io,
    ops::{Deref, Range},
};

/// The bytes of a file, read from disk page by page when they are looked at. What becomes of them when
/// another program changes the file: see [`map_file`].
#[derive(Debug)]
pub struct MappedFile(memmap2::Mmap);

impl MappedFile {
    /// Lets the memory of some bytes go. Nothing is lost: looked at again, they come from the file again, most often out
    /// of the system's cache. Does nothing where the system knows no such request.
    pub fn release(&self, bytes: Range<usize>) {
        #[cfg(unix)]
        if bytes.start < bytes.end && bytes.end <= self.0.len() {
            // SAFETY: the map is read-only and backed by a file, so that a page let go reads the same afterwards.
            let released =
                unsafe { self.0.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, bytes.start, bytes.len()) };
            // A system that refuses keeps the pages: that is no failure.
            drop(released);
        }
        #[cfg(not(unix))]
        let _ = bytes;
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Maps a whole file read-only.
///
/// The file is not copied and not locked. Where another program
/// * writes into it, the bytes read here change;
/// * cuts it short, whoever reads a byte of a page beyond the new end is ended by the system (`SIGBUS` on Unix, an
///   in-page error on Windows), which no error can report;
/// * writes a new file and renames it to this name, as programs that replace model files do, or removes it, the old
///   bytes stay.
///
/// # Errors
/// When the system cannot map it: not a regular file, or no address space left.
pub fn map_file(file: &File) -> io::Result<MappedFile> {
    // SAFETY: the map is read-only and handed out as plain bytes, for which every value is valid. No borrow can keep
    // another process from writing to the file underneath, as the doc comment says: readers check each length and
    // offset against the map where they use it, so such a writer gets wrong weights, not a read outside the map.
    unsafe { memmap2::Mmap::map(file) }.map(MappedFile)
}
