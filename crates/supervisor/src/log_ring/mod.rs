//! The newest output of a process, for whoever looks later and whoever watches now (spec/runtime.md 4.1-4.2).
//!
//! A ring keeps the newest [`HISTORY_BYTES`] and hands every write to its subscriptions and to the next ring. Writing
//! never waits: a subscription that does not keep up loses bytes and is told how many. A reader that comes back says how
//! far it has read, and gets what it missed as long as that is kept. What the bytes mean is not this module's business.

mod history;
mod subscription;

use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use history::History;
use subscription::Live;
pub use subscription::{Piece, SUBSCRIBER_BACKLOG_BYTES, Subscription};

/// How many bytes of history a ring keeps: 100 KiB, as the reference does.
pub const HISTORY_BYTES: usize = 102_400;

/// How many subscriptions one ring serves. Beyond it the oldest ends, so that a client that opens log streams in a
/// loop takes at most `SUBSCRIBERS * SUBSCRIBER_BACKLOG_BYTES` = 32 MiB.
const SUBSCRIBERS: usize = 128;

/// Collects the output of one or more processes.
#[derive(Debug)]
pub struct LogRing {
    state: Mutex<State>,
    /// Bytes flow there too, after they are stored here.
    next: Option<Arc<LogRing>>,
}

#[derive(Debug)]
struct State {
    history: History,
    /// All bytes ever written.
    written: u64,
    /// In the order of subscribing.
    subscribers: Vec<Weak<Live>>,
    closed: bool,
}

impl LogRing {
    /// An empty ring. It takes its memory at the first write.
    pub fn new() -> Self {
        Self::build(None)
    }

    /// An empty ring whose bytes also flow into `next`. Chains must not form a circle.
    pub fn with_next(next: Arc<Self>) -> Self {
        Self::build(Some(next))
    }

    fn build(next: Option<Arc<Self>>) -> Self {
        let state = State {
            history: History::new(HISTORY_BYTES),
            written: 0,
            subscribers: Vec::new(),
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            next,
        }
    }

    /// Appends `bytes`, exactly as they are. Never waits for a reader.
    pub fn write(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        {
            let mut state = self.state.lock();
            state.history.write(bytes);
            state.written += bytes.len() as u64;
            state.subscribers.retain(|subscriber| match subscriber.upgrade() {
                Some(live) => {
                    live.push(bytes);
                    true
                }
                None => false,
            });
        }
        if let Some(next) = &self.next {
            next.write(bytes);
        }
    }

    /// The newest bytes, at most [`HISTORY_BYTES`]. The first line may lack its beginning.
    pub fn history(&self) -> Bytes {
        self.state.lock().history.newest(HISTORY_BYTES)
    }

    /// The last `lines` lines, at most `bytes` bytes before bytes that are not UTF-8 are replaced. A final line feed
    /// is left out.
    pub fn tail(&self, lines: usize, bytes: usize) -> String {
        self.tail_since(0, lines, bytes)
    }

    /// As [`Self::tail`], of what was written after `position` (see [`Self::position`]).
    pub(crate) fn tail_since(&self, position: u64, lines: usize, bytes: usize) -> String {
        let newest = {
            let state = self.state.lock();
            let fresh = usize::try_from(state.written.saturating_sub(position)).unwrap_or(usize::MAX);
            state.history.newest(fresh.min(bytes))
        };
        let text = String::from_utf8_lossy(&newest);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let start = text
            .rmatch_indices('\n')
            .nth(lines.saturating_sub(1))
            .map_or(0, |(at, _)| at + 1);
        if lines == 0 {
            String::new()
        } else {
            text[start..].to_owned()
        }
    }

    /// The number of bytes written so far, for [`Self::tail_since`].
    pub(crate) fn position(&self) -> u64 {
        self.state.lock().written
    }

    /// The history, and a subscription to everything written after it: no byte is missing or doubled between them.
    pub fn subscribe(&self) -> (Bytes, Subscription) {
        let (history, subscription) = self.subscribe_from(None);
        (history.bytes, subscription)
    }

    /// As [`Self::subscribe`], for a reader that has read as far as `position`, the [`Piece::end`] of an earlier piece. What
    /// was written behind it comes first, perhaps nothing. Without a position, or with one that this ring does not
    /// keep any more or has never reached, all of the history comes first, and does not continue anything.
    pub fn subscribe_from(&self, position: Option<u64>) -> (Piece, Subscription) {
        let mut state = self.state.lock();
        let live = Arc::new(Live::new(state.written));
        if state.closed {
            live.close();
        } else {
            state
                .subscribers
                .retain(|subscriber| subscriber.strong_count() > 0);
            if state.subscribers.len() >= SUBSCRIBERS
                && let Some(oldest) = state.subscribers.remove(0).upgrade()
            {
                oldest.close();
            }
            state.subscribers.push(Arc::downgrade(&live));
        }
        let missed = position
            .and_then(|position| state.written.checked_sub(position))
            .and_then(|missed| usize::try_from(missed).ok())
            .filter(|missed| *missed <= state.history.len());
        let first = Piece {
            bytes: state.history.newest(missed.unwrap_or(HISTORY_BYTES)),
            end: state.written,
            continues: missed.is_some(),
        };
        (first, Subscription::new(live))
    }

    /// Forgets the history and frees its memory. Subscriptions go on.
    pub fn clear(&self) {
        self.state.lock().history.clear();
    }

    /// Ends all subscriptions, once they have read what is there, and all future ones at once. Writing and history go
    /// on.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        for live in state
            .subscribers
            .drain(..)
            .filter_map(|subscriber| subscriber.upgrade())
        {
            live.close();
        }
    }
}

impl Default for LogRing {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LogRing {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod positions;
#[cfg(test)]
mod tests;
