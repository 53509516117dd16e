//! The loads in progress: a target, those who leave for it, those who wait for it.

use std::collections::BTreeMap;

use super::queue::Waiter;
use crate::ModelId;

#[derive(Debug)]
pub(crate) struct Load {
    /// Fixed when the load begins, as the planner named them.
    pub(crate) victims: Vec<ModelId>,
    /// In order of joining.
    pub(crate) waiters: Vec<Waiter>,
    /// The victims are gone and the target's process has been asked for.
    pub(crate) started: bool,
}

impl Load {
    /// Everybody it was meant for has left. Only a started load may be in this state; it goes on until somebody
    /// else needs its place (W07, W08).
    fn is_abandoned(&self) -> bool {
        self.waiters.is_empty()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Loads {
    by_target: BTreeMap<ModelId, Load>,
}

impl Loads {
    pub(crate) fn contains(&self, target: ModelId) -> bool {
        self.by_target.contains_key(&target)
    }

    pub(crate) fn get(&self, target: ModelId) -> Option<&Load> {
        self.by_target.get(&target)
    }

    pub(crate) fn get_mut(&mut self, target: ModelId) -> Option<&mut Load> {
        self.by_target.get_mut(&target)
    }

    pub(crate) fn insert(&mut self, target: ModelId, load: Load) {
        self.by_target.insert(target, load);
    }

    pub(crate) fn remove(&mut self, target: ModelId) -> Option<Load> {
        self.by_target.remove(&target)
    }

    /// Puts those who wait for each load in order of arrival.
    pub(crate) fn sort_waiters(&mut self) {
        for load in self.by_target.values_mut() {
            load.waiters.sort_unstable_by_key(|waiter| waiter.request);
        }
    }

    /// Whether this model is being loaded and somebody waits for that.
    pub(crate) fn is_awaited(&self, target: ModelId) -> bool {
        self.get(target).is_some_and(|load| !load.is_abandoned())
    }

    pub(crate) fn targets(&self) -> Vec<ModelId> {
        self.by_target.keys().copied().collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ModelId, &Load)> {
        self.by_target.iter().map(|(&target, load)| (target, load))
    }

    /// Whether loading `target` at the cost of `victims` would disturb a load that somebody waits for, or be
    /// disturbed by it (runtime.md 1.8). The target's own load is not looked at, there is none.
    pub(crate) fn collide_with(&self, target: ModelId, victims: &[ModelId]) -> bool {
        self.collision(target, victims).is_some()
    }

    /// The target of such a load.
    pub(crate) fn collision(&self, target: ModelId, victims: &[ModelId]) -> Option<ModelId> {
        self.iter()
            .filter(|(_, load)| !load.is_abandoned())
            .find(|(other, load)| {
                victims.contains(other)
                    || load.victims.contains(&target)
                    || load.victims.iter().any(|victim| victims.contains(victim))
            })
            .map(|(other, _)| other)
    }
}
