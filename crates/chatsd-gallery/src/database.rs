//! The file `gallery.db`: opened, brought up to date, its errors named.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};

use crate::{GalleryError, NoGallery, words};

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
            return Err(GalleryError::NotAGallery { path, found: NoGallery::Folder });
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
                return Err(GalleryError::NotAGallery { path, found: NoGallery::OtherDatabase });
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
        Some(ErrorCode::NotADatabase) => GalleryError::NotAGallery { path, found: NoGallery::NoDatabase },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            GalleryError::ReadOnly { path }
        }
        Some(ErrorCode::DiskFull) => GalleryError::DiskFull { path },
        _ if is_busy(&source) => GalleryError::Busy { path, seconds: PATIENCE.as_secs() },
        _ => GalleryError::Database { path, source: source.into() },
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

#[cfg(test)]
mod tests {
    use chatsd_types::sample_request;

    use super::*;
    use crate::Gallery;

    fn connection(folder: &Path) -> Connection {
        Connection::open(folder.join("gallery.db")).unwrap()
    }

    fn version(folder: &Path) -> i64 {
        connection(folder).query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn records_of_version_1_are_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let mut old = connection(folder.path());
        let transaction = old.transaction().unwrap();
        sheets_and_entries(&transaction).unwrap();
        transaction.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        transaction.pragma_update(None, "user_version", 1).unwrap();
        let request = serde_json::to_string(&sample_request("a red cat 小猫")).unwrap();
        transaction
            .execute_batch(
                "INSERT INTO sheets VALUES (1, 's', 'tomcat', '{\"sentence\":\"\",\"language\":\"english\",\"subject\":\"\",
                 \"subject_english\":\"\",\"untranslated\":[],\"count\":null,\"size\":null,\"styles\":[],\"excluded\":[]}',
                 '2026-01-01T00:00:00Z', 1)",
            )
            .unwrap();
        let insert =
            "INSERT INTO entries (id, sheet, number, path, sha256, bytes, request, parents, created, duration_ms)
            VALUES ('0123456789abcdef', 1, 1, 's/1-a.png', 'ff', 9, ?1, '[]', '2026-01-01T00:00:00Z', 5)";
        transaction.execute(insert, [&request]).unwrap();
        transaction.commit().unwrap();
        drop(old);

        let gallery = Gallery::open(folder.path()).unwrap();
        assert_eq!(version(folder.path()), MIGRATIONS.len() as i64);
        for text in ["red", "小猫", "tomcat", "sticker"] {
            assert_eq!(gallery.search(text, 9).unwrap().len(), 1, "{text}");
        }
        assert!(gallery.list(9).unwrap()[0].missing);
        let (sheet, entries) = gallery.sheet("s").unwrap();
        assert_eq!((sheet.sentence.as_str(), entries.len()), ("tomcat", 1));
    }

    #[test]
    fn columns_say_what_the_request_says() {
        let folder = tempfile::tempdir().unwrap();
        let gallery = Gallery::open(folder.path()).unwrap();
        let sheet = gallery.begin_sheet(&chatsd_types::Idea::default()).unwrap();
        let image = chatsd_types::Image::filled(chatsd_types::Size { width: 8, height: 4 }, [1, 2, 3]);
        let request = sample_request("a cat");
        let new = crate::NewEntry { number: 1, request, image, duration: Duration::ZERO, parents: Vec::new() };
        gallery.add(&sheet.id, new).unwrap();
        let row: (String, String, String, String) = connection(folder.path())
            .query_row("SELECT positive, style, seed, model_hash FROM entries", [], |row| row.try_into())
            .unwrap();
        assert_eq!(row, ("a cat".into(), "sticker".into(), u64::MAX.to_string(), "0123456789".into()));
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gallery.db");
        let message = || Gallery::open(folder.path()).err().unwrap().to_string();
        for garbage in [b"not a database at all".to_vec(), vec![0xA5; 100_000]] {
            std::fs::write(&path, &garbage).unwrap();
            assert!(message().contains("no SQLite database"), "{}", message());
            assert_eq!(std::fs::read(&path).unwrap(), garbage, "untouched");
        }
        std::fs::remove_file(&path).unwrap();
        connection(folder.path()).execute_batch("CREATE TABLE bookmarks (url)").unwrap();
        assert!(message().contains("a database of another program"), "{}", message());
        std::fs::remove_file(&path).unwrap();
        drop(Gallery::open(folder.path()).unwrap());
        connection(folder.path()).pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Gallery::open(folder.path()), Err(GalleryError::Newer { found: 99, known: 2, .. })));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(message().contains("is a folder"), "{}", message());
    }

    #[test]
    fn a_damaged_record_is_named_and_can_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let gallery = Gallery::open(folder.path()).unwrap();
        connection(folder.path())
            .execute_batch(
                "INSERT INTO sheets VALUES (1, 's', '', '{}', '', 1);
                 INSERT INTO entries (id, sheet, number, path, sha256, bytes, request, parents, created, duration_ms)
                 VALUES ('0123456789abcdef', 1, 1, 's/1-a.png', 'ff', 9, '{}', '[]', '', 5)",
            )
            .unwrap();
        let error = gallery.list(9).unwrap_err().to_string();
        assert!(error.contains("the record of 0123456789abcdef"), "{error}");
        gallery.remove("0123456789abcdef").unwrap();
        assert_eq!(gallery.list(9).unwrap(), []);
    }

    #[test]
    fn a_full_disk_is_told_from_other_errors() {
        let folder = tempfile::tempdir().unwrap();
        let records = connection(folder.path());
        records.execute_batch("CREATE TABLE filler (bytes); PRAGMA max_page_count = 2").unwrap();
        let full = records.execute_batch("INSERT INTO filler VALUES (zeroblob(100000))").unwrap_err();
        assert!(matches!(named(folder.path(), full), GalleryError::DiskFull { path } if path == folder.path()));
    }

    #[test]
    fn a_name_short_for_several_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let gallery = Gallery::open(folder.path()).unwrap();
        let request = serde_json::to_string(&sample_request("a cat")).unwrap();
        let records = connection(folder.path());
        records.execute_batch("INSERT INTO sheets VALUES (1, 's', '', '{}', '', 1)").unwrap();
        let ids = ["abcd000000000000", "abcd100000000000", "abce000000000000"];
        for (number, id) in (1..).zip(ids) {
            let insert =
                "INSERT INTO entries (id, sheet, number, path, sha256, bytes, request, parents, created, duration_ms)
                VALUES (?1, 1, ?2, ?1, 'ff', 9, ?3, '[]', '', 5)";
            records.execute(insert, params![id, number, request]).unwrap();
        }
        let found = gallery.find("abcd");
        assert!(
            matches!(&found, Err(GalleryError::AmbiguousEntry { ids: found, .. }) if *found == ids[..2]),
            "{found:?}"
        );
        assert_eq!(gallery.find("ABCD1").unwrap().id, ids[1]);
        assert_eq!(gallery.find("abce").unwrap().id, ids[2]);
    }
}
