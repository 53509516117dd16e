//! Another configuration for the models, while they run: which processes fit it, and what the core is told.

use std::sync::Arc;
use std::time::Duration;

use herder_core::{ModelId, Plan};

use super::{Driver, fit, new_slots};
use crate::app::Snapshot;

/// How long requests may go on that a process serves which does not fit the configuration any more. Long answers end
/// in that time; a page with an open websocket cannot keep an old process for ever.
pub const DRAIN_BUDGET: Duration = Duration::from_secs(300);

impl Driver {
    /// Decides by another configuration from now on. Processes that fit it go on untouched; the others serve what they are
    /// serving, for [`DRAIN_BUDGET`] at most, and end. Returns the configured models whose process does not fit;
    /// `None` when herder ends, and then everything stays as it is.
    ///
    /// `snapshot` follows the one that has counted so far, and `plan` is its plan.
    pub fn reconfigure(self: &Arc<Self>, snapshot: Arc<Snapshot>, plan: Plan) -> Option<Vec<ModelId>> {
        let mut outdated = Vec::new();
        let mut applied = false;
        self.update(|state, now| {
            // Asked under the lock: the core hears of a shutdown after this is said.
            if self.closing.is_cancelled() {
                return;
            }
            applied = true;
            let known = state.slots.len();
            state
                .slots
                .extend(new_slots(&snapshot, known, &self.logs, &self.metrics));
            let roster = snapshot.roster();
            let mut leaving = Vec::new();
            for (model, slot) in roster.ids().zip(&mut state.slots) {
                let runs = slot.current.is_some();
                match roster.settings(model) {
                    Some(settings)
                        if runs && !fit::fits(&slot.settings, settings, state.herd.state(model)) =>
                    {
                        outdated.push(model);
                        leaving.push(model);
                    }
                    Some(settings) => slot.adopt(settings),
                    None if runs => leaving.push(model),
                    None => {}
                }
            }
            let read_ahead = state.read_ahead();
            state.snapshot = snapshot;
            // Before the core is asked: it speaks only if it wants another model read, and then it has the last word.
            self.prefetch_anew(state, read_ahead);
            state.herd.reconfigure(now, plan, &outdated, now + DRAIN_BUDGET);
            for model in leaving {
                let requests = state.herd.in_flight(model);
                if requests > 0 {
                    self.journal(&state.snapshot).drains(model, requests);
                }
            }
        });
        applied.then_some(outdated)
    }
}
