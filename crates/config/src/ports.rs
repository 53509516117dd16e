//! The numbers that `${PORT}` stands for (spec/config.md 3.2), and how they stay over a reload.
//!
//! The reference counts anew with every load, so a model that is added at the front of the alphabet moves every other
//! one to another port, which restarts all of them. Here a model keeps its number.

use std::collections::{BTreeMap, BTreeSet};

use crate::typed::{Model, Port};

/// The automatic ports that a running herder has given out, for [`reload`](crate::reload). None at all is what a
/// program that starts has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenPorts {
    by_model: BTreeMap<String, Port>,
    in_use: BTreeSet<i64>,
}

impl GivenPorts {
    /// A model of the configuration that has counted so far: it keeps its number as long as `startPort` is the same,
    /// and nobody else gets it. Call it for every model before the first [`running`](Self::running).
    pub fn configured(&mut self, id: &str, model: &Model) {
        if let Some(port) = model.port {
            self.by_model.insert(id.to_owned(), port);
        }
    }

    /// A process that was started with these settings still runs, maybe of a model that is configured in another way by
    /// now, or not at all: nobody else gets its number. A model that comes back gets it again.
    pub fn running(&mut self, id: &str, model: &Model) {
        if let Some(port) = model.port {
            self.in_use.insert(port.number);
            self.by_model.entry(id.to_owned()).or_insert(port);
        }
    }
}

/// Gives numbers to the models of one configuration, which ask one after the other in ascending order of ID.
pub(crate) struct Allocation<'given> {
    given: &'given GivenPorts,
    taken: BTreeSet<i64>,
    start: i64,
    next: i64,
    allocated: BTreeMap<String, Port>,
}

impl<'given> Allocation<'given> {
    /// Counts from `start`.
    pub(crate) fn new(start: i64, given: &'given GivenPorts) -> Self {
        let taken = given.by_model.values().map(|port| port.number);
        Self {
            given,
            taken: taken.chain(given.in_use.iter().copied()).collect(),
            start,
            next: start,
            allocated: BTreeMap::new(),
        }
    }

    /// The number of this model: the one that it has, else the lowest that nobody has.
    pub(crate) fn allocate(&mut self, id: &str) -> i64 {
        let kept = self.given.by_model.get(id);
        let port = kept.filter(|port| port.start == self.start).copied();
        let port = port.unwrap_or_else(|| Port {
            number: self.next_free(),
            start: self.start,
        });
        self.allocated.insert(id.to_owned(), port);
        port.number
    }

    /// What has been given out, by model ID.
    pub(crate) fn finish(self) -> BTreeMap<String, Port> {
        self.allocated
    }

    fn next_free(&mut self) -> i64 {
        // Ends, because every number that is taken is looked at once; and no port is near the last number.
        while self.taken.contains(&self.next) && self.next < i64::MAX {
            self.next += 1;
        }
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }
}
