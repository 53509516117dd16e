//! The one table of deadlines. A model has at most one: the end of its start budget, of its idle time, or of its drain.

use std::collections::BTreeSet;

use crate::{ModelId, Timestamp};

#[derive(Debug)]
pub(crate) struct Timers {
    by_model: Vec<Option<Timestamp>>,
    in_order: BTreeSet<(Timestamp, ModelId)>,
}

impl Timers {
    pub(crate) fn new(model_count: usize) -> Self {
        Self {
            by_model: vec![None; model_count],
            in_order: BTreeSet::new(),
        }
    }

    /// Makes room for models that are new.
    pub(crate) fn grow(&mut self, model_count: usize) {
        self.by_model.resize(model_count, None);
    }

    /// Replaces the model's deadline.
    pub(crate) fn set(&mut self, model: ModelId, deadline: Option<Timestamp>) {
        let slot = &mut self.by_model[model.index()];
        if *slot == deadline {
            return;
        }
        if let Some(old) = slot.take() {
            self.in_order.remove(&(old, model));
        }
        if let Some(new) = deadline {
            self.in_order.insert((new, model));
        }
        *slot = deadline;
    }

    /// The model's deadline.
    pub(crate) fn of(&self, model: ModelId) -> Option<Timestamp> {
        self.by_model[model.index()]
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.in_order.first().map(|&(deadline, _)| deadline)
    }

    /// Takes out one deadline that has passed.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<ModelId> {
        let &(deadline, model) = self.in_order.first()?;
        if deadline > now {
            return None;
        }
        self.set(model, None);
        Some(model)
    }
}
