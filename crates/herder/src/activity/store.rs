//! The store of finished requests: one thread writes, from a bounded queue, so that no request ever waits for a disk.
//!
//! A store lives as long as herder. Its [`Settings`] can change while it is used: what is kept at once, the database by
//! [`Store::prepare`] and [`Store::apply`]. No row is lost by that: it goes to one of the two.

mod queue;
mod settings;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{Semaphore, broadcast};

use super::capture::{Captures, Finished};
use super::costs::KeptCosts;
use super::row::Row;
use super::schema::{self, OpenError};
use crate::logs::Logs;
use queue::{Queue, Refusal};
pub use settings::{Retention, Settings};
use writer::Writer;

/// Ids of stored rows that a listener may be behind. It fetches the list anyway, so it may miss some.
const ANNOUNCED: usize = 256;

/// How long the last rows of a database that is given up may take.
const LAST_ROWS: Duration = Duration::from_secs(5);

/// A running store.
#[derive(Debug)]
pub struct Store {
    /// Whoever hands over a row holds it for that moment, so its thread does not end before.
    current: ArcSwap<Database>,
    /// The ids of rows, once they can be read, of whatever database.
    stored: broadcast::Sender<i64>,
    logs: Arc<Logs>,
    /// Held while one database takes the place of another.
    changing: Mutex<()>,
}

/// A database in use.
#[derive(Debug)]
struct Database {
    path: Option<PathBuf>,
    /// Where the file is, however its path is spelled.
    place: Option<PathBuf>,
    queue: Arc<Queue>,
    /// Gives its end away when the thread has ended.
    ended: Arc<Mutex<Receiver<()>>>,
    shared: Arc<Shared>,
    reader: Arc<Reader>,
}

/// What the thread that writes shares with the others.
#[derive(Debug)]
struct Shared {
    logs: Arc<Logs>,
    retention: Mutex<Retention>,
    captures: Arc<Captures>,
    stored: broadcast::Sender<i64>,
    /// Rows lost to a full queue since the writer last kept up.
    lost: AtomicU64,
    /// The log says that nothing is recorded any more.
    end_is_told: AtomicBool,
}

#[derive(Debug)]
struct Reader {
    /// For a file a connection of its own, so that a long query holds back no row. In memory it is the writer's.
    connection: Arc<Mutex<Connection>>,
    /// Queries run one after the other.
    turns: Semaphore,
}

#[derive(Debug)]
struct Record {
    row: Row,
    capture: Option<Finished>,
}

/// Rows and captures that belong together, whatever the store does next.
#[derive(Debug, Clone)]
pub struct View {
    reader: Arc<Reader>,
    captures: Arc<Captures>,
}

/// Other settings, ready to be applied. Dropped, they change nothing.
#[derive(Debug)]
pub struct Change {
    settings: Settings,
    /// Unless the path stays.
    database: Option<Database>,
}

/// Why a query gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database failed.
    #[error("the activity store cannot be read: {0}")]
    Database(#[from] rusqlite::Error),
    /// herder is ending, or the query panicked.
    #[error("the activity store is closed")]
    Closed,
}

impl Store {
    /// Opens the store. Blocks.
    ///
    /// # Errors
    ///
    /// When the file cannot be used.
    pub fn open(settings: &Settings, logs: Arc<Logs>) -> Result<Self, OpenError> {
        let stored = broadcast::Sender::new(ANNOUNCED);
        let database = Database::open(settings, &logs, &stored)?;
        database.configure(settings);
        Ok(Self {
            current: ArcSwap::from_pointee(database),
            stored,
            logs,
            changing: Mutex::default(),
        })
    }

    /// Opens the database of other settings when its path is another one; rows go where they went, until the change is
    /// applied. Blocks.
    ///
    /// # Errors
    ///
    /// When the file cannot be used. Nothing has changed then.
    pub fn prepare(&self, settings: Settings) -> Result<Change, OpenError> {
        let stays = self.current.load().is_at(settings.path.as_deref());
        let database = (!stays).then(|| Database::open(&settings, &self.logs, &self.stored));
        Ok(Change {
            database: database.transpose()?,
            settings,
        })
    }

    /// Goes on with other settings. With the same path rows and captures stay, as far as the limits let them; with
    /// another one the database before is closed when its last rows are written, which this waits for. Blocks.
    pub fn apply(&self, change: Change) {
        let _alone = self.changing.lock();
        let Change { settings, database } = change;
        match database {
            None => self.current.load().configure(&settings),
            Some(database) => {
                database.configure(&settings);
                let before = self.current.swap(Arc::new(database));
                let ended = Arc::clone(&before.ended);
                // The thread ends when nobody can send it anything any more.
                drop(before);
                self.wait_for(&ended, LAST_ROWS);
            }
        }
    }

    /// Hands a row to the writer. It never waits: when the queue is full, or the writer has ended, the row is lost, and
    /// the log says so.
    pub(super) fn insert(&self, row: Row, capture: Option<Finished>) {
        let record = Record { row, capture };
        let database = self.current.load();
        match database.queue.push(record) {
            Ok(()) => {}
            Err(Refusal::Full) => {
                if database.shared.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                    self.logs
                        .logger()
                        .warn("activity: the store does not keep up; requests go unrecorded");
                }
            }
            Err(Refusal::Ended) => {
                if !database.shared.end_is_told.swap(true, Ordering::Relaxed) {
                    self.logs
                        .logger()
                        .warn("activity: the store has ended; requests go unrecorded from now on");
                }
            }
        }
    }

    /// Hands costs of models to the writer. It never waits: when the queue is full, those that come next say the same
    /// and more.
    pub fn keep_costs(&self, costs: Vec<KeptCosts>) {
        if !costs.is_empty() {
            self.current.load().queue.push_costs(costs);
        }
    }

    /// The ids of the rows that are stored from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<i64> {
        self.stored.subscribe()
    }

    /// What is stored now.
    #[must_use]
    pub fn view(&self) -> View {
        let database = self.current.load();
        View {
            reader: Arc::clone(&database.reader),
            captures: Arc::clone(&database.shared.captures),
        }
    }

    /// What can be looked at; `None` when captures are off.
    #[must_use]
    pub fn captures(&self) -> Option<Arc<Captures>> {
        let database = self.current.load();
        let captures = &database.shared.captures;
        captures.are_on().then(|| Arc::clone(captures))
    }

    /// Runs a query on a thread that may block.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, QueryError> {
        self.view().query(query).await
    }

    /// Writes what is queued and ends, or gives up after `patience`. Blocks. Rows that come later are lost.
    pub fn close(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        // The rows of a database that is being given up count, too.
        let _alone = self.changing.try_lock_until(deadline);
        let database = self.current.load_full();
        database.queue.end();
        self.wait_for(
            &database.ended,
            deadline.saturating_duration_since(Instant::now()),
        );
    }

    fn wait_for(&self, ended: &Mutex<Receiver<()>>, patience: Duration) {
        match ended.lock().recv_timeout(patience) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => {
                let logger = self.logs.logger();
                logger.warn("activity: the last requests could not be stored in time");
            }
        }
    }
}

impl View {
    /// Runs a query on a thread that may block.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, QueryError> {
        let _turn = self
            .reader
            .turns
            .acquire()
            .await
            .map_err(|_| QueryError::Closed)?;
        let connection = Arc::clone(&self.reader.connection);
        let answer = tokio::task::spawn_blocking(move || query(&connection.lock())).await;
        Ok(answer.map_err(|_| QueryError::Closed)??)
    }

    /// What can be looked at.
    #[must_use]
    pub fn captures(&self) -> &Captures {
        &self.captures
    }
}

impl Database {
    /// Opens it and starts its thread, which deletes nothing before it is configured.
    fn open(
        settings: &Settings,
        logs: &Arc<Logs>,
        stored: &broadcast::Sender<i64>,
    ) -> Result<Self, OpenError> {
        let path = settings.path.as_deref();
        let writer = Arc::new(Mutex::new(schema::open(path)?));
        let reader = match path {
            Some(path) => Arc::new(Mutex::new(schema::open_reader(path)?)),
            None => Arc::clone(&writer),
        };
        let shared = Arc::new(Shared {
            logs: Arc::clone(logs),
            retention: Mutex::new(settings.retention),
            captures: Arc::new(Captures::new(settings.capture_budget)),
            stored: stored.clone(),
            lost: AtomicU64::new(0),
            end_is_told: AtomicBool::new(false),
        });
        let queue = Arc::new(Queue::default());
        let (end, ended) = sync_channel(0);
        let writer = Writer::new(writer, Arc::clone(&shared), Arc::clone(&queue), path.is_none());
        thread::Builder::new()
            .name("activity".to_owned())
            .spawn(move || {
                // Dropped at the end, which is what `wait_for` waits for.
                let _end: SyncSender<()> = end;
                writer.run();
            })
            .map_err(OpenError::Thread)?;
        Ok(Self {
            path: settings.path.clone(),
            place: path.and_then(place),
            queue,
            ended: Arc::new(Mutex::new(ended)),
            shared,
            reader: Arc::new(Reader {
                connection: reader,
                turns: Semaphore::new(1),
            }),
        })
    }

    /// Whether this is the database of a path. Two on one file would lock each other out.
    fn is_at(&self, path: Option<&Path>) -> bool {
        self.path.as_deref() == path || self.place.is_some() && self.place == path.and_then(place)
    }

    /// Keeps what these limits let it keep, from now on.
    fn configure(&self, settings: &Settings) {
        *self.shared.retention.lock() = settings.retention;
        self.shared.captures.set_budget(settings.capture_budget);
        self.queue.prune();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Nobody is left who could put anything in.
        self.queue.end();
    }
}

/// The one path of a file that is there.
fn place(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

#[cfg(test)]
mod tests;
