//! What is going to happen, by time; what is due at the same time happens in the order it was written down.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use herder_core::Timestamp;

/// A queue of future events.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    entries: BinaryHeap<Reverse<Entry<E>>>,
    written: u64,
}

#[derive(Debug)]
struct Entry<E> {
    at: Timestamp,
    order: u64,
    event: E,
}

impl<E> Agenda<E> {
    pub(crate) fn new() -> Self {
        Self {
            entries: BinaryHeap::new(),
            written: 0,
        }
    }

    pub(crate) fn add(&mut self, at: Timestamp, event: E) {
        self.written += 1;
        let order = self.written;
        self.entries.push(Reverse(Entry { at, order, event }));
    }

    /// When the next event is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    pub(crate) fn pop(&mut self) -> Option<(Timestamp, E)> {
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl<E> Eq for Entry<E> {}
