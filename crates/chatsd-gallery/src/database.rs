//! The file `gallery.db`: opened, brought up to date, its errors named.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use crate::{GalleryError, words};

/// Marks the file as ours: "ChSD".
const APPLICATION_ID: i64 = 0x4368_5344;
/// How long another program may hold the records.
const PATIENCE: Duration = Duration::from_secs(20);

/// Step `n` of this list brings records of version `n` to version `n + 1`. Steps are only ever added.
const MIGRATIONS: &[fn(&Transaction) -> rusqlite::Result<()>] = &[sheets_and_entries, search_words];

/// The records, with the path for messages.
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    pub(crate) connection: Connection,
}

impl Database {
    /// Opens or makes the records.
    pub(crate) fn open(path: PathBuf) -> Result<Self, GalleryError> {
        if path.is_dir() {
            return Err(GalleryError::NotAGallery { path, found: "a folder".into() });
        }
        let opened = open_connection(&path);
        let connection = opened.map_err(|error| named(&path, error))?;
        let mut database = Self { path, connection };
        database.migrate()?;
        Ok(database)
    }

    fn migrate(&mut self) -> Result<(), GalleryError> {
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let path = self.path.clone();
        let (version, ours, tables) = self.run(|connection| state(connection))?;
        match version {
            _ if !ours && (version != 0 || tables != 0) => {
                return Err(GalleryError::NotAGallery { path, found: "a database of another program".into() });
            }
            found if !(0..=known).contains(&found) => return Err(GalleryError::Newer { path, found, known }),
            found if found == known => return Ok(()),
            _ => {}
        }
        self.run(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another program may have been faster.
            let (version, ..) = state(&transaction)?;
            if version >= known {
                return Ok(());
            }
            for migrate in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
                migrate(&transaction)?;
            }
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", known)?;
            transaction.commit()
        })
    }

    /// Runs `work` and gives its error the place.
    pub(crate) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, GalleryError> {
        work(&mut self.connection).map_err(|error| named(&self.path, error))
    }
}

fn open_connection(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Killed or unplugged, the records stay whole; the last ones are made anew from their pictures.
    connection.pragma_update(None, "synchronous", "normal")?;
    let begun = Instant::now();
    // Two programs in one file at a time. SQLite does not wait by itself for this change.
    loop {
        match connection.query_row("PRAGMA journal_mode = wal", [], |row| row.get::<_, String>(0)) {
            Err(error) if is_busy(&error) && begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(20)),
            done => return done.map(|_| connection),
        }
    }
}

/// Version, whether it is ours, number of tables.
fn state(connection: &Connection) -> rusqlite::Result<(i64, bool, i64)> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok((
        number("PRAGMA user_version")?,
        number("PRAGMA application_id")? == APPLICATION_ID,
        number("SELECT count(*) FROM sqlite_schema")?,
    ))
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Gives an error of SQLite its place and its meaning.
pub(crate) fn named(path: &Path, source: rusqlite::Error) -> GalleryError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            GalleryError::NotAGallery { path, found: "no SQLite database, or a damaged one".into() }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            GalleryError::ReadOnly { path }
        }
        Some(ErrorCode::DiskFull) => GalleryError::DiskFull { path },
        _ if is_busy(&source) => GalleryError::Busy { path, seconds: PATIENCE.as_secs() },
        _ => GalleryError::Database { path, source },
    }
}

/// Version 1. What the request holds is read from it, so that no column can say otherwise.
fn sheets_and_entries(transaction: &Transaction) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TABLE sheets (
            key      INTEGER PRIMARY KEY,
            id       TEXT NOT NULL UNIQUE,
            sentence TEXT NOT NULL,
            idea     TEXT NOT NULL,
            created  TEXT NOT NULL,
            finished INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE entries (
            key         INTEGER PRIMARY KEY,
            id          TEXT NOT NULL UNIQUE,
            sheet       INTEGER NOT NULL REFERENCES sheets (key) ON DELETE CASCADE,
            number      INTEGER NOT NULL,
            path        TEXT NOT NULL UNIQUE,
            sha256      TEXT NOT NULL,
            bytes       INTEGER NOT NULL,
            request     TEXT NOT NULL,
            parents     TEXT NOT NULL,
            created     TEXT NOT NULL,
            duration_ms INTEGER NOT NULL,
            own         TEXT AS (request ->> '$.prompt.own'),
            subject     TEXT AS (request ->> '$.prompt.subject'),
            added       TEXT AS (request ->> '$.prompt.added'),
            positive    TEXT AS (request ->> '$.prompt.positive'),
            negative    TEXT AS (request ->> '$.prompt.negative'),
            style       TEXT AS (request ->> '$.prompt.style'),
            seed        TEXT AS (request -> '$.seed'),
            model       TEXT AS (request ->> '$.model'),
            model_hash  TEXT AS (request ->> '$.model_hash')
        );
        CREATE INDEX entries_by_sheet ON entries (sheet, number);
        CREATE INDEX entries_by_sha256 ON entries (sha256);",
    )
}

/// Version 2. The search holds our own words (see `words`), hence the tokenizer that only splits at blanks.
fn search_words(transaction: &Transaction) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'ascii', content = '', contentless_delete = 1);",
    )?;
    let mut rows = transaction.prepare("SELECT key FROM entries")?;
    let keys = rows.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    keys.into_iter().try_for_each(|key| index_entry(transaction, key))
}

/// Puts the words of an entry into the search. What must not be seen is not among them.
pub(crate) fn index_entry(transaction: &Transaction, key: i64) -> rusqlite::Result<()> {
    let text: String = transaction.query_row(
        "SELECT concat_ws(' ', sentence, own, subject, added, positive, style, model)
         FROM entries JOIN sheets ON sheets.key = entries.sheet WHERE entries.key = ?1",
        [key],
        |row| row.get(0),
    )?;
    transaction
        .execute("INSERT OR REPLACE INTO words (rowid, text) VALUES (?1, ?2)", params![key, words::indexed(&text)])?;
    Ok(())
}
