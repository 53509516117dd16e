//! One live reader of a log ring, with a bounded backlog.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

/// How many bytes wait for a subscription that does not read. Beyond it writes are dropped for this reader: two to
/// three times the history, which a reader that merely hiccups can catch up with.
pub const SUBSCRIBER_BACKLOG_BYTES: usize = 256 * 1024;

/// How many bytes must wait before a reader that has time is told: the other half is for what comes while it wakes up.
const FILLING_BYTES: usize = SUBSCRIBER_BACKLOG_BYTES / 2;

/// Everything that is written to a log ring from some moment on. Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    live: Arc<Live>,
}

/// A part of what was written to a log ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What was written.
    pub bytes: Bytes,
    /// Where it ends, in bytes since the ring's beginning: a reader that comes back says this to go on behind it.
    pub end: u64,
    /// Whether it follows what the reader had before it. `false`: something is missing in front of it.
    pub continues: bool,
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
        let piece = poll_fn(|context| self.poll_next(context)).await?;
        Some(piece.bytes)
    }

    /// As [`Self::next`], with where the bytes stand in the log. A piece that begins with the line about missing bytes
    /// does not continue what was before it.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        let mut backlog = self.live.backlog.lock();
        if let Some(piece) = backlog.take() {
            return Poll::Ready(Some(piece));
        }
        if backlog.closed {
            return Poll::Ready(None);
        }
        backlog.wait(context, 0);
        Poll::Pending
    }

    /// Waits until half of [`SUBSCRIBER_BACKLOG_BYTES`] waits to be read, or the ring is closed: for a reader that wants
    /// to read much at once and lose nothing. Safe to cancel.
    pub async fn filling(&mut self) {
        poll_fn(|context| {
            let mut backlog = self.live.backlog.lock();
            if backlog.has_more_than(FILLING_BYTES) {
                return Poll::Ready(());
            }
            backlog.wait(context, FILLING_BYTES);
            Poll::Pending
        })
        .await;
    }
}

/// What the ring and a subscription share.
#[derive(Debug)]
pub(super) struct Live {
    backlog: Mutex<Backlog>,
}

#[derive(Debug, Default)]
struct Backlog {
    waiting: BytesMut,
    /// Where what waits ends in the log, in bytes since its beginning.
    end: u64,
    /// Bytes dropped since the last delivered one. They come behind `end`.
    dropped: u64,
    /// What waits begins with the line about dropped bytes.
    has_gap: bool,
    closed: bool,
    /// Whom to wake: there is one reader.
    reader: Option<Waker>,
    /// When: as soon as there [is more](Self::has_more_than) than so many bytes.
    wake_above: usize,
}

impl Live {
    /// For a reader that begins at this place of the log.
    pub(super) fn new(end: u64) -> Self {
        let backlog = Backlog {
            end,
            ..Backlog::default()
        };
        Self {
            backlog: Mutex::new(backlog),
        }
    }

    /// Hands over one write, whole or not at all.
    pub(super) fn push(&self, bytes: &[u8]) {
        self.change(|backlog| backlog.push(bytes));
    }

    pub(super) fn close(&self) {
        self.change(|backlog| backlog.closed = true);
    }

    /// Changes something that the reader waits for.
    fn change(&self, change: impl FnOnce(&mut Backlog)) {
        let mut backlog = self.backlog.lock();
        change(&mut backlog);
        let wakes = backlog.has_more_than(backlog.wake_above);
        let reader = if wakes { backlog.reader.take() } else { None };
        drop(backlog);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Backlog {
    /// More than so many bytes wait, or it is worse: some are dropped, or the ring is closed.
    fn has_more_than(&self, bytes: usize) -> bool {
        self.waiting.len() > bytes || self.dropped > 0 || self.closed
    }

    fn wait(&mut self, context: &Context<'_>, wake_above: usize) {
        self.reader = Some(context.waker().clone());
        self.wake_above = wake_above;
    }

    fn push(&mut self, bytes: &[u8]) {
        // Once behind, a reader gets nothing new until it has caught up: one long gap is easier to read than many.
        let is_behind = self.dropped > 0 && !self.waiting.is_empty();
        if is_behind || self.waiting.len() + bytes.len() > SUBSCRIBER_BACKLOG_BYTES {
            self.dropped += bytes.len() as u64;
        } else {
            self.mark_gap();
            self.waiting.extend_from_slice(bytes);
            self.end += bytes.len() as u64;
        }
    }

    fn take(&mut self) -> Option<Piece> {
        if self.waiting.is_empty() {
            // A gap with nothing after it is told too, once everything before it has been read.
            self.mark_gap();
        }
        (!self.waiting.is_empty()).then(|| Piece {
            bytes: std::mem::take(&mut self.waiting).freeze(),
            end: self.end,
            continues: !std::mem::take(&mut self.has_gap),
        })
    }

    /// Only while nothing waits, so that the line about a gap begins a piece.
    fn mark_gap(&mut self) {
        if self.dropped > 0 {
            let marker = format!("\n— {} bytes dropped —\n", self.dropped);
            self.waiting.extend_from_slice(marker.as_bytes());
            self.end += self.dropped;
            self.dropped = 0;
            self.has_gap = true;
        }
    }
}
