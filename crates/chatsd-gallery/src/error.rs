//! What can go wrong with a gallery or a picture file, with the numbers and the way out.

use std::{error::Error, fmt, io, path::PathBuf};

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
        /// What was being done.
        doing: FileAction,
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
        found: NoGallery,
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
        source: Box<dyn Error + Send + Sync>,
    },
    /// A record does not hold what it must.
    #[error("the record of {id} in {} is damaged: {source}; `gallery remove {id}` removes it", path.display())]
    DamagedRecord {
        /// The database file.
        path: PathBuf,
        /// The entry or sheet.
        id: String,
        /// Where its JSON is not what it must be.
        source: serde_json::Error,
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
        /// What it is.
        found: NoPng,
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
    #[error("{} is a damaged PNG picture: {source}; copy it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The rule that is broken, as the decoder says it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A whole PNG without a request.
    #[error("{} holds no request, expected a text `chatsd` or `parameters` in it; it may have been stripped, or edited by another program", path.display())]
    NoMetadata {
        /// The file.
        path: PathBuf,
    },
    /// A PNG whose text `chatsd` is no request.
    #[error("the request in {} cannot be read: its text `chatsd` is not the request of a picture: {source}; if a newer program made it, use that", path.display())]
    BadMetadata {
        /// The file.
        path: PathBuf,
        /// Where it is not what it must be.
        source: serde_json::Error,
    },
    /// A PNG made by another program, where only an exact request will do.
    #[error("{} was made by another program: it has `parameters`, expected an exact request in `chatsd`", path.display())]
    ForeignMetadata {
        /// The file.
        path: PathBuf,
    },
    /// A request that would not read back as it is.
    #[error("this request cannot be written down: it would read back as another one; expected finite numbers only")]
    Unwritable,
    /// The encoder refused the pixels or the texts.
    #[error("the picture cannot be packed as PNG: {source}")]
    Unpackable {
        /// What the encoder said.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What was being done to a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAction {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Make the folder.
    Create,
    /// Remove it.
    Remove,
}

impl fmt::Display for FileAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Create => "create",
            Self::Remove => "remove",
        })
    }
}

/// What stands in the place of a gallery's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoGallery {
    /// A folder.
    Folder,
    /// No SQLite database, or one whose beginning is damaged.
    NoDatabase,
    /// A database of another program.
    OtherDatabase,
}

impl fmt::Display for NoGallery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder",
            Self::NoDatabase => "no SQLite database, or a damaged one",
            Self::OtherDatabase => "a database of another program",
        })
    }
}

/// What stands in the place of a PNG picture, by its first bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPng {
    /// A folder.
    Folder,
    /// A file without a byte.
    Empty,
    /// A picture of another format.
    Picture {
        /// The format's name: "JPEG".
        format: &'static str,
    },
    /// Any other file.
    Unknown {
        /// Its first bytes, four at most.
        first: Vec<u8>,
    },
}

impl fmt::Display for NoPng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("a folder"),
            Self::Empty => f.write_str("an empty file"),
            // "an AVIF picture".
            Self::Picture { format } => {
                let article = if format.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
                write!(f, "{article} {format} picture")
            }
            Self::Unknown { first } => {
                let first: Vec<_> = first.iter().map(|byte| format!("{byte:02x}")).collect();
                write!(f, "an unknown kind of file (it begins with the bytes {})", first.join(" "))
            }
        }
    }
}

/// Gives an error of the system its place and its meaning.
pub(crate) fn io_error(doing: FileAction, path: impl Into<PathBuf>, source: io::Error) -> GalleryError {
    let path = path.into();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if doing != FileAction::Read => {
            GalleryError::ReadOnly { path }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            GalleryError::DiskFull { path }
        }
        _ => GalleryError::Io { doing, path, source },
    }
}
