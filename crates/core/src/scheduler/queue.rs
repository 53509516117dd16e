//! The wait queue: one list for all models, higher priority first, equal priorities in order of arrival.

use std::cmp::Reverse;

use crate::{ModelId, RequestId};

/// A request that waits, here or for a load, with the rank that it had when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) request: RequestId,
    pub(crate) model: ModelId,
    pub(crate) priority: i64,
}

impl Waiter {
    /// Its place among others: less is earlier. Requests are numbered in order of arrival.
    pub(crate) fn rank(&self) -> (Reverse<i64>, RequestId) {
        (Reverse(self.priority), self.request)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    entries: Vec<Waiter>,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiter> {
        self.entries.iter()
    }

    /// Whether somebody waits for this model.
    pub(crate) fn holds(&self, model: ModelId) -> bool {
        self.entries.iter().any(|entry| entry.model == model)
    }

    /// Inserts behind those of higher priority and those of the same priority that came earlier.
    pub(crate) fn insert(&mut self, entry: Waiter) {
        let at = self.entries.partition_point(|other| other.rank() < entry.rank());
        self.entries.insert(at, entry);
    }

    /// Unknown requests are ignored.
    pub(crate) fn remove(&mut self, request: RequestId) {
        if let Some(index) = self.index(request) {
            self.entries.remove(index);
        }
    }

    /// The place of a request, counted from 1.
    pub(crate) fn position(&self, request: RequestId) -> Option<usize> {
        self.index(request).map(|index| index + 1)
    }

    /// From the end, because those who have just come are asked about most.
    fn index(&self, request: RequestId) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.request == request)
    }

    /// Takes everything out, in order. Entries that are put back with [`Queue::insert`] keep their order.
    pub(crate) fn take(&mut self) -> Vec<Waiter> {
        std::mem::take(&mut self.entries)
    }
}
