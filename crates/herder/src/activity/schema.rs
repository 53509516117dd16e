//! The database file: opening it, its table, and files of other versions (spec/http-api.md 5.3).

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::costs;

/// The version of the tables, in SQLite's `user_version`: 1 knew no costs, 2 did not know how long a
/// request had waited. llama-swap leaves 0 there and keeps its own in a table, which stays as it is.
const VERSION: i64 = 3;

/// How long a statement waits for another program that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What the write-ahead log is cut back to when a long reader has let it grow, in bytes.
const LARGEST_IDLE_LOG: i64 = 16 << 20;

/// The columns behind `id`, with their declarations.
const COLUMNS: [(&str, &str); 16] = [
    ("ts_created", "INTEGER NOT NULL"),
    ("model_id", "TEXT NOT NULL"),
    ("req_path", "TEXT NOT NULL DEFAULT ''"),
    ("resp_content_type", "TEXT NOT NULL DEFAULT ''"),
    ("resp_status_code", "INTEGER NOT NULL DEFAULT 0"),
    ("error_msg", "TEXT NOT NULL DEFAULT ''"),
    ("metadata_json", "TEXT NOT NULL DEFAULT ''"),
    ("cache_tokens", "INTEGER NOT NULL DEFAULT 0"),
    ("draft_tokens", "INTEGER NOT NULL DEFAULT 0"),
    ("draft_acc_tokens", "INTEGER NOT NULL DEFAULT 0"),
    ("input_tokens", "INTEGER NOT NULL DEFAULT 0"),
    ("output_tokens", "INTEGER NOT NULL DEFAULT 0"),
    ("prompt_per_second", "REAL NOT NULL DEFAULT 0"),
    ("tokens_per_second", "REAL NOT NULL DEFAULT 0"),
    // Herder's own. NULL: not known, as in rows of others and of earlier versions.
    ("queued_ms", "INTEGER"),
    ("first_byte_ms", "INTEGER"),
];

/// The last column, apart because arrays of tuples want one length.
const DURATION: (&str, &str) = ("duration_ms", "INTEGER NOT NULL DEFAULT 0");

/// Of a file, which may hold any number of rows, and of a database in memory that may hold many.
const INDEXES: &str = "
CREATE INDEX IF NOT EXISTS idx_activity_time ON activity (ts_created DESC, id DESC);
CREATE INDEX IF NOT EXISTS idx_activity_model_time ON activity (model_id, ts_created DESC, id DESC);
";

const NO_INDEXES: &str = "
DROP INDEX IF EXISTS idx_activity_time;
DROP INDEX IF EXISTS idx_activity_model_time;
";

/// So many rows in memory, ten times the default, are quickly read without indexes, which cost a row more than the row
/// itself.
pub(super) const UNINDEXED_ROWS: u64 = 10_000;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database does not open, or is none.
    #[error("the activity store {path} cannot be opened: {source}")]
    Database {
        /// The file.
        path: String,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A later herder has written the file; this one would damage it.
    #[error(
        "the activity store {} was written by a newer herder (version {found} of its table, this one knows {VERSION}): \
         use that herder, or another store.path", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in it.
        found: i64,
    },
    /// The file has an `activity` table, but of something else.
    #[error("the activity store {} has a table `activity` without the column {column}: use another store.path", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is missing.
        column: &'static str,
    },
    /// The thread that writes could not be started.
    #[error("the thread of the activity store cannot be started: {0}")]
    Thread(std::io::Error),
}

/// Opens the file, or creates it, and brings its table to this version. Without a path the database is in memory.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::Database {
        path: path.map_or_else(|| "in memory".to_owned(), |path| path.display().to_string()),
        source,
    };
    let connection = match path {
        Some(path) => Connection::open(path),
        None => Connection::open_in_memory(),
    };
    let mut connection = connection.map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let (path, indexes) = match path {
        Some(path) => (path, INDEXES),
        // They follow when it is known how many rows there may be: `index_memory`.
        None => (Path::new(":memory:"), ""),
    };
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed)?;
    if !(0..=VERSION).contains(&found) {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
        });
    }
    if let Some(column) = missing_essential(&connection).map_err(failed)? {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
            column,
        });
    }
    prepare(&mut connection, indexes).map_err(failed)?;
    Ok(connection)
}

/// Gives a database in memory its indexes when it may hold more than [`UNINDEXED_ROWS`], and takes them away when not.
/// `rows`: how many there may be; any number when `None`.
pub(super) fn index_memory(connection: &Connection, rows: Option<u64>) -> rusqlite::Result<()> {
    let is_small = rows.is_some_and(|rows| rows <= UNINDEXED_ROWS);
    connection.execute_batch(if is_small { NO_INDEXES } else { INDEXES })
}

/// A second connection to the same file, which only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(|source| OpenError::Database {
        path: path.display().to_string(),
        source,
    })
}

/// The table's columns; none when there is no table.
fn columns(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info('activity')")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// A column that cannot be added to a table which lacks it.
fn missing_essential(connection: &Connection) -> rusqlite::Result<Option<&'static str>> {
    let present = columns(connection)?;
    let missing = ["id", "ts_created", "model_id"]
        .into_iter()
        .find(|column| !present.iter().any(|name| name == column));
    Ok(missing.filter(|_| !present.is_empty()))
}

fn prepare(connection: &mut Connection, indexes: &str) -> rusqlite::Result<()> {
    // In WAL mode readers do not hold back the writer. A database in memory answers `memory` and stays as it is.
    let _mode: Option<String> = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .optional()?;
    // A power cut may cost the last rows, never the file; in return no row waits for the disk.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", LARGEST_IDLE_LOG)?;
    let transaction = connection.transaction()?;
    let present = columns(&transaction)?;
    if present.is_empty() {
        let columns: Vec<String> = all_columns()
            .map(|(name, declaration)| format!("{name} {declaration}"))
            .collect();
        transaction.execute_batch(&format!(
            "CREATE TABLE activity (id INTEGER PRIMARY KEY AUTOINCREMENT, {})",
            columns.join(", ")
        ))?;
    } else {
        for (name, declaration) in all_columns() {
            if !present.iter().any(|known| known == name) {
                transaction
                    .execute_batch(&format!("ALTER TABLE activity ADD COLUMN {name} {declaration}"))?;
            }
        }
    }
    transaction.execute_batch(indexes)?;
    transaction.execute_batch(costs::TABLE)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn all_columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    COLUMNS.into_iter().chain([DURATION])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(sql: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        (folder, path)
    }

    #[test]
    fn a_newer_file_is_refused_by_name_and_left_alone() {
        let (_folder, path) = file("PRAGMA user_version = 4; CREATE TABLE future (x);");
        let before = std::fs::read(&path).unwrap();
        let error = open(Some(&path)).unwrap_err().to_string();
        assert!(
            error.contains("activity.db") && error.contains("newer herder (version 4"),
            "{error}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn files_of_llama_swap_open_and_get_the_columns_they_lack() {
        let (_folder, path) = file(
            "CREATE TABLE goose_db_version (id INTEGER, version_id INTEGER);
             CREATE TABLE activity (id INTEGER PRIMARY KEY AUTOINCREMENT, ts_created INTEGER NOT NULL,
                model_id TEXT NOT NULL, input_tokens INTEGER NOT NULL DEFAULT 0);
             INSERT INTO activity (ts_created, model_id, input_tokens) VALUES (7, 'm', 3);",
        );
        let connection = open(Some(&path)).unwrap();
        let mut expected: Vec<&str> = all_columns().map(|(name, _)| name).collect();
        let mut present = columns(&connection).unwrap();
        present.retain(|name| name != "id");
        present.sort_unstable();
        expected.sort_unstable();
        assert_eq!(present, expected);
        let row: (i64, String) = connection
            .query_row("SELECT input_tokens, error_msg FROM activity", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(row, (3, String::new()));
        drop(connection);
        open(Some(&path)).expect("it opens again");
    }

    #[test]
    fn files_of_version_1_keep_their_rows_and_get_the_table_of_costs() {
        let columns: Vec<String> = all_columns()
            .map(|(name, declaration)| format!("{name} {declaration}"))
            .collect();
        let (_folder, path) = file(&format!(
            "CREATE TABLE activity (id INTEGER PRIMARY KEY AUTOINCREMENT, {});
             INSERT INTO activity (ts_created, model_id) VALUES (7, 'm');
             PRAGMA user_version = 1;",
            columns.join(", ")
        ));
        let connection = open(Some(&path)).unwrap();
        assert_eq!(costs::read(&connection).unwrap(), []);
        let (rows, version): (i64, i64) = connection
            .query_row(
                "SELECT (SELECT COUNT(*) FROM activity), user_version FROM pragma_user_version",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!((rows, version), (1, VERSION));
        drop(connection);
        open(Some(&path)).expect("it opens again");
    }

    #[test]
    fn rows_of_version_2_keep_what_they_say_and_have_waited_for_nobody_knows_how_long() {
        let columns: Vec<String> = all_columns()
            .filter(|(name, _)| !["queued_ms", "first_byte_ms"].contains(name))
            .map(|(name, declaration)| format!("{name} {declaration}"))
            .collect();
        let (_folder, path) = file(&format!(
            "CREATE TABLE activity (id INTEGER PRIMARY KEY AUTOINCREMENT, {});
             INSERT INTO activity (ts_created, model_id, duration_ms) VALUES (7, 'm', 12);
             PRAGMA user_version = 2;",
            columns.join(", ")
        ));
        let connection = open(Some(&path)).unwrap();
        let row: (i64, Option<i64>, Option<i64>) = connection
            .query_row(
                "SELECT duration_ms, queued_ms, first_byte_ms FROM activity",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(row, (12, None, None));
        let version: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version, VERSION);
    }

    #[test]
    fn what_is_no_activity_store_is_refused() {
        let (_folder, path) = file("CREATE TABLE activity (id INTEGER PRIMARY KEY, other TEXT);");
        let error = open(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("without the column ts_created"), "{error}");
        std::fs::write(
            &path,
            "this is a text of a person and by no means a database\n".repeat(50),
        )
        .unwrap();
        let error = open(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("activity.db cannot be opened"), "{error}");
    }
}
