//! Where every admitted request is, and how many of them each model has.

use std::collections::BTreeMap;

use crate::{ModelId, RequestId, Timestamp};

/// Where an admitted request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Attached to the load of its model.
    Joined,
    /// In the queue.
    Queued,
    /// Granted and not done.
    Serving,
}

/// An admitted request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) model: ModelId,
    pub(crate) place: Place,
    pub(crate) arrived: Timestamp,
    /// Since when it is where it is.
    pub(crate) since: Timestamp,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    reserved: u32,
    in_flight: u32,
}

/// The books. `reserved` of a model is the number of its requests in here, `in_flight` of those being served.
#[derive(Debug)]
pub(crate) struct Ledger {
    requests: BTreeMap<RequestId, Entry>,
    counts: Vec<Counts>,
    serving: usize,
}

impl Ledger {
    pub(crate) fn new(model_count: usize) -> Self {
        Self {
            requests: BTreeMap::new(),
            counts: vec![Counts::default(); model_count],
            serving: 0,
        }
    }

    /// Makes room for models that are new.
    pub(crate) fn grow(&mut self, model_count: usize) {
        self.counts.resize(model_count, Counts::default());
    }

    pub(crate) fn get(&self, request: RequestId) -> Option<Entry> {
        self.requests.get(&request).copied()
    }

    pub(crate) fn reserved(&self, model: ModelId) -> u32 {
        self.counts[model.index()].reserved
    }

    pub(crate) fn in_flight(&self, model: ModelId) -> u32 {
        self.counts[model.index()].in_flight
    }

    /// Requests of a model that are joined or queued.
    pub(crate) fn waiting_for(&self, model: ModelId) -> u32 {
        let counts = self.counts[model.index()];
        counts.reserved - counts.in_flight
    }

    /// Requests that are joined or queued, over all models.
    pub(crate) fn waiting(&self) -> usize {
        self.requests.len() - self.serving
    }

    /// Records where the request now is; admits it if it is new.
    pub(crate) fn place(&mut self, now: Timestamp, request: RequestId, model: ModelId, place: Place) {
        let counts = &mut self.counts[model.index()];
        let entry = self.requests.get(&request);
        let before = entry.map(|entry| entry.place);
        let arrived = entry.map_or(now, |entry| entry.arrived);
        let entry = Entry {
            model,
            place,
            arrived,
            since: now,
        };
        self.requests.insert(request, entry);
        if before.is_none() {
            counts.reserved += 1;
        }
        match (before == Some(Place::Serving), place == Place::Serving) {
            (false, true) => {
                counts.in_flight += 1;
                self.serving += 1;
            }
            (true, false) => unreachable!("a granted request never waits again"),
            (true, true) | (false, false) => {}
        }
    }

    /// Strikes out a request that has its outcome.
    ///
    /// # Panics
    /// When the request is not in the books: giving back a slot that is not held is an error in herder
    /// (runtime.md 1.15).
    pub(crate) fn remove(&mut self, request: RequestId) -> Entry {
        let entry = self
            .requests
            .remove(&request)
            .expect("a slot is given back only by a request that holds one");
        let counts = &mut self.counts[entry.model.index()];
        counts.reserved -= 1;
        if entry.place == Place::Serving {
            counts.in_flight -= 1;
            self.serving -= 1;
        }
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a slot is given back only by a request that holds one")]
    fn giving_back_a_slot_that_is_not_held_fails_loudly() {
        Ledger::new(1).remove(RequestId(1));
    }
}
