//! The requests that have no outcome yet, also by model, so that an examination costs no more when many wait.

use std::collections::{BTreeMap, BTreeSet};

use herder_core::{Generation, ModelId, RequestId};

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) model: ModelId,
    /// The model's when it came.
    pub(super) priority: i64,
    pub(super) granted: Option<Generation>,
}

#[derive(Debug, Default)]
pub(super) struct OpenRequests {
    requests: BTreeMap<RequestId, Open>,
    by_model: BTreeMap<ModelId, Own>,
    waiting: usize,
}

/// The open requests of one model.
#[derive(Debug, Default)]
struct Own {
    waiting: BTreeSet<RequestId>,
    in_flight: u32,
}

impl OpenRequests {
    /// A request arrives.
    pub(super) fn insert(&mut self, request: RequestId, model: ModelId, priority: i64) {
        let granted = None;
        let open = Open {
            model,
            priority,
            granted,
        };
        self.requests.insert(request, open);
        self.by_model.entry(model).or_default().waiting.insert(request);
        self.waiting += 1;
    }

    /// A waiting request has its turn.
    pub(super) fn grant(&mut self, request: RequestId, generation: Generation) {
        let open = self.requests.get_mut(&request).expect("it is waiting");
        open.granted = Some(generation);
        let own = self.by_model.entry(open.model).or_default();
        own.waiting.remove(&request);
        own.in_flight += 1;
        self.waiting -= 1;
    }

    /// A request has its outcome.
    pub(super) fn remove(&mut self, request: RequestId) -> Option<Open> {
        let open = self.requests.remove(&request)?;
        let own = self.by_model.entry(open.model).or_default();
        if own.waiting.remove(&request) {
            self.waiting -= 1;
        } else {
            own.in_flight -= 1;
        }
        Some(open)
    }

    pub(super) fn get(&self, request: RequestId) -> Option<Open> {
        self.requests.get(&request).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// How many wait, over all models.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether one is being served.
    pub(super) fn any_in_flight(&self) -> bool {
        self.requests.len() > self.waiting
    }

    /// The one that came first.
    pub(super) fn first_waiting(&self, model: ModelId) -> Option<RequestId> {
        self.by_model.get(&model)?.waiting.first().copied()
    }

    /// One that waits for the same model, came earlier and ranks no lower.
    pub(super) fn first_of_rank(&self, request: RequestId) -> Option<RequestId> {
        let open = self.requests.get(&request)?;
        let own = self.by_model.get(&open.model)?;
        let mut earlier = own.waiting.range(..request).copied();
        earlier.find(|earlier| {
            self.requests
                .get(earlier)
                .is_some_and(|other| other.priority >= open.priority)
        })
    }

    /// All that wait, with their places among those for the same model, counted from 1.
    pub(super) fn all_waiting(&self) -> impl Iterator<Item = (RequestId, usize, &Open)> {
        self.by_model.values().flat_map(|own| {
            let in_order = own.waiting.iter().zip(1..);
            in_order.map(|(request, place)| (*request, place, &self.requests[request]))
        })
    }

    pub(super) fn in_flight(&self, model: ModelId) -> u32 {
        self.by_model.get(&model).map_or(0, |own| own.in_flight)
    }

    pub(super) fn reserved(&self, model: ModelId) -> u32 {
        self.by_model
            .get(&model)
            .map_or(0, |own| own.waiting.len() as u32 + own.in_flight)
    }
}
