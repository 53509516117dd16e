//! Everything that the driver knows of single models, for people who ask: `GET /api/models`.

use std::sync::Arc;
use std::time::Duration;

use herder_core::{Detail, ModelCosts, ModelId, Timestamp};

use super::slot::Mishap;
use super::{Driver, Occupancy};
use crate::app::Snapshot;

/// One model, as it is.
#[derive(Debug)]
pub struct Details {
    /// Which one.
    pub model: ModelId,
    /// Its state, and who asks for it.
    pub occupancy: Occupancy,
    /// When it came into this state; `None` when it has had no other since herder began.
    pub since: Option<jiff::Timestamp>,
    /// When it will be stopped because nobody uses it.
    pub unloads_at: Option<jiff::Timestamp>,
    /// What its loads, stops and requests have taken so far.
    pub costs: ModelCosts,
    /// The sets of the matrix that it may run in, by their index in written order.
    pub sets: Vec<usize>,
    /// What went wrong and has not been mended by a successful load.
    pub mishap: Option<Mishap>,
    /// Starts that have failed in a row.
    pub failed_starts: u32,
    /// When the next start is allowed, if that is not now.
    pub retry_at: Option<jiff::Timestamp>,
}

impl Driver {
    /// The configuration that counts, and what is known of those of its models that `which` chooses.
    ///
    /// # Errors
    ///
    /// What `which` says.
    pub fn details<Error>(
        &self,
        which: impl FnOnce(&Snapshot) -> Result<Vec<ModelId>, Error>,
    ) -> Result<(Arc<Snapshot>, Vec<Details>), Error> {
        let state = self.state.lock();
        let chosen = which(&state.snapshot)?;
        let (now, clock) = (self.now(), jiff::Timestamp::now());
        let details = chosen.into_iter().map(|model| {
            let slot = &state.slots[model.index()];
            let Detail {
                unloads_at,
                failed_starts,
                retry_at,
                sets,
            } = state.herd.detail(now, model);
            Details {
                model,
                occupancy: Occupancy::of(&state.herd, model),
                since: slot.since,
                unloads_at: unloads_at.and_then(|at| on_the_wall(clock, now, at)),
                costs: state.herd.costs(model),
                sets,
                mishap: slot.mishap.clone(),
                failed_starts,
                retry_at: retry_at.and_then(|at| on_the_wall(clock, now, at)),
            }
        });
        let details = details.collect();
        Ok((Arc::clone(&state.snapshot), details))
    }
}

/// When a deadline will have come by the clock on the wall, which says `clock` now. `None` beyond its range.
fn on_the_wall(clock: jiff::Timestamp, now: Timestamp, deadline: Timestamp) -> Option<jiff::Timestamp> {
    let left: Duration = deadline.since(now);
    clock.checked_add(left).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_count_from_now() {
        let clock = jiff::Timestamp::from_second(1_000).unwrap();
        let at = |seconds| Timestamp(Duration::from_secs(seconds));
        for (deadline, expected) in [
            (at(50), jiff::Timestamp::from_second(1_010).ok()),
            (at(40), Some(clock)),
            // It is due, and the timer is on its way.
            (at(30), Some(clock)),
            (Timestamp(Duration::MAX), None),
        ] {
            assert_eq!(on_the_wall(clock, at(40), deadline), expected, "{deadline:?}");
        }
    }
}
