//! The tables of `fair`: who waits for what, how long each model has stayed, who is fenced. What it decides with them
//! is in `herd/fair/`, because decisions need the models' phases and the loads as well.

mod residency;
mod ticket;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::residency::Residency;
pub(crate) use self::ticket::{Ticket, Waiting};
use crate::{ModelId, RequestId, Timestamp};

/// Where a ticket stands: the earlier, the higher. The moment of its oldest arrival, moved forward by `aging` for each
/// step of priority (in nanoseconds, before the origin of time if need be). So two tickets never change places.
pub(crate) type Rank = (i128, RequestId);

/// Nobody new is let in to a resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) since: Timestamp,
    /// Whose ticket is due.
    pub(crate) by: ModelId,
}

/// What a ticket waits for, as the last look at it has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outlook {
    pub(crate) victims: Vec<ModelId>,
    pub(crate) until: Until,
}

/// When a ticket's victims can begin to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// At this moment, or when they are idle if that is later.
    Moment(Timestamp),
    /// After this one has been loaded and has served those who wait for it.
    After(ModelId),
}

/// What `fair` remembers.
#[derive(Debug)]
pub(crate) struct Fair {
    tickets: Vec<Ticket>,
    /// The models whose tickets are not empty.
    wanted: BTreeSet<ModelId>,
    /// Somebody has come or gone since [`Fair::take_moved`].
    moved: bool,
    residencies: Vec<Residency>,
    /// Residents that must leave for a ticket that is due.
    fences: BTreeMap<ModelId, Fence>,
    /// What the planner says for each model as long as the same models run.
    options: Vec<Option<Vec<Vec<ModelId>>>>,
    /// One for each model that somebody waits for and that is not there.
    outlooks: BTreeMap<ModelId, Outlook>,
    /// Whose ticket ranks highest among those that wait for a load.
    pub(crate) next: Option<ModelId>,
    /// When the decisions must be looked at again although nothing has happened.
    pub(crate) wake_at: Option<Timestamp>,
}

impl Fair {
    pub(crate) fn new(model_count: usize) -> Self {
        Self {
            tickets: std::iter::repeat_with(Ticket::default)
                .take(model_count)
                .collect(),
            wanted: BTreeSet::new(),
            moved: false,
            residencies: vec![Residency::default(); model_count],
            fences: BTreeMap::new(),
            outlooks: BTreeMap::new(),
            options: vec![None; model_count],
            next: None,
            wake_at: None,
        }
    }

    /// Makes room for models that are new. Another planner decides from now on.
    pub(crate) fn grow(&mut self, model_count: usize) {
        self.tickets.resize_with(model_count, Ticket::default);
        self.residencies.resize(model_count, Residency::default());
        self.options.clear();
        self.options.resize(model_count, None);
    }

    /// Another strategy decides from now on.
    pub(crate) fn forget_decisions(&mut self) {
        self.fences.clear();
        self.outlooks.clear();
        self.next = None;
        self.wake_at = None;
    }

    pub(crate) fn ticket(&self, model: ModelId) -> &Ticket {
        &self.tickets[model.index()]
    }

    pub(crate) fn residency(&self, model: ModelId) -> &Residency {
        &self.residencies[model.index()]
    }

    pub(crate) fn residency_mut(&mut self, model: ModelId) -> &mut Residency {
        &mut self.residencies[model.index()]
    }

    /// Models that somebody waits for, ascending.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = ModelId> {
        self.wanted.iter().copied()
    }

    pub(crate) fn push(&mut self, model: ModelId, waiting: Waiting) {
        self.tickets[model.index()].push(waiting);
        self.wanted.insert(model);
        self.moved = true;
    }

    pub(crate) fn pop(&mut self, model: ModelId) -> Option<Waiting> {
        let first = self.tickets[model.index()].pop();
        self.note_leaving(model);
        first
    }

    pub(crate) fn remove(&mut self, model: ModelId, request: RequestId) {
        self.tickets[model.index()].remove(request);
        self.note_leaving(model);
    }

    /// Takes out everybody who waits for the model, in order.
    pub(crate) fn take(&mut self, model: ModelId) -> Vec<RequestId> {
        self.wanted.remove(&model);
        self.moved = true;
        self.tickets[model.index()].take()
    }

    pub(crate) fn is_fenced(&self, model: ModelId) -> bool {
        self.fences.contains_key(&model)
    }

    pub(crate) fn fence(&self, model: ModelId) -> Option<Fence> {
        self.fences.get(&model).copied()
    }

    /// Replaces the fences.
    pub(crate) fn set_fences(&mut self, fences: BTreeMap<ModelId, Fence>) {
        self.fences = fences;
    }

    pub(crate) fn outlook(&self, model: ModelId) -> Option<&Outlook> {
        self.outlooks.get(&model)
    }

    /// What each ticket waits for, ascending by model.
    pub(crate) fn outlooks(&self) -> impl Iterator<Item = (ModelId, &Outlook)> {
        self.outlooks.iter().map(|(&model, outlook)| (model, outlook))
    }

    /// Replaces the outlooks.
    pub(crate) fn set_outlooks(&mut self, outlooks: BTreeMap<ModelId, Outlook>) {
        self.outlooks = outlooks;
    }

    /// What the planner said last for this model, if the same models still run.
    pub(crate) fn options(&self, model: ModelId) -> Option<&Vec<Vec<ModelId>>> {
        self.options[model.index()].as_ref()
    }

    pub(crate) fn remember_options(&mut self, model: ModelId, options: Vec<Vec<ModelId>>) {
        self.options[model.index()] = Some(options);
    }

    /// Other models run now.
    pub(crate) fn forget_options(&mut self) {
        self.options.fill(None);
    }

    /// Whether places may have changed since this was asked last.
    pub(crate) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Somebody has left the ticket of this model.
    fn note_leaving(&mut self, model: ModelId) {
        self.moved = true;
        if self.tickets[model.index()].is_empty() {
            self.wanted.remove(&model);
        }
    }
}
