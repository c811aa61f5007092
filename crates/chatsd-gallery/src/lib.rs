//! Entries at rest: picture files, their records in SQLite, search, and the metadata inside each picture.
//!
//! A gallery is one folder. Each sheet is a subfolder of it with one PNG file for each entry and `sheet.png`;
//! `gallery.db` holds the records, `sources` the pictures that others were painted from. A picture file carries its own
//! request, so the records can be rebuilt from the files alone. How a picture was made is not known here: of a request
//! the gallery reads the words that are searched, the style that names a file, and the names of the sources.

mod compose;
mod database;
mod entry;
mod error;
mod files;
mod gallery;
mod names;
mod picture;
mod records;
mod recovery;
mod sources;
mod words;

pub use compose::{Enlarge, SheetLayout, compose_sheet};
pub use entry::{Entry, NewEntry, Sheet};
pub use error::{FileAction, GalleryError, NoGallery, NoPng};
pub use files::write_whole;
pub use gallery::Gallery;
pub use picture::{
    Metadata, Origin, decode_png, encode_png, read_image, read_metadata, read_metadata_from, read_request,
};
pub use recovery::Recovery;
pub use sources::source_name;
