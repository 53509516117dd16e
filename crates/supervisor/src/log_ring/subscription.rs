//! One live reader of a log ring, with a bounded backlog.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many bytes wait for a subscription that does not read. Beyond it writes are dropped for this reader: two to
/// three times the history, which a reader that merely hiccups can catch up with.
pub const SUBSCRIBER_BACKLOG_BYTES: usize = 256 * 1024;

/// Everything that is written to a log ring from some moment on. Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    live: Arc<Live>,
}

impl Subscription {
    pub(super) fn new(live: Arc<Live>) -> Self {
        Self { live }
    }

    /// The bytes written since the last call, in order; waits until there are some. `None` when the ring was closed
    /// or dropped and everything has been read.
    ///
    /// A write that would make more than [`SUBSCRIBER_BACKLOG_BYTES`] wait is missing, and so is everything until this
    /// has caught up; in its place stands a line `— <n> bytes dropped —`, with a line feed before and after. Safe to
    /// cancel.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            {
                let mut backlog = self.live.backlog.lock();
                if let Some(bytes) = backlog.take() {
                    return Some(bytes);
                }
                if backlog.closed {
                    return None;
                }
            }
            self.live.arrived.notified().await;
        }
    }
}

/// What the ring and a subscription share.
#[derive(Debug, Default)]
pub(super) struct Live {
    backlog: Mutex<Backlog>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Backlog {
    waiting: BytesMut,
    /// Bytes dropped since the last delivered one.
    dropped: u64,
    closed: bool,
}

impl Live {
    /// Hands over one write, whole or not at all.
    pub(super) fn push(&self, bytes: &[u8]) {
        self.backlog.lock().push(bytes);
        self.arrived.notify_one();
    }

    pub(super) fn close(&self) {
        self.backlog.lock().closed = true;
        self.arrived.notify_one();
    }
}

impl Backlog {
    fn push(&mut self, bytes: &[u8]) {
        // Once behind, a reader gets nothing new until it has caught up: one long gap is easier to read than many.
        let is_behind = self.dropped > 0 && !self.waiting.is_empty();
        if is_behind || self.waiting.len() + bytes.len() > SUBSCRIBER_BACKLOG_BYTES {
            self.dropped += bytes.len() as u64;
        } else {
            self.mark_gap();
            self.waiting.extend_from_slice(bytes);
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        if self.waiting.is_empty() {
            // A gap with nothing after it is told too, once everything before it has been read.
            self.mark_gap();
        }
        (!self.waiting.is_empty()).then(|| std::mem::take(&mut self.waiting).freeze())
    }

    fn mark_gap(&mut self) {
        if self.dropped > 0 {
            let marker = format!("\n— {} bytes dropped —\n", self.dropped);
            self.waiting.extend_from_slice(marker.as_bytes());
            self.dropped = 0;
        }
    }
}
