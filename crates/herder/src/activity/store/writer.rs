//! The thread that writes one database: rows and costs in batches, captures beside their rows, and prunes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, params};

use super::queue::{Batch, Queue, Then};
use super::settings::Retention;
use super::{Record, Shared};
use crate::activity::capture::Pace;
use crate::activity::costs;
use crate::activity::row::{Tokens, saturating};
use crate::activity::schema;

/// With so many requests in a batch there is time to compress captures. Batches begin 20 ms after one another at the
/// earliest, so this is up to 200 requests a second. Beyond that captures stay as they are, and so fewer of them: at
/// thousands of requests a second nobody looks at one before it has left anyway.
const CALM_BATCH: usize = 4;

/// The thread that writes.
pub(super) struct Writer {
    connection: Arc<Mutex<Connection>>,
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    /// The database is no file.
    in_memory: bool,
    /// Rows lost since the database began to fail.
    failing: usize,
}

impl Writer {
    /// Nothing runs yet.
    pub(super) fn new(
        connection: Arc<Mutex<Connection>>,
        shared: Arc<Shared>,
        queue: Arc<Queue>,
        in_memory: bool,
    ) -> Self {
        Self {
            connection,
            shared,
            queue,
            in_memory,
            failing: 0,
        }
    }

    /// Writes what comes, until there is a last batch.
    pub(super) fn run(mut self) {
        let mut batch = Batch::default();
        loop {
            let then = self.queue.take(&mut batch);
            // A store that ends without ever having been used deletes nothing, either.
            if batch.has_work() {
                self.store(&mut batch);
            }
            match then {
                Then::More => self.queue.rest(),
                Then::End => return,
            }
        }
    }

    /// Writes and prunes, and empties the batch; a failure costs the batch and nothing else.
    fn store(&mut self, batch: &mut Batch) {
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
                self.failing += batch.records.len().max(1);
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
    fn write(&self, batch: &mut Batch) -> rusqlite::Result<Vec<i64>> {
        let captures = &self.shared.captures;
        let pace = if batch.records.len() <= CALM_BATCH {
            Pace::Calm
        } else {
            Pace::Hurried
        };
        let mut connection = self.connection.lock();
        let retention = *self.shared.retention.lock();
        // Another limit, or the first one.
        if batch.prune && self.in_memory {
            schema::index_memory(&connection, retention.rows)?;
        }
        let ids = write(&mut connection, batch, retention)?;
        // Still under it: a row in memory is never seen without its capture.
        for (id, record) in ids.iter().zip(&mut batch.records) {
            if let Some(capture) = record.capture.take() {
                captures.insert(*id, capture);
            }
        }
        drop(connection);
        captures.settle(pace);
        Ok(ids)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // However it ends, a panic included: nobody may wait for it or hand it anything.
        self.queue.end();
    }
}

/// Writes the rows and costs, and deletes those whose time is over. Returns the ids of the new ones.
fn write(connection: &mut Connection, batch: &Batch, retention: Retention) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction()?;
    let mut ids = Vec::with_capacity(batch.records.len());
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO activity (ts_created, model_id, req_path, resp_content_type, resp_status_code, error_msg,
                 metadata_json, cache_tokens, draft_tokens, draft_acc_tokens, input_tokens, output_tokens,
                 prompt_per_second, tokens_per_second, duration_ms, queued_ms, first_byte_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        for Record { row, capture: _ } in &batch.records {
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
                row.queued.map(saturating),
                row.first_byte.map(saturating),
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
    costs::write(&transaction, &batch.costs)?;
    transaction.commit()?;
    Ok(ids)
}
