//! What only people want to know of a model. Nothing is decided by it.

use super::Herd;
use crate::lifecycle::Phase;
use crate::{ModelId, Timestamp};

/// What lies ahead of a model, and what its starts have come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// When it will be stopped because nobody uses it; `None` unless its idle clock runs.
    pub unloads_at: Option<Timestamp>,
    /// Starts that have failed since one succeeded, or since an operator or another configuration has wiped the slate.
    pub failed_starts: u32,
    /// The end of the pause that these failures have earned, while it lasts.
    pub retry_at: Option<Timestamp>,
    /// The sets of the matrix that it may run in, by their index in written order.
    pub sets: Vec<usize>,
}

impl Herd {
    /// What people want to know of a model.
    #[must_use]
    pub fn detail(&self, now: Timestamp, model: ModelId) -> Detail {
        let back_off = &self.back_offs[model.index()];
        let unloads_at = match self.phases[model.index()] {
            Phase::Ready { .. } => self.timers.of(model),
            Phase::Stopped
            | Phase::Starting { .. }
            | Phase::Aborting { .. }
            | Phase::Draining { .. }
            | Phase::Leaving { .. }
            | Phase::Stopping { .. } => None,
        };
        Detail {
            unloads_at,
            failed_starts: back_off.failures(),
            retry_at: back_off.failing_fast(now).map(|(_, retry_at)| retry_at),
            sets: self.planner.sets_with(model),
        }
    }
}
