//! Reads an activity store for a replay, without changing the file.

use std::path::Path;
use std::time::Duration;

use herder_sim::workload::replay::Recorded;
use rusqlite::{Connection, OpenFlags};

use crate::activity::costs::{self, KeptCosts};

/// Most requests that are replayed, the newest of the file: about 100 MB of memory, and years of one person's use.
const MOST_REQUESTS: i64 = 1_000_000;

/// What a replay needs to know of each request.
const COLUMNS: [&str; 7] = [
    "model_id",
    "ts_created",
    "duration_ms",
    "input_tokens",
    "prompt_per_second",
    "output_tokens",
    "tokens_per_second",
];

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// It cannot be opened, or is no database.
    #[error("{path} cannot be read as an activity store: {error}")]
    Database {
        path: String,
        // Not its source: SQLite says the same again at each level.
        error: rusqlite::Error,
    },
    /// SQLite would call it a disk error.
    #[error("{path} cannot be read as an activity store: it is a directory")]
    Directory { path: String },
    /// It is a database of something else.
    #[error("{path} is no activity store: it has no table `activity` with a column {column}")]
    Foreign { path: String, column: &'static str },
}

/// What a file holds.
#[derive(Debug, PartialEq)]
pub(super) struct Log {
    /// Its requests, oldest first.
    pub(super) requests: Vec<Recorded>,
    /// What herder has measured of the models; nothing in llama-swap's files.
    pub(super) costs: Vec<KeptCosts>,
}

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<Log, ReadError> {
    let failed = |error| ReadError::Database {
        path: path.display().to_string(),
        error,
    };
    if path.is_dir() {
        let path = path.display().to_string();
        return Err(ReadError::Directory { path });
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    let present = columns(&connection, "activity").map_err(failed)?;
    if let Some(column) = COLUMNS
        .into_iter()
        .find(|column| !present.iter().any(|name| name == column))
    {
        return Err(ReadError::Foreign {
            path: path.display().to_string(),
            column,
        });
    }
    let measured = !columns(&connection, "model_costs").map_err(failed)?.is_empty();
    Ok(Log {
        requests: rows(&connection).map_err(failed)?,
        costs: if measured {
            costs::read(&connection).map_err(failed)?
        } else {
            Vec::new()
        },
    })
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

fn rows(connection: &Connection) -> rusqlite::Result<Vec<Recorded>> {
    let columns = COLUMNS.join(", ");
    let mut statement = connection.prepare(&format!(
        "SELECT {columns} FROM activity ORDER BY ts_created DESC, rowid DESC LIMIT {MOST_REQUESTS}"
    ))?;
    let rows = statement.query_map([], |row| {
        let took = milliseconds(row.get(2)?);
        let ended = Duration::from_secs(u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default());
        let generation = seconds(row.get(3)?, row.get(4)?) + seconds(row.get(5)?, row.get(6)?);
        Ok(Recorded {
            model: row.get(0)?,
            arrived: ended.saturating_sub(took),
            service: if generation.is_zero() {
                took
            } else {
                generation.min(took)
            },
        })
    })?;
    let mut rows = rows.collect::<rusqlite::Result<Vec<Recorded>>>()?;
    rows.reverse();
    Ok(rows)
}

fn milliseconds(number: i64) -> Duration {
    Duration::from_millis(u64::try_from(number).unwrap_or_default())
}

/// How long so many tokens took; zero when the file does not say.
fn seconds(tokens: i64, per_second: f64) -> Duration {
    Duration::try_from_secs_f64(tokens as f64 / per_second).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::activity::store::{Settings, Store};
    use crate::fixtures;
    use crate::logs::Logs;

    fn file(sql: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        (folder, path)
    }

    const TABLE: &str = "CREATE TABLE activity (id INTEGER PRIMARY KEY, ts_created INTEGER, model_id TEXT, \
         duration_ms INTEGER, input_tokens INTEGER, prompt_per_second REAL, output_tokens INTEGER, \
         tokens_per_second REAL);";

    #[test]
    fn arrival_is_the_end_less_the_duration_and_service_is_what_the_tokens_took() {
        let (_folder, path) = file(&format!(
            "{TABLE} INSERT INTO activity VALUES (1, 100, 'a', 30000, 50, 25, 80, 10), (2, 90, 'b', 4000, 0, -1, 0, -1), \
             (3, 95, 'c', 1000, 0, 0, 500, 10);"
        ));
        let row = |model: &str, arrived, service| Recorded {
            model: model.to_owned(),
            arrived: Duration::from_secs(arrived),
            service: Duration::from_secs(service),
        };
        let expected = [row("b", 86, 4), row("c", 94, 1), row("a", 70, 10)];
        let log = read(&path).unwrap();
        assert_eq!((log.requests, log.costs), (expected.to_vec(), Vec::new()));
    }

    #[test]
    fn what_is_no_activity_store_is_named() {
        let missing = read(Path::new("/nowhere/activity.db")).unwrap_err().to_string();
        assert!(
            missing.starts_with("/nowhere/activity.db cannot be read as an activity store: "),
            "{missing}"
        );
        let (_folder, path) = file("CREATE TABLE other (id INTEGER)");
        let foreign = read(&path).unwrap_err().to_string();
        assert!(
            foreign.ends_with("is no activity store: it has no table `activity` with a column model_id"),
            "{foreign}"
        );
        std::fs::write(&path, "models:\n  a: {cmd: sleep}\n".repeat(100)).unwrap();
        let text = read(&path).unwrap_err().to_string();
        assert!(
            text.ends_with("cannot be read as an activity store: file is not a database"),
            "{text}"
        );
        let folder = read(path.parent().unwrap()).unwrap_err().to_string();
        assert!(
            folder.ends_with("cannot be read as an activity store: it is a directory"),
            "{folder}"
        );
    }

    #[test]
    fn a_store_that_herder_made_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.db");
        let logs = Arc::new(Logs::new(&fixtures::config([])));
        let settings = Settings {
            path: Some(path.clone()),
            ..Settings::default()
        };
        let store = Store::open(&settings, logs).unwrap();
        assert_eq!(read(&path).unwrap().requests, []);
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "INSERT INTO activity (ts_created, model_id, duration_ms) VALUES (50, 'oak', 2000);
                 INSERT INTO model_costs VALUES ('oak', 50, 20000000, 3, 0, 0, 2000000, 1);",
            )
            .unwrap();
        let expected = Recorded {
            model: "oak".to_owned(),
            arrived: Duration::from_secs(48),
            service: Duration::from_secs(2),
        };
        let log = read(&path).unwrap();
        assert_eq!(log.requests, [expected]);
        let load = log.costs[0].costs.load;
        assert_eq!((load.mean, load.count), (Duration::from_secs(20), 3));
        drop(store);
    }
}
