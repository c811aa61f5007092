//! Sheets and entries as rows: written and read.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chatsd_files::sha256;
use chatsd_types::Request;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior, params};

use crate::{
    Entry, GalleryError, Origin, Sheet,
    database::{Database, index_entry},
};

/// Name of the file with the records.
const DATABASE_FILE: &str = "gallery.db";

/// What an [`EntryRow`] is read from, in the order of its fields.
pub(crate) const ENTRY: &str = "SELECT entries.id, sheets.id, number, path, sha256, bytes, request, parents,
    entries.created, duration_ms FROM entries JOIN sheets ON sheets.key = entries.sheet";
pub(crate) const NEWEST_FIRST: &str = "ORDER BY entries.created DESC, entries.key DESC";

/// What is known about the file of an entry once it is written.
pub(crate) struct EntryFile {
    pub(crate) number: u32,
    /// File name.
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    pub(crate) created: String,
}

/// The row of an entry, its JSON unread.
pub(crate) struct EntryRow {
    pub(crate) id: String,
    pub(crate) sheet: String,
    number: u32,
    pub(crate) path: String,
    sha256: String,
    bytes: i64,
    request: String,
    parents: String,
    created: String,
    duration_ms: i64,
}

impl EntryRow {
    fn read(row: &Row) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            sheet: row.get(1)?,
            number: row.get(2)?,
            path: row.get(3)?,
            sha256: row.get(4)?,
            bytes: row.get(5)?,
            request: row.get(6)?,
            parents: row.get(7)?,
            created: row.get(8)?,
            duration_ms: row.get(9)?,
        })
    }

    /// The source pictures it names; none where the request is damaged.
    pub(crate) fn sources(&self) -> Vec<String> {
        let request = serde_json::from_str::<Request>(&self.request).ok();
        request.iter().flat_map(Request::sources).map(str::to_owned).collect()
    }
}

/// SQLite's integers end at 2^63 - 1; no count or size comes near.
pub(crate) fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// UTC with exactly three decimals, so that the order of texts is the order of times.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// The records of the gallery in `folder`. Several threads may use them at a time.
pub(crate) struct Records {
    pub(crate) folder: PathBuf,
    database: Mutex<Database>,
}

impl Records {
    /// Opens or makes the records of a folder that exists.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, GalleryError> {
        let database = Mutex::new(Database::open(folder.join(DATABASE_FILE))?);
        Ok(Self { folder, database })
    }

    fn run<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, GalleryError> {
        // A panic elsewhere leaves the records whole: an open transaction is rolled back.
        self.database.lock().unwrap_or_else(PoisonError::into_inner).run(work)
    }

    fn damaged(&self, id: &str, source: serde_json::Error) -> GalleryError {
        GalleryError::DamagedRecord { path: self.folder.join(DATABASE_FILE), id: id.to_owned(), source }
    }

    /// Ids of the sheets that are closed.
    pub(crate) fn finished_sheets(&self) -> Result<HashSet<String>, GalleryError> {
        self.run(|connection| {
            let mut rows = connection.prepare("SELECT id FROM sheets WHERE finished")?;
            rows.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// Closes a sheet.
    pub(crate) fn set_finished(&self, sheet: &str) -> Result<(), GalleryError> {
        self.run(|connection| connection.execute("UPDATE sheets SET finished = 1 WHERE id = ?1", [sheet])).map(|_| ())
    }

    /// The entry with exactly this id.
    pub(crate) fn entry_of(&self, id: &str) -> Result<Option<Entry>, GalleryError> {
        Ok(self.entries(&format!("{ENTRY} WHERE entries.id = ?1"), [id])?.pop())
    }

    /// Records a sheet; one that is recorded already stays as it is.
    pub(crate) fn insert_sheet(&self, sheet: &Sheet) -> Result<(), GalleryError> {
        let idea = serde_json::to_string(&sheet.idea).map_err(|_| GalleryError::Unwritable)?;
        let sql = "INSERT INTO sheets (id, sentence, idea, created, finished) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (id) DO NOTHING";
        let values = params![sheet.id, sheet.sentence, idea, sheet.created, sheet.finished];
        self.run(|connection| connection.execute(sql, values)).map(|_| ())
    }

    /// Records an entry whose file is written; nothing where its sheet is not recorded. Without a `duration` the entry
    /// is taken up, and a record that is there already knows better.
    pub(crate) fn insert_entry(
        &self,
        sheet: &str,
        kept: &EntryFile,
        origin: &Origin,
        duration: Option<Duration>,
    ) -> Result<Option<Entry>, GalleryError> {
        let path = format!("{sheet}/{}", kept.name);
        let id = sha256(format!("{path}\n{}", kept.sha256).as_bytes())[..16].to_owned();
        let json = |_| GalleryError::Unwritable;
        let request = serde_json::to_string(&origin.request).map_err(json)?;
        let parents = serde_json::to_string(&origin.parents).map_err(json)?;
        let duration_ms = duration.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        // Another program may have taken the file up between its writing and now.
        let on_conflict = match duration {
            Some(_) => "UPDATE SET created = excluded.created, duration_ms = excluded.duration_ms",
            None => "NOTHING",
        };
        let insert = format!(
            "INSERT INTO entries (id, sheet, number, path, sha256, bytes, request, parents, created, duration_ms)
             SELECT ?1, key, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM sheets WHERE id = ?2
             ON CONFLICT (id) DO {on_conflict} RETURNING key"
        );
        let inserted = self.run(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let values = params![
                id,
                sheet,
                kept.number,
                path,
                kept.sha256,
                count(kept.bytes),
                request,
                parents,
                kept.created,
                count(duration_ms),
            ];
            let key: Option<i64> = transaction.query_row(&insert, values, |row| row.get(0)).optional()?;
            if let Some(key) = key {
                index_entry(&transaction, key)?;
            }
            transaction.commit()?;
            Ok(key.is_some())
        })?;
        if inserted { self.entry_of(&id) } else { Ok(None) }
    }

    /// Paths of the recorded files of a sheet.
    pub(crate) fn files_of(&self, sheet: &str) -> Result<HashSet<String>, GalleryError> {
        self.run(|connection| {
            let sql = "SELECT path FROM entries JOIN sheets ON sheets.key = entries.sheet WHERE sheets.id = ?1";
            connection.prepare(sql)?.query_map([sheet], |row| row.get(0))?.collect()
        })
    }

    /// Entries that a question which begins with [`ENTRY`] finds.
    pub(crate) fn entries(&self, sql: &str, values: impl Params) -> Result<Vec<Entry>, GalleryError> {
        self.records(sql, values)?.into_iter().map(|record| self.entry(record)).collect()
    }

    /// The row of the entry with exactly this id.
    pub(crate) fn record(&self, id: &str) -> Result<Option<EntryRow>, GalleryError> {
        Ok(self.records(&format!("{ENTRY} WHERE entries.id = ?1"), [id])?.pop())
    }

    fn records(&self, sql: &str, values: impl Params) -> Result<Vec<EntryRow>, GalleryError> {
        self.run(|connection| connection.prepare_cached(sql)?.query_map(values, EntryRow::read)?.collect())
    }

    fn entry(&self, record: EntryRow) -> Result<Entry, GalleryError> {
        let damaged = |source| self.damaged(&record.id, source);
        let request = serde_json::from_str(&record.request).map_err(damaged)?;
        let parents = serde_json::from_str(&record.parents).map_err(damaged)?;
        let missing = !self.folder.join(&record.path).is_file();
        Ok(Entry {
            id: record.id,
            sheet: record.sheet,
            number: record.number,
            path: record.path.into(),
            sha256: record.sha256,
            bytes: record.bytes.unsigned_abs(),
            request,
            parents,
            created: record.created,
            duration_ms: record.duration_ms.unsigned_abs(),
            missing,
        })
    }

    /// A sheet without its entries.
    pub(crate) fn sheet_record(&self, id: &str) -> Result<Option<Sheet>, GalleryError> {
        let row: Option<(String, String, String, bool)> = self.run(|connection| {
            let sql = "SELECT sentence, idea, created, finished FROM sheets WHERE id = ?1";
            connection.query_row(sql, [id], |row| row.try_into()).optional()
        })?;
        let Some((sentence, idea, created, finished)) = row else { return Ok(None) };
        let idea = serde_json::from_str(&idea).map_err(|source| self.damaged(id, source))?;
        Ok(Some(Sheet { id: id.to_owned(), sentence, idea, created, finished }))
    }

    /// Deletes the row of an entry and its words.
    pub(crate) fn delete_entry(&self, id: &str) -> Result<(), GalleryError> {
        self.run(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute("DELETE FROM words WHERE rowid IN (SELECT key FROM entries WHERE id = ?1)", [id])?;
            transaction.execute("DELETE FROM entries WHERE id = ?1", [id])?;
            transaction.commit()
        })
    }

    /// Deletes the row of a sheet that has no entries; tells whether it did.
    pub(crate) fn delete_empty_sheet(&self, id: &str) -> Result<bool, GalleryError> {
        let sql = "DELETE FROM sheets WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM entries WHERE sheet = sheets.key)";
        self.run(|connection| connection.execute(sql, [id])).map(|deleted| deleted > 0)
    }

    /// Whether any entry was painted from this source picture: whether any string of its request is that name. So no
    /// part of a request that may name a picture is missed, nor a record that cannot be read any more.
    pub(crate) fn is_source_used(&self, sha256: &str) -> Result<bool, GalleryError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM entries WHERE instr(request, ?1))";
        self.run(|connection| connection.query_row(sql, [format!("\"{sha256}\"")], |row| row.get(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_order_as_texts() {
        for (nanosecond, expected) in [(0, "00.000Z"), (120_000_000, "00.120Z"), (121_900_000, "00.121Z")] {
            let time = Timestamp::new(1_795_478_400, nanosecond).unwrap();
            assert_eq!(rfc3339(time), format!("2026-11-24T00:00:{expected}"));
        }
    }
}
