//! Selectors: names that choose a target for each request (spec/http-api.md 1.8, spec/config.md 7.4).
//!
//! Which states the targets have is the core's to say; what a chosen target's name means is already known here.

use std::sync::Arc;

use herder_config::Strategy;
use herder_core::{ModelId, ModelState};
use parking_lot::Mutex;

use crate::app::Target;

/// One configured selector.
#[derive(Debug)]
pub(crate) struct Selector {
    strategy: Strategy,
    /// The names as written, and who serves them; at least one.
    targets: Vec<(String, Target)>,
    counters: Arc<Mutex<Counters>>,
}

/// What `spillover` remembers.
#[derive(Debug)]
struct Counters {
    /// For each target, the requests that this selector has sent there and that have not ended.
    open: Vec<u32>,
    /// Where the search for the next of several equals begins.
    cursor: usize,
}

/// A request's place in the counter of its target. It travels with the answer; dropping it gives the place back.
#[derive(Debug)]
pub struct Reservation {
    counters: Arc<Mutex<Counters>>,
    index: usize,
}

/// The target of one request.
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    /// Its name as written in the selector.
    pub(crate) name: &'a str,
    /// Who serves it.
    pub(crate) target: &'a Target,
    /// Held until the request has ended; only `spillover` counts.
    pub(crate) reservation: Option<Reservation>,
}

impl Selector {
    /// A selector that goes on counting where `previous` is, which has had its place in an earlier configuration. One
    /// with other targets begins anew.
    pub(crate) fn new(strategy: Strategy, targets: Vec<(String, Target)>, previous: Option<&Self>) -> Self {
        let same = previous.filter(|previous| {
            let names = targets.iter().map(|(name, _)| name);
            names.eq(previous.targets.iter().map(|(name, _)| name))
        });
        let counters = match same {
            Some(previous) => Arc::clone(&previous.counters),
            None => Arc::new(Mutex::new(Counters {
                open: vec![0; targets.len()],
                cursor: 0,
            })),
        };
        Self {
            strategy,
            targets,
            counters,
        }
    }

    /// The target for a request. `state` tells how a local model is. `None` when there is none to send it to.
    pub(crate) fn choose(&self, state: impl Fn(ModelId) -> ModelState) -> Option<Choice<'_>> {
        let states = || {
            let state = |target: &Target| match target {
                Target::Local(model) => Some(state(*model)),
                Target::Peer(_) => None,
            };
            self.targets.iter().map(|(_, target)| state(target)).collect()
        };
        let (index, reservation) = match self.strategy {
            Strategy::Pin => (0, None),
            Strategy::Warm => {
                let states: Vec<_> = states();
                (warmest(&states), None)
            }
            Strategy::Spillover { limit } => {
                let states: Vec<_> = states();
                let index = self.counters.lock().reserve(limit, &states)?;
                let counters = Arc::clone(&self.counters);
                (index, Some(Reservation { counters, index }))
            }
        };
        let (name, target) = self.targets.get(index)?;
        Some(Choice {
            name,
            target,
            reservation,
        })
    }

    /// Whether the model list calls it loaded: a local target is ready or starting; with `pin` only the first counts.
    pub(crate) fn is_loaded(&self, state: impl Fn(ModelId) -> ModelState) -> bool {
        let counted = match self.strategy {
            Strategy::Pin => 1,
            Strategy::Warm | Strategy::Spillover { .. } => self.targets.len(),
        };
        self.targets.iter().take(counted).any(|(_, target)| match target {
            Target::Local(model) => matches!(state(*model), ModelState::Ready | ModelState::Starting),
            Target::Peer(_) => false,
        })
    }
}

/// The first that is ready, else the first that starts, else the first. Peers have no state.
fn warmest(states: &[Option<ModelState>]) -> usize {
    let first = |wanted| states.iter().position(|state| *state == Some(wanted));
    first(ModelState::Ready)
        .or_else(|| first(ModelState::Starting))
        .unwrap_or(0)
}

impl Counters {
    /// Chooses a target and counts the request there. Stopping targets are passed over; *active* are those that run or
    /// have requests, *cold* the others.
    fn reserve(&mut self, limit: u32, states: &[Option<ModelState>]) -> Option<usize> {
        let mut active = Vec::new();
        let mut first_cold = None;
        for (index, state) in states.iter().enumerate() {
            let runs = match state {
                Some(ModelState::Stopping) => continue,
                Some(ModelState::Ready | ModelState::Starting) => true,
                Some(ModelState::Stopped) | None => false,
            };
            if runs || self.open[index] > 0 {
                active.push(index);
            } else {
                first_cold = first_cold.or(Some(index));
            }
        }
        let least = active.iter().map(|&index| self.open[index]).min();
        let index = match (least, first_cold) {
            (Some(least), None) => self.next_of(&active, least),
            (Some(least), Some(_)) if least < limit => self.next_of(&active, least),
            (Some(_) | None, Some(cold)) => cold,
            (None, None) => return None,
        };
        self.open[index] += 1;
        Some(index)
    }

    /// The next target, in turn, among the active ones with the least requests.
    fn next_of(&mut self, active: &[usize], least: u32) -> usize {
        let count = self.open.len();
        let cursor = self.cursor;
        let index = active
            .iter()
            .copied()
            .filter(|&index| self.open[index] == least)
            .min_by_key(|&index| (index + count - cursor) % count)
            .expect("the least is one of them");
        self.cursor = (index + 1) % count;
        index
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.counters.lock().open[self.index] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOPPED: Option<ModelState> = Some(ModelState::Stopped);
    const STARTING: Option<ModelState> = Some(ModelState::Starting);
    const READY: Option<ModelState> = Some(ModelState::Ready);
    const STOPPING: Option<ModelState> = Some(ModelState::Stopping);
    const PEER: Option<ModelState> = None;

    #[test]
    fn http_1_8_warm() {
        for (states, expected) in [
            (&[STOPPED, STOPPED][..], 0),
            (&[STARTING, READY], 1),
            (&[STOPPED, STARTING], 1),
            (&[STARTING, STARTING], 0),
            (&[STOPPING, STOPPED], 0),
            (&[READY, READY], 0),
        ] {
            assert_eq!(warmest(states), expected, "{states:?}");
        }
    }

    /// Limit, states, open requests before, cursor before, and the choice.
    type Row = (
        u32,
        &'static [Option<ModelState>],
        &'static [u32],
        usize,
        Option<usize>,
    );

    #[test]
    fn http_1_8_spillover() {
        let table: [Row; 19] = [
            // (1) nothing is active
            (1, &[STOPPED, STOPPED], &[0, 0], 1, Some(0)),
            (1, &[STOPPING, STOPPED], &[0, 0], 0, Some(1)),
            (1, &[STOPPING, STOPPING], &[0, 0], 0, None),
            (1, &[STOPPING, STOPPING], &[2, 1], 0, None),
            (1, &[PEER, STOPPED], &[0, 0], 0, Some(0)),
            // (2) room at an active one
            (1, &[STOPPED, READY], &[0, 0], 0, Some(1)),
            (2, &[READY, STOPPED], &[1, 0], 0, Some(0)),
            (2, &[READY, STARTING, STOPPED], &[1, 0, 0], 0, Some(1)),
            (1, &[READY, READY], &[0, 0], 0, Some(0)),
            (1, &[READY, READY], &[0, 0], 1, Some(1)),
            (1, &[READY, READY, READY], &[0, 0, 0], 2, Some(2)),
            (2, &[PEER, PEER], &[1, 0], 0, Some(0)),
            (2, &[STOPPED, STOPPED], &[1, 0], 0, Some(0)),
            // (3) the next cold one
            (1, &[READY, STOPPED], &[1, 0], 0, Some(1)),
            (1, &[READY, PEER], &[1, 0], 0, Some(1)),
            (2, &[STOPPING, READY, PEER, STOPPED], &[0, 2, 0, 0], 0, Some(2)),
            // (4) the least busy
            (1, &[READY, READY], &[2, 1], 0, Some(1)),
            (1, &[READY, READY], &[1, 1], 1, Some(1)),
            (1, &[READY, STOPPING], &[5, 0], 1, Some(0)),
        ];
        for (limit, states, open, cursor, expected) in table {
            let mut counters = Counters {
                open: open.to_vec(),
                cursor,
            };
            let chosen = counters.reserve(limit, states);
            assert_eq!(chosen, expected, "{limit} {states:?} {open:?} {cursor}");
            let mut after = open.to_vec();
            if let Some(chosen) = chosen {
                after[chosen] += 1;
            }
            assert_eq!(counters.open, after);
        }
    }

    #[test]
    fn places_are_given_back_and_equals_take_turns() {
        let targets = (0..3)
            .map(|index| (format!("m{index}"), Target::Local(ModelId(index))))
            .collect();
        let selector = Selector::new(Strategy::Spillover { limit: 1 }, targets, None);
        let choose = || selector.choose(|_| ModelState::Ready).expect("one is there");
        let held: Vec<_> = (0..3).map(|_| choose()).collect();
        let names: Vec<_> = held.iter().map(|choice| choice.name).collect();
        assert_eq!(names, ["m0", "m1", "m2"]);
        drop(held);
        assert_eq!(selector.counters.lock().open, [0, 0, 0]);
        let names: Vec<_> = (0..4).map(|_| choose().name).collect();
        assert_eq!(names, ["m0", "m1", "m2", "m0"]);
    }

    #[test]
    fn http_1_5_status() {
        let targets = || {
            (0..2)
                .map(|index| (format!("m{index}"), Target::Local(ModelId(index))))
                .collect()
        };
        let pin = Selector::new(Strategy::Pin, targets(), None);
        let warm = Selector::new(Strategy::Warm, targets(), None);
        for (states, by_pin, by_warm) in [
            ([ModelState::Ready, ModelState::Stopped], true, true),
            ([ModelState::Stopped, ModelState::Starting], false, true),
            ([ModelState::Stopping, ModelState::Stopping], false, false),
        ] {
            let state = |model: ModelId| states[model.index()];
            assert_eq!((pin.is_loaded(state), warm.is_loaded(state)), (by_pin, by_warm));
        }
    }
}
