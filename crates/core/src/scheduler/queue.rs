//! The wait queue: one list for all models, higher priority first, equal priorities in order of arrival.

use crate::{ModelId, RequestId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Queued {
    pub(crate) request: RequestId,
    pub(crate) model: ModelId,
    pub(crate) priority: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    entries: Vec<Queued>,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Queued> {
        self.entries.iter()
    }

    /// Whether somebody waits for this model.
    pub(crate) fn holds(&self, model: ModelId) -> bool {
        self.entries.iter().any(|entry| entry.model == model)
    }

    /// Inserts before the first entry of strictly lower priority.
    pub(crate) fn insert(&mut self, entry: Queued) {
        let at = self
            .entries
            .partition_point(|other| other.priority >= entry.priority);
        self.entries.insert(at, entry);
    }

    pub(crate) fn remove(&mut self, request: RequestId) {
        self.entries.retain(|entry| entry.request != request);
    }

    /// Takes everything out, in order. Entries that are put back with [`Queue::insert`] keep their order.
    pub(crate) fn take(&mut self) -> Vec<Queued> {
        std::mem::take(&mut self.entries)
    }
}
