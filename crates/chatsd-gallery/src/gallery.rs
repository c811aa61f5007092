//! The gallery itself: sheets begun, entries kept, found, shown, taken out and removed.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use chatsd_files::sha256;
use chatsd_types::{Idea, Image};
use jiff::{Timestamp, ZonedDateTime};
use rusqlite::params;

use crate::{
    Entry, FileAction, GalleryError, NewEntry, Origin, Recovery, Sheet, SheetLayout, compose_sheet, encode_png,
    error::io_error,
    files::write_whole,
    names::{self, SHEET_FILE},
    read_image,
    records::{ENTRY, EntryFile, NEWEST_FIRST, Records, count, rfc3339},
    recovery::take_up,
    sources::Sources,
    words,
};

/// A folder with sheets of pictures, and the records of them. Several programs may use one at a time.
pub struct Gallery {
    records: Records,
    recovered: Recovery,
}

impl Gallery {
    /// Opens the gallery in `folder`, or makes one. What an interrupted program left there is taken up or swept away:
    /// see [`Self::recovered`].
    ///
    /// # Errors
    /// [`GalleryError::ReadOnly`], [`GalleryError::DiskFull`], [`GalleryError::NotAGallery`], [`GalleryError::Newer`],
    /// [`GalleryError::Busy`], [`GalleryError::Database`], [`GalleryError::Io`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, GalleryError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(|error| io_error(FileAction::Create, &folder, error))?;
        let records = Records::open(folder)?;
        let recovered = take_up(&records, &records.finished_sheets()?)?;
        Ok(Self { records, recovered })
    }

    /// The gallery's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.records.folder
    }

    /// What was taken up when the gallery was opened: unfinished sheets and folders without a record.
    /// [`Self::recover`] looks at everything.
    #[must_use]
    pub fn recovered(&self) -> &Recovery {
        &self.recovered
    }

    /// Goes through the whole folder: removes half-written files, makes records for pictures that have none, tells which
    /// records have lost their picture. With `gallery.db` gone it rebuilds it.
    ///
    /// # Errors
    /// Those of the database and of the folder.
    pub fn recover(&self) -> Result<Recovery, GalleryError> {
        let mut recovery = take_up(&self.records, &HashSet::new())?;
        recovery.missing = self.list(usize::MAX)?;
        recovery.missing.retain(|entry| entry.missing);
        Ok(recovery)
    }

    /// Where the picture of an entry is.
    #[must_use]
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.folder().join(&entry.path)
    }

    /// Folder of a sheet.
    #[must_use]
    pub fn sheet_folder(&self, sheet: &Sheet) -> PathBuf {
        self.folder().join(&sheet.id)
    }

    /// Begins a sheet: makes its folder, which is its alone even if two programs begin in the same second.
    ///
    /// # Errors
    /// Those of the folder and of the database.
    pub fn begin_sheet(&self, idea: &Idea) -> Result<Sheet, GalleryError> {
        let now = ZonedDateTime::now();
        let mut free = names::numbered(&names::sheet_folder(&now, &idea.sentence));
        let id = loop {
            let Some(name) = free.next() else { continue };
            match fs::create_dir(self.folder().join(&name)) {
                Ok(()) => break name,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io_error(FileAction::Create, self.folder().join(&name), error)),
            }
        };
        let created = rfc3339(now.timestamp());
        let sheet = Sheet { id, sentence: idea.sentence.clone(), idea: idea.clone(), created, finished: false };
        if let Err(error) = self.records.insert_sheet(&sheet) {
            let _ = fs::remove_dir(self.sheet_folder(&sheet));
            return Err(error);
        }
        Ok(sheet)
    }

    /// Keeps a picture: first its file, whole, with the request inside; then its record.
    ///
    /// # Errors
    /// [`GalleryError::NumberTaken`], [`GalleryError::UnknownSheet`], [`GalleryError::InvalidImage`],
    /// [`GalleryError::Unwritable`], and those of the folder and of the database.
    pub fn add(&self, sheet: &str, new: NewEntry) -> Result<Entry, GalleryError> {
        let NewEntry { number, request, image, duration, parents } = new;
        let origin = Origin { request, parents };
        let bytes = encode_png(&image, Some(&origin))?;
        let name = names::picture_file(number, &origin.request.prompt.style);
        let path = self.folder().join(sheet).join(&name);
        if self.records.sheet_record(sheet)?.is_none() {
            return Err(self.unknown_sheet(sheet));
        }
        if path.exists() {
            return Err(GalleryError::NumberTaken { path });
        }
        write_whole(&path, &bytes)?;
        let created = rfc3339(Timestamp::now());
        let kept = EntryFile { number, name, sha256: sha256(&bytes), bytes: bytes.len() as u64, created };
        self.records.insert_entry(sheet, &kept, &origin, Some(duration))?.ok_or_else(|| self.unknown_sheet(sheet))
    }

    /// Lays out the pictures of a sheet as `sheet.png` and closes it. Gives the path.
    ///
    /// # Errors
    /// [`GalleryError::UnknownSheet`], [`GalleryError::TooLarge`], a picture that cannot be read, and those of the folder
    /// and of the database.
    pub fn finish_sheet(&self, sheet: &str, layout: &SheetLayout) -> Result<PathBuf, GalleryError> {
        let (_, entries) = self.sheet(sheet)?;
        let paths = entries.iter().filter(|entry| !entry.missing).map(|entry| self.path(entry));
        let images = paths.map(|path| read_image(&path)).collect::<Result<Vec<_>, _>>()?;
        let path = self.folder().join(sheet).join(SHEET_FILE);
        write_whole(&path, &encode_png(&compose_sheet(&images, layout)?, None)?)?;
        self.records.set_finished(sheet)?;
        Ok(path)
    }

    /// Takes away a sheet on which nothing is kept: folder and record go. A sheet with entries stays as it is.
    ///
    /// # Errors
    /// Those of the folder and of the database.
    pub fn abandon_sheet(&self, sheet: &str) -> Result<(), GalleryError> {
        if self.records.delete_empty_sheet(sheet)? {
            let folder = self.folder().join(sheet);
            remove_if_there(&folder.join(SHEET_FILE))?;
            // A folder into which someone has put more stays.
            let _ = fs::remove_dir(&folder);
        }
        Ok(())
    }

    /// The newest entries, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn list(&self, limit: usize) -> Result<Vec<Entry>, GalleryError> {
        self.page(limit, 1)
    }

    /// Entries, newest first: page by page of `limit`, the first page being 1.
    ///
    /// # Errors
    /// Those of the database.
    pub fn page(&self, limit: usize, page: usize) -> Result<Vec<Entry>, GalleryError> {
        let skip = limit.saturating_mul(page.saturating_sub(1));
        self.records
            .entries(&format!("{ENTRY} {NEWEST_FIRST} LIMIT ?1 OFFSET ?2"), [count(limit as u64), count(skip as u64)])
    }

    /// Entries in which every word of `text` is found, newest first, `limit` at most. Any part of a Chinese text and any
    /// beginning of another word is a word. Every text may be asked for; one without words finds nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Entry>, GalleryError> {
        let Some(query) = words::query(text) else { return Ok(Vec::new()) };
        let sql = format!(
            "{ENTRY} WHERE entries.key IN (SELECT rowid FROM words WHERE words MATCH ?1) {NEWEST_FIRST} LIMIT ?2"
        );
        self.records.entries(&sql, params![query, count(limit as u64)])
    }

    /// The entry with exactly this id.
    ///
    /// # Errors
    /// [`GalleryError::UnknownEntry`], and those of the database.
    pub fn show(&self, id: &str) -> Result<Entry, GalleryError> {
        self.records.entry_of(id)?.map_or_else(|| Err(self.unknown(id)?), Ok)
    }

    /// The entry that a person means: by number on the last sheet (up to three digits), by id or its first digits, or by
    /// the SHA-256 of its file.
    ///
    /// # Errors
    /// [`GalleryError::UnknownEntry`], [`GalleryError::AmbiguousEntry`], and those of the database.
    pub fn find(&self, wanted: &str) -> Result<Entry, GalleryError> {
        let name = wanted.trim().to_ascii_lowercase();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.unknown(wanted)?);
        }
        if let (1..=3, Ok(number)) = (name.len(), name.parse::<u32>()) {
            let on_last = self.last_sheet()?.into_iter().find(|entry| entry.number == number);
            return on_last.map_or_else(|| Err(self.unknown(wanted)?), Ok);
        }
        let found = if name.len() == 64 {
            self.records.entries(&format!("{ENTRY} WHERE sha256 = ?1 {NEWEST_FIRST} LIMIT 1"), [&name])?
        } else {
            // GLOB, and nothing but hex digits in the name: the index of ids is used.
            self.records.entries(&format!("{ENTRY} WHERE entries.id GLOB ?1 LIMIT 4"), [format!("{name}*")])?
        };
        match <[Entry; 1]>::try_from(found) {
            Ok([entry]) => Ok(entry),
            Err(none) if none.is_empty() => Err(self.unknown(wanted)?),
            Err(many) => Err(GalleryError::AmbiguousEntry {
                wanted: wanted.to_owned(),
                ids: many.into_iter().map(|entry| entry.id).collect(),
            }),
        }
    }

    /// The entries of the last sheet that has any, by number.
    ///
    /// # Errors
    /// Those of the database.
    pub fn last_sheet(&self) -> Result<Vec<Entry>, GalleryError> {
        let last = "(SELECT key FROM sheets WHERE EXISTS (SELECT 1 FROM entries WHERE sheet = sheets.key)
            ORDER BY created DESC, key DESC LIMIT 1)";
        self.records.entries(&format!("{ENTRY} WHERE sheet = {last} ORDER BY number, entries.key"), [])
    }

    /// A sheet and its entries by number.
    ///
    /// # Errors
    /// [`GalleryError::UnknownSheet`], [`GalleryError::DamagedRecord`], and those of the database.
    pub fn sheet(&self, id: &str) -> Result<(Sheet, Vec<Entry>), GalleryError> {
        let sheet = self.records.sheet_record(id)?.ok_or_else(|| self.unknown_sheet(id))?;
        let entries =
            self.records.entries(&format!("{ENTRY} WHERE sheets.id = ?1 ORDER BY number, entries.key"), [id])?;
        Ok((sheet, entries))
    }

    /// Copies a picture into `folder`; with `strip` the copy has the same pixels and tells nothing about their making.
    /// Nothing there is overwritten. Gives the path of the copy.
    ///
    /// # Errors
    /// [`GalleryError::UnknownEntry`], [`GalleryError::MissingFile`], and those of both folders.
    pub fn export(&self, id: &str, folder: &Path, strip: bool) -> Result<PathBuf, GalleryError> {
        let entry = self.show(id)?;
        let source = self.path(&entry);
        if entry.missing {
            return Err(GalleryError::MissingFile { id: entry.id, path: source });
        }
        // The folder of a sheet tells the sentence: a stripped picture goes without.
        let (bytes, stem) = if strip {
            (encode_png(&read_image(&source)?, None)?, entry.id)
        } else {
            let bytes = fs::read(&source).map_err(|error| io_error(FileAction::Read, &source, error))?;
            (bytes, entry.path.with_extension("").to_string_lossy().replace(['/', '\\'], "-"))
        };
        fs::create_dir_all(folder).map_err(|error| io_error(FileAction::Create, folder, error))?;
        let mut free = names::numbered(&stem).map(|name| folder.join(format!("{name}.png")));
        loop {
            let Some(path) = free.next().filter(|path| !path.exists()) else { continue };
            write_whole(&path, &bytes)?;
            return Ok(path);
        }
    }

    /// Removes an entry: its picture with the drawing traced from it, its record, and the source pictures that no other
    /// entry needs. A sheet without entries goes as a whole; the `sheet.png` of one that has some stays as it was painted.
    ///
    /// # Errors
    /// [`GalleryError::UnknownEntry`], and those of the folder and of the database.
    pub fn remove(&self, id: &str) -> Result<(), GalleryError> {
        // Not read as an entry: a damaged record can be removed too.
        let record = self.records.record(id)?.map_or_else(|| Err(self.unknown(id)?), Ok)?;
        let path = self.folder().join(&record.path);
        // The files first: were they left alone for a moment, they would be taken up again.
        remove_if_there(&path.with_extension("svg"))?;
        remove_if_there(&path)?;
        self.records.delete_entry(&record.id)?;
        for source in record.sources() {
            if let Some(path) = self.sources().file(&source)
                && !self.records.is_source_used(&source)?
            {
                remove_if_there(&path)?;
            }
        }
        self.abandon_sheet(&record.sheet)
    }

    /// Keeps a picture that others are painted from, once however often it is given. Gives its [`crate::source_name`]. A
    /// mask is kept as [`chatsd_types::Mask::to_image`].
    ///
    /// # Errors
    /// [`GalleryError::InvalidImage`], [`GalleryError::ReadOnly`], [`GalleryError::DiskFull`], [`GalleryError::Io`].
    pub fn keep_source(&self, image: &Image) -> Result<String, GalleryError> {
        self.sources().keep(image)
    }

    /// A source picture by its name.
    ///
    /// # Errors
    /// [`GalleryError::MissingSource`], [`GalleryError::DamagedSource`], and those of [`read_image`].
    pub fn source(&self, name: &str) -> Result<Image, GalleryError> {
        self.sources().read(name)
    }

    fn sources(&self) -> Sources {
        Sources::of(self.folder())
    }

    fn unknown(&self, wanted: &str) -> Result<GalleryError, GalleryError> {
        let last = self.last_sheet()?.iter().map(|entry| entry.number).max().unwrap_or(0);
        Ok(GalleryError::UnknownEntry { wanted: wanted.to_owned(), folder: self.folder().to_owned(), last })
    }

    fn unknown_sheet(&self, id: &str) -> GalleryError {
        GalleryError::UnknownSheet { id: id.to_owned(), folder: self.folder().to_owned() }
    }
}

fn remove_if_there(path: &Path) -> Result<(), GalleryError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(FileAction::Remove, path, error)),
        _ => Ok(()),
    }
}
