//! What can go wrong with a gallery or a picture file, with the numbers and the way out.

use std::{io, path::PathBuf};

use chatsd_types::Size;

/// Why the gallery could not do as asked. Each message says what was found, what was expected, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    /// The folder or a file in it may not be written.
    #[error("{} may not be written; choose another output folder or change its permissions", path.display())]
    ReadOnly {
        /// The folder or file.
        path: PathBuf,
    },
    /// The disk, or this user's share of it, is full.
    #[error("no room left on the disk for {}; free some space or choose another output folder; finished pictures are kept", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// The system refused something else.
    #[error("could not {doing} {}: {source}", path.display())]
    Io {
        /// What was being done: "read", "write", …
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `gallery.db` is something else.
    #[error("{} is {found}, expected the records of a gallery; move it away, and the records are made anew from the pictures", path.display())]
    NotAGallery {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// A later program has written the records.
    #[error("{} has records of version {found}, and this program knows versions up to {known}; use the newer program, or another output folder", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// Another program holds the records for too long.
    #[error("{} is held by another program for more than {seconds} seconds; wait for it or end it, then try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// SQLite reports something else.
    #[error("the records in {} cannot be used: {source}; if the file is damaged, move it away, and the records are made anew from the pictures", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A record does not hold what it must.
    #[error("the record of {id} in {} is damaged: {reason}; `gallery remove {id}` removes it", path.display())]
    DamagedRecord {
        /// The database file.
        path: PathBuf,
        /// The entry or sheet.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// No entry or sheet answers to this name.
    #[error("no entry \"{wanted}\" in {}; expected an id, the first digits of one, or a number on the last sheet (1 to {last}); `gallery list` shows them", folder.display())]
    UnknownEntry {
        /// What was asked for.
        wanted: String,
        /// The gallery.
        folder: PathBuf,
        /// Highest number on the last sheet; 0 for an empty gallery.
        last: u32,
    },
    /// Several entries answer to this name.
    #[error("\"{wanted}\" is short for {} entries, among them {}; give more digits", ids.len(), ids.join(", "))]
    AmbiguousEntry {
        /// What was asked for.
        wanted: String,
        /// Some that begin so.
        ids: Vec<String>,
    },
    /// The sheet is not in this gallery (any more).
    #[error("no sheet \"{id}\" in {}; it may have been removed while it was painted", folder.display())]
    UnknownSheet {
        /// The sheet.
        id: String,
        /// The gallery.
        folder: PathBuf,
    },
    /// There is a picture with this number and style on the sheet.
    #[error("{} exists already; expected a number that is free on this sheet", path.display())]
    NumberTaken {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file of an entry is gone.
    #[error("the picture of entry {id} is gone: expected {}; put it back, or `gallery remove {id}`", path.display())]
    MissingFile {
        /// The entry.
        id: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// A source picture was never kept here, or was removed.
    #[error("the source picture {sha256} is not in {}; give the picture itself again with --init or --mask", folder.display())]
    MissingSource {
        /// What was asked for.
        sha256: String,
        /// Where sources are kept.
        folder: PathBuf,
    },
    /// A source picture no longer has its bytes.
    #[error("{} is damaged: the SHA-256 of its pixels is {found}, expected its own name; remove it and give the picture again", path.display())]
    DamagedSource {
        /// The file.
        path: PathBuf,
        /// The hash that was found.
        found: String,
    },
    /// Pixels and size disagree, or there are none.
    #[error("a picture of {size} with {found} bytes of pixels: expected {expected}, and at least one pixel")]
    InvalidImage {
        /// Width and height.
        size: Size,
        /// Bytes there are.
        found: usize,
        /// Bytes there should be.
        expected: u128,
    },
    /// A picture larger than any that is dealt with here.
    #[error("{} claims {width}x{height} pixels; expected at most {limit} in all", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
        /// Most pixels in all.
        limit: u64,
    },
    /// A text inside the picture, or what is needed to read it, is damaged or larger than any honest one.
    #[error("{} holds a text or a header that cannot be unpacked within {limit} bytes; expected a picture with its request; copy it again", path.display())]
    TextTooLarge {
        /// The file.
        path: PathBuf,
        /// Most bytes.
        limit: usize,
    },
    /// Another kind of file.
    #[error("{} is {found}, expected a PNG picture", path.display())]
    NotPng {
        /// The file.
        path: PathBuf,
        /// What it is, by its first bytes.
        found: String,
    },
    /// A PNG that ends too early.
    #[error("{} is cut off after {bytes} bytes, expected a whole PNG picture; copy it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// A PNG that breaks the rules of the format.
    #[error("{} is a damaged PNG picture: {reason}; copy it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The rule that is broken.
        reason: String,
    },
    /// A whole PNG without a request.
    #[error("{} holds no request, expected a text `chatsd` or `parameters` in it; it may have been stripped, or edited by another program", path.display())]
    NoMetadata {
        /// The file.
        path: PathBuf,
    },
    /// A PNG whose request cannot be understood.
    #[error("the request in {} cannot be read: {reason}", path.display())]
    BadMetadata {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A PNG made by another program, where only an exact request will do.
    #[error("{} was made by another program: it has `parameters`, expected an exact request in `chatsd`", path.display())]
    ForeignMetadata {
        /// The file.
        path: PathBuf,
    },
    /// A request that would not read back as it is.
    #[error("this request cannot be written down: {reason}")]
    Unwritable {
        /// What is wrong.
        reason: String,
    },
}

/// Gives an error of the system its place and its meaning.
pub(crate) fn io_error(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> GalleryError {
    let path = path.into();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if doing != "read" => {
            GalleryError::ReadOnly { path }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            GalleryError::DiskFull { path }
        }
        _ => GalleryError::Io { doing, path, source },
    }
}
