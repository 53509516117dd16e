//! The captures of the last requests, within a budget. They are kept as they are while there is room, and compressed,
//! the oldest first, when there is none and time to do so; then the oldest leave.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use parking_lot::Mutex;

use super::text::{Capture, Lengths};
use super::{Finished, Pending};

/// The captures.
#[derive(Debug)]
pub struct Captures {
    pending: Arc<Pending>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Of all items.
    bytes: usize,
    /// In ascending order of id, which is the order in which they came.
    items: VecDeque<Item>,
    /// So many of the oldest have been compressed, or tried to.
    packed: usize,
}

#[derive(Debug)]
struct Item {
    id: i64,
    lengths: Lengths,
    content: Content,
}

/// The text of a capture. Cheap to clone.
#[derive(Debug, Clone)]
enum Content {
    Plain(Bytes),
    Packed(Bytes),
}

/// Whether there is time to compress captures. It takes some fifty microseconds for a small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::activity) enum Pace {
    Calm,
    Hurried,
}

impl Captures {
    /// Captures in at most `budget` bytes, compressed if need be; 0 switches them off.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self {
            pending: Arc::new(Pending {
                bytes: AtomicUsize::new(0),
                budget: AtomicUsize::new(budget),
            }),
            kept: Mutex::default(),
        }
    }

    /// Whether there is room for any.
    #[must_use]
    pub fn are_on(&self) -> bool {
        self.pending.budget() > 0
    }

    /// Another budget; the oldest captures leave until it holds. It may take a while to compress some before.
    pub(in crate::activity) fn set_budget(&self, budget: usize) {
        self.pending.budget.store(budget, Ordering::Relaxed);
        self.settle(Pace::Calm);
    }

    /// How many are compressed, what all take by the books, and what they take.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        let kept = self.kept.lock();
        let bytes = kept.items.iter().map(|item| item.content.len()).sum();
        (kept.packed, kept.bytes, bytes)
    }

    pub(super) fn pending(&self) -> &Arc<Pending> {
        &self.pending
    }

    /// Whether there is one for this row.
    #[must_use]
    pub fn contains(&self, id: i64) -> bool {
        self.kept.lock().position(id).is_some()
    }

    /// The capture of a row. It takes a while to decompress a large one.
    #[must_use]
    pub fn get(&self, id: i64) -> Option<Capture> {
        let (lengths, content) = {
            let kept = self.kept.lock();
            let item = &kept.items[kept.position(id)?];
            (item.lengths, item.content.clone())
        };
        match content {
            Content::Plain(text) => Capture::read(id, &text, lengths),
            // What we have compressed ourselves decompresses.
            Content::Packed(packed) => Capture::read(id, &unpack(&packed).ok()?, lengths),
        }
    }

    /// Keeps the capture of a row, which is younger than all others. One that is larger than the budget is compressed first,
    /// which takes a while, and not kept when that does not suffice. [`Self::settle`] must follow.
    pub(in crate::activity) fn insert(&self, id: i64, finished: Finished) {
        let Finished { text, lengths, .. } = finished;
        let budget = self.pending.budget();
        let content = if text.len() <= budget {
            Content::Plain(text)
        } else {
            let packed = pack(&text).ok().filter(|packed| packed.len() <= budget);
            let Some(packed) = packed else { return };
            Content::Packed(Bytes::from(packed))
        };
        let mut kept = self.kept.lock();
        kept.bytes += content.len();
        kept.items.push_back(Item { id, lengths, content });
    }

    /// Makes the budget hold: with enough time by compressing, and if that does not suffice by forgetting the oldest.
    pub(in crate::activity) fn settle(&self, pace: Pace) {
        match pace {
            Pace::Calm => {
                while let Some((id, text)) = self.next_to_pack() {
                    // Not under the lock: who looks at a capture does not wait.
                    let packed = pack(&text).ok().filter(|packed| packed.len() < text.len());
                    self.kept.lock().replace(id, packed);
                }
            }
            Pace::Hurried => {}
        }
        let mut kept = self.kept.lock();
        // Read under the lock: nobody lowers it in between.
        kept.shrink_to(self.pending.budget());
    }

    /// The oldest capture that is not compressed, if the budget does not hold.
    fn next_to_pack(&self) -> Option<(i64, Bytes)> {
        let mut kept = self.kept.lock();
        while kept.bytes > self.pending.budget() {
            let item = kept.items.get(kept.packed)?;
            match &item.content {
                Content::Plain(text) => return Some((item.id, text.clone())),
                Content::Packed(_) => kept.packed += 1,
            }
        }
        None
    }
}

impl Kept {
    fn position(&self, id: i64) -> Option<usize> {
        self.items.binary_search_by_key(&id, |item| item.id).ok()
    }

    /// Puts the compressed text in the place of the plain one; `None`: it does not shrink.
    fn replace(&mut self, id: i64, packed: Option<Vec<u8>>) {
        // It may have left meanwhile, or somebody else was quicker.
        if self.items.get(self.packed).is_some_and(|item| item.id == id) {
            self.packed += 1;
            if let Some(packed) = packed {
                let content = &mut self.items[self.packed - 1].content;
                self.bytes -= content.len();
                self.bytes += packed.len();
                *content = Content::Packed(Bytes::from(packed));
            }
        }
    }

    fn shrink_to(&mut self, budget: usize) {
        while self.bytes > budget
            && let Some(oldest) = self.items.pop_front()
        {
            self.bytes -= oldest.content.len();
            self.packed = self.packed.saturating_sub(1);
        }
    }
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::Plain(text) | Self::Packed(text) => text.len(),
        }
    }
}

fn pack(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    let mut packed = encoder.finish()?;
    packed.shrink_to_fit();
    Ok(packed)
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    DeflateDecoder::new(packed).read_to_end(&mut text)?;
    Ok(text)
}
