//! The seed's strategy: serve what is resident, else wait in one queue (runtime.md 1.7 to 1.10).

use super::ledger::Ledger;
use super::loads::Loads;
use crate::ModelId;
use crate::lifecycle::Phase;

/// What to do with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Attach it to the load of its model that is in progress.
    Join,
    /// Serve it now.
    Grant,
    /// It cannot proceed.
    Queue,
    /// Begin a load with it as the first waiter.
    Start,
}

/// Decides about a request for `target`. `victims` is what the planner says for it now. The queue is not
/// consulted: a later arrival may pass those who wait (W01 to W04 keep it so on purpose).
pub(crate) fn decide(
    target: ModelId,
    phase: Phase,
    victims: &[ModelId],
    loads: &Loads,
    ledger: &Ledger,
) -> Decision {
    if loads.contains(target) {
        return Decision::Join;
    }
    if matches!(phase, Phase::Draining { .. }) {
        // Its own old process is like a busy victim.
        return Decision::Queue;
    }
    let collision = loads.collide_with(target, victims);
    if matches!(phase, Phase::Ready { .. }) && victims.is_empty() && !collision {
        return Decision::Grant;
    }
    let busy = victims.iter().any(|&victim| ledger.in_flight(victim) > 0);
    if collision || busy {
        Decision::Queue
    } else {
        Decision::Start
    }
}
