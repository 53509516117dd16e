//! The store of finished requests: one thread writes, from a bounded queue, so that no request ever waits for a disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, params};
use tokio::sync::{Semaphore, broadcast};

use super::capture::{Captures, Finished};
use super::row::{Row, Tokens, saturating};
use super::schema::{self, OpenError};
use crate::logs::Logs;

/// Finished requests that may wait for the writer. At 100 requests a second a disk may stall for ten seconds.
const QUEUE_LENGTH: usize = 1024;

/// Rows that go into one transaction when there is a queue: one commit for all of them.
const LARGEST_BATCH: usize = 128;

/// Ids of stored rows that a listener may be behind. It fetches the list anyway, so it may miss some.
const ANNOUNCED: usize = 256;

/// How many rows are kept, and for how long (quirk Q33 mended).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// The newest so many.
    pub rows: Option<u64>,
    /// Those that are not older.
    pub age: Option<Duration>,
}

/// A running store.
#[derive(Debug)]
pub struct Store {
    queue: SyncSender<Message>,
    /// Gives its end away when the thread has ended.
    ended: Mutex<Receiver<()>>,
    shared: Arc<Shared>,
    /// For a file a connection of its own, so that a long query holds back no row. In memory it is the writer's.
    reader: Arc<Mutex<Connection>>,
    /// Queries run one after the other.
    reading: Semaphore,
}

#[derive(Debug)]
struct Shared {
    logs: Arc<Logs>,
    /// `None` when they are off.
    captures: Option<Captures>,
    /// The ids of rows, once they can be read.
    stored: broadcast::Sender<i64>,
    /// Rows lost to a full queue since the writer last kept up.
    lost: AtomicU64,
}

#[derive(Debug)]
enum Message {
    Record(Box<Record>),
    End,
}

#[derive(Debug)]
struct Record {
    row: Row,
    capture: Option<Finished>,
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
    /// Opens the store; without a path it is in memory. `captures` are kept beside it, always in memory.
    ///
    /// # Errors
    ///
    /// When the file cannot be used.
    pub fn open(
        path: Option<&Path>,
        retention: Retention,
        captures: Option<Captures>,
        logs: Arc<Logs>,
    ) -> Result<Self, OpenError> {
        let writer = Arc::new(Mutex::new(schema::open(path)?));
        let reader = match path {
            Some(path) => Arc::new(Mutex::new(schema::open_reader(path)?)),
            None => Arc::clone(&writer),
        };
        let shared = Arc::new(Shared {
            logs,
            captures,
            stored: broadcast::Sender::new(ANNOUNCED),
            lost: AtomicU64::new(0),
        });
        let (queue, messages) = sync_channel(QUEUE_LENGTH);
        let (end, ended) = sync_channel(0);
        let thread = Writer {
            connection: writer,
            retention,
            shared: Arc::clone(&shared),
            failing: 0,
        };
        thread::Builder::new()
            .name("activity".to_owned())
            .spawn(move || {
                // Dropped at the end, which is what `close` waits for.
                let _end: SyncSender<()> = end;
                thread.run(&messages);
            })
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue,
            ended: Mutex::new(ended),
            shared,
            reader,
            reading: Semaphore::new(1),
        })
    }

    /// Hands a row to the writer. It never waits: when the queue is full the row is lost, and the log says so.
    pub(super) fn insert(&self, row: Row, capture: Option<Finished>) {
        let record = Record { row, capture };
        match self.queue.try_send(Message::Record(Box::new(record))) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                if self.shared.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                    self.shared
                        .logs
                        .logger()
                        .warn("activity: the store does not keep up; requests go unrecorded");
                }
            }
        }
    }

    /// The ids of the rows that are stored from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<i64> {
        self.shared.stored.subscribe()
    }

    /// What can be looked at; `None` when captures are off.
    #[must_use]
    pub fn captures(&self) -> Option<&Captures> {
        self.shared.captures.as_ref()
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
        let _turn = self.reading.acquire().await.map_err(|_| QueryError::Closed)?;
        let reader = Arc::clone(&self.reader);
        let answer = tokio::task::spawn_blocking(move || query(&reader.lock())).await;
        Ok(answer.map_err(|_| QueryError::Closed)??)
    }

    /// Writes what is queued and ends, or gives up after `patience`. Blocks. Rows that come later are lost.
    pub fn close(&self, patience: Duration) {
        // A full queue means a disk that hangs; its rows cannot be helped.
        if self.queue.try_send(Message::End).is_err() {
            return;
        }
        match self.ended.lock().recv_timeout(patience) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => {
                let logger = self.shared.logs.logger();
                logger.warn("activity: the last requests could not be stored in time");
            }
        }
    }
}

/// The thread that writes.
struct Writer {
    connection: Arc<Mutex<Connection>>,
    retention: Retention,
    shared: Arc<Shared>,
    /// Rows lost since the database began to fail.
    failing: usize,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        self.store(&mut Vec::new());
        let mut batch = Vec::new();
        let mut ends = false;
        while !ends && let Ok(first) = messages.recv() {
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Record(record) => batch.push(*record),
                    Message::End => ends = true,
                }
                let full = ends || batch.len() >= LARGEST_BATCH;
                next = if full { None } else { messages.try_recv().ok() };
            }
            self.store(&mut batch);
        }
    }

    /// Writes and prunes, and empties the batch; a failure costs the batch and nothing else.
    fn store(&mut self, batch: &mut Vec<Record>) {
        let result = self.write(batch);
        let logger = self.shared.logs.logger();
        match result {
            Ok(ids) => {
                for id in ids {
                    // Nobody listening is no error.
                    let _ = self.shared.stored.send(id);
                }
                if self.failing > 0 {
                    let lost = std::mem::take(&mut self.failing);
                    logger.info(format_args!(
                        "activity: the store works again; {lost} requests went unrecorded"
                    ));
                }
            }
            Err(error) => {
                if self.failing == 0 {
                    logger.error(format_args!("activity: requests go unrecorded: {error}"));
                }
                // At least one: a failure to prune is one, too.
                self.failing += batch.len().max(1);
            }
        }
        batch.clear();
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            logger.warn(format_args!(
                "activity: {lost} requests went unrecorded because the store did not keep up"
            ));
        }
    }

    /// Writes rows and captures, and returns the ids of the rows.
    fn write(&self, batch: &mut [Record]) -> rusqlite::Result<Vec<i64>> {
        let captures = self.shared.captures.as_ref();
        // Before the lock, under which queries of a store in memory wait.
        let packed: Vec<_> = batch
            .iter_mut()
            .map(|record| captures?.pack(record.capture.take()?))
            .collect();
        let mut connection = self.connection.lock();
        let ids = write(&mut connection, batch, self.retention)?;
        // Still under it: a row in memory is never seen without its capture.
        for (id, packed) in ids.iter().zip(packed) {
            if let (Some(captures), Some(packed)) = (captures, packed) {
                captures.insert(*id, packed);
            }
        }
        Ok(ids)
    }
}

/// Writes the rows, and deletes those whose time is over. Returns the ids of the new ones.
fn write(connection: &mut Connection, batch: &[Record], retention: Retention) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction()?;
    let mut ids = Vec::with_capacity(batch.len());
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO activity (ts_created, model_id, req_path, resp_content_type, resp_status_code, error_msg,
                 metadata_json, cache_tokens, draft_tokens, draft_acc_tokens, input_tokens, output_tokens,
                 prompt_per_second, tokens_per_second, duration_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        for Record { row, .. } in batch {
            let tokens = Tokens::from(row.usage);
            insert.execute(params![
                row.created,
                row.model,
                row.path,
                row.content_type,
                row.status,
                row.error,
                row.metadata,
                tokens.cache_tokens,
                tokens.draft_tokens,
                tokens.draft_acc_tokens,
                tokens.input_tokens,
                tokens.output_tokens,
                tokens.prompt_per_second,
                tokens.tokens_per_second,
                saturating(row.milliseconds),
            ])?;
            ids.push(transaction.last_insert_rowid());
        }
        if let Some(rows) = retention.rows {
            // Ids have no gaps but those at the beginning, so they count rows.
            transaction
                .prepare_cached("DELETE FROM activity WHERE id <= (SELECT MAX(id) FROM activity) - ?")?
                .execute([saturating(rows)])?;
        }
        if let Some(age) = retention.age {
            let oldest = Timestamp::now()
                .as_second()
                .saturating_sub(saturating(age.as_secs()));
            transaction
                .prepare_cached("DELETE FROM activity WHERE ts_created < ?")?
                .execute([oldest])?;
        }
    }
    transaction.commit()?;
    Ok(ids)
}

#[cfg(test)]
mod tests;
