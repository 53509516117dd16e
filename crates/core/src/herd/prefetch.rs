//! Whose files are read ahead: those of the model that is loaded next, while others still have to go (issue 6, build 3).
//!
//! That follows from the loads, the queue and the tickets, so it is looked up when everything else has been said, and only
//! what was said last is kept. Hence nobody has to take a prefetch back: when its reason is gone, so is it. Which files
//! these are and how much memory they may take is the supervisor's business.

use super::{Herd, Shutdown};
use crate::lifecycle::Phase;
use crate::{ModelId, Output, Strategy};

impl Herd {
    /// What is to be said about reading ahead, if it is another model than before.
    pub(super) fn change_of_prefetch(&mut self) -> Option<Output> {
        let model = self.prefetch_target();
        if model == self.prefetched {
            return None;
        }
        self.prefetched = model;
        Some(Output::Prefetch { model })
    }

    fn prefetch_target(&self) -> Option<ModelId> {
        if self.ledger.waiting() == 0 || self.shutdown != Shutdown::No {
            return None;
        }
        let is_starting = |model: &ModelId| matches!(self.phases[model.index()], Phase::Starting { .. });
        if self.running.iter().any(is_starting) {
            // The disk works for the start. Reading goes on if it is this one's, ahead of the process.
            return self
                .prefetched
                .filter(|model| is_starting(model) && self.loads.is_awaited(*model));
        }
        let is_stopped = |model: &ModelId| self.phases[model.index()] == Phase::Stopped;
        let loads = self.loads.iter().map(|(target, _)| target);
        let mut decided = loads.filter(|target| is_stopped(target) && self.loads.is_awaited(*target));
        let first = decided.next();
        // Of several loads whose victims leave, the one that was begun with is read to its end.
        let same = self
            .prefetched
            .filter(|&model| first == Some(model) || decided.any(|target| target == model));
        let next = match self.strategy {
            Strategy::Fifo { limit: _ } => self.queue.iter().next().map(|waiter| waiter.model),
            Strategy::Fair(_) => self.fair.next,
        };
        same.or(first).or(next.filter(is_stopped))
    }
}
