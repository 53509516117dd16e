//! The record of swaps: which model was loaded when, for whom, who left for it, and how long everything took. Fed with what
//! the core says, kept in memory, shown by `GET /api/swaps`; each swap that has ended is one line in the log.
//!
//! A swap begins when the core commits a load and ends when the model is ready, its start has failed, or nobody wants it any
//! more. Swaps that are under way are bounded by the models, because a model has one load and one start at a time.

use std::collections::VecDeque;
use std::fmt::Write as _;

use herder_core::planner::Explanation;
use herder_core::{Cause, Failure, Herd, ModelId, ModelState, StartFailure, Timestamp};
use serde::Serialize;

use super::{Asking, Driver, Occupancy, State};
use crate::app::Snapshot;
use crate::foresight::reasons;

/// Swaps that are remembered after their end; some hundred KiB at most, and half a day of a busy machine.
pub const KEPT: usize = 200;

/// Why a model was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SwapCause"))]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A client's request.
    Request,
    /// `hooks.on_startup.preload`.
    Preload,
    /// `POST /api/models/load/{model}`.
    Operator,
}

/// How a swap ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SwapOutcome {
    /// It is under way.
    InProgress,
    /// The model is ready.
    Ready,
    /// The model's start failed.
    Failed,
    /// It was given up: nobody waited any more, another model came first, or an operator wanted it so.
    Abandoned,
}

/// One model loaded, and what it took.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Swap {
    /// Counts from 1 since herder started.
    id: u64,
    /// When the victims were told to leave; without victims, when the load began.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    began: String,
    /// When it was over; `null` while it is under way.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    ended: Option<String>,
    /// What was loaded: its id.
    model: String,
    /// For whom.
    cause: Purpose,
    /// Who left, in ascending order of id.
    victims: Vec<Leaver>,
    /// Why these, and what that cost.
    explanation: String,
    /// How long the first of those who wait had waited before the load could begin, mostly for victims to end what they
    /// served.
    drain_seconds: f64,
    /// Requests that waited for the model when the load began.
    waiting: u32,
    /// Requests that waited for it when it ended; `null` while it is under way.
    waited: Option<u32>,
    /// From the beginning until the last victim was gone; `null` without victims, or as long as some are there.
    stop_seconds: Option<f64>,
    /// From the start of the process until it was ready, or until it failed; `null` if there was none, or while it is under
    /// way.
    load_seconds: Option<f64>,
    /// How it ended.
    outcome: SwapOutcome,
    /// Why it failed or was given up; `null` otherwise.
    reason: Option<String>,
}

/// A model that left.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SwapLeaver"))]
struct Leaver {
    /// Its id.
    model: String,
    /// How long it took to stop; `null` as long as it is there.
    stop_seconds: Option<f64>,
}

/// The swaps of this life of herder.
#[derive(Debug, Default)]
pub(super) struct Swaps {
    last_id: u64,
    /// In order of beginning.
    open: Vec<Open>,
    /// At most [`KEPT`], in order of their ends.
    ended: VecDeque<Swap>,
}

#[derive(Debug)]
struct Open {
    swap: Swap,
    model: ModelId,
    began: Timestamp,
    /// In the order of `swap.victims`.
    victims: Vec<ModelId>,
    /// When the model's process was started.
    started: Option<Timestamp>,
    /// Requests that have failed instead of going on waiting, and why the last one did.
    lost: (u32, Option<Failure>),
}

/// A load that the core has committed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load<'a> {
    pub(super) model: ModelId,
    /// As the planner named them; some may not run.
    pub(super) victims: &'a [ModelId],
    pub(super) explanation: &'a Explanation,
    pub(super) demand: Demand,
}

/// Who wants a load that begins now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    pub(super) purpose: Purpose,
    /// When the first of them came.
    pub(super) since: Timestamp,
}

impl Driver {
    /// The swaps under way and the last ones that ended, the latest first, at most `limit`.
    #[must_use]
    pub fn swaps(&self, limit: usize) -> Vec<Swap> {
        self.state.lock().swaps.latest(limit)
    }
}

impl State {
    /// Who waits for this model; `asking` may do so too and has no waiter yet.
    pub(super) fn demand(&self, now: Timestamp, model: ModelId, asking: Option<Asking>) -> Demand {
        let waiters = self.waiters.values().filter(|waiter| waiter.model == model);
        let first = waiters.min_by_key(|waiter| waiter.since);
        let own = asking
            .filter(|asking| asking.model == model)
            .map(|asking| Demand {
                purpose: asking.purpose,
                since: now,
            });
        let first = first.map(|waiter| Demand {
            purpose: waiter.purpose,
            since: waiter.since,
        });
        first.or(own).unwrap_or(Demand {
            purpose: Purpose::Request,
            since: now,
        })
    }
}

impl Swaps {
    /// The core has committed a load.
    pub(super) fn begin(&mut self, now: Timestamp, herd: &Herd, snapshot: &Snapshot, load: Load<'_>) {
        let (config, roster) = (&snapshot.config, snapshot.roster());
        let Load { model, demand, .. } = load;
        let leaves = |victim: &ModelId| herd.state(*victim) != ModelState::Stopped;
        let mut victims: Vec<ModelId> = load.victims.iter().copied().filter(leaves).collect();
        victims.sort_by(|left, right| roster.name(*left).cmp(roster.name(*right)));
        let leaver = |victim: &ModelId| Leaver {
            model: roster.name(*victim).to_owned(),
            stop_seconds: None,
        };
        self.last_id += 1;
        let swap = Swap {
            id: self.last_id,
            began: format!("{:.3}", jiff::Timestamp::now()),
            ended: None,
            model: roster.name(model).to_owned(),
            cause: demand.purpose,
            victims: victims.iter().map(leaver).collect(),
            explanation: reasons::of_swap(config, roster, model, &victims, load.explanation),
            drain_seconds: now.since(demand.since).as_secs_f64(),
            waiting: Occupancy::of(herd, model).waiting,
            waited: None,
            stop_seconds: None,
            load_seconds: None,
            outcome: SwapOutcome::InProgress,
            reason: None,
        };
        self.open.push(Open {
            swap,
            model,
            began: now,
            victims,
            started: None,
            lost: (0, None),
        });
    }

    /// For whom this model is being loaded, if it is.
    pub(super) fn purpose(&self, model: ModelId) -> Option<Purpose> {
        let open = self.open.iter().rfind(|open| open.model == model);
        open.map(|open| open.swap.cause)
    }

    /// A request that waited for this model has failed.
    pub(super) fn lose(&mut self, model: ModelId, failure: Failure) {
        for open in self.open.iter_mut().filter(|open| open.model == model) {
            open.lost = (open.lost.0 + 1, Some(failure));
        }
    }

    /// A model has changed its visible state. Returns what is to be logged. `waiting` requests wait for it.
    pub(super) fn change(
        &mut self,
        now: Timestamp,
        model: ModelId,
        to: ModelState,
        cause: Cause,
        waiting: u32,
    ) -> Vec<String> {
        match to {
            ModelState::Starting => {
                let begun = self.open.iter_mut().filter(|open| open.model == model);
                begun.for_each(|open| open.started = Some(now));
                Vec::new()
            }
            ModelState::Ready => self.end(now, waiting, SwapOutcome::Ready, None, |open| {
                open.model == model && open.started.is_some()
            }),
            ModelState::Stopping => Vec::new(),
            ModelState::Stopped => {
                for open in &mut self.open {
                    open.has_left(now, model);
                }
                let (outcome, reason) = ending(cause);
                self.end(now, waiting, outcome, Some(reason), |open| {
                    open.model == model && open.started.is_some()
                })
            }
        }
    }

    /// Everything that the core has said about one event is done: loads that it has dropped without a word are over.
    pub(super) fn settle(&mut self, now: Timestamp, herd: &Herd) -> Vec<String> {
        let dropped = |open: &Open| open.started.is_none() && !herd.is_loading(open.model);
        // Only others had to leave, it ran all the time.
        let ready = |open: &Open| dropped(open) && herd.state(open.model) == ModelState::Ready;
        let mut lines = self.end(now, 0, SwapOutcome::Ready, None, ready);
        lines.extend(self.end(now, 0, SwapOutcome::Abandoned, None, dropped));
        lines
    }

    fn end(
        &mut self,
        now: Timestamp,
        waited: u32,
        outcome: SwapOutcome,
        reason: Option<&str>,
        which: impl Fn(&Open) -> bool,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        for mut open in self.open.extract_if(.., |open| which(open)) {
            let (lost, last_failure) = open.lost;
            open.swap.waited = Some(waited.saturating_add(lost));
            open.swap.load_seconds = open.started.map(|started| now.since(started).as_secs_f64());
            open.swap.ended = Some(format!("{:.3}", jiff::Timestamp::now()));
            open.swap.outcome = outcome;
            let given_up = (outcome == SwapOutcome::Abandoned).then(|| given_up(last_failure));
            open.swap.reason = reason.or(given_up).map(str::to_owned);
            lines.push(line(&open.swap));
            if self.ended.len() == KEPT {
                self.ended.pop_front();
            }
            self.ended.push_back(open.swap);
        }
        lines
    }

    fn latest(&self, limit: usize) -> Vec<Swap> {
        let open = self.open.iter().map(|open| &open.swap);
        let mut swaps: Vec<&Swap> = open.chain(&self.ended).collect();
        swaps.sort_unstable_by_key(|swap| std::cmp::Reverse(swap.id));
        swaps.into_iter().take(limit).cloned().collect()
    }
}

impl Open {
    fn has_left(&mut self, now: Timestamp, model: ModelId) {
        let took = now.since(self.began).as_secs_f64();
        let place = self.victims.iter().position(|victim| *victim == model);
        let Some(leaver) = place.and_then(|place| self.swap.victims.get_mut(place)) else {
            return;
        };
        // It may have come back beside the load, and left again.
        leaver.stop_seconds.get_or_insert(took);
        if self
            .swap
            .victims
            .iter()
            .all(|leaver| leaver.stop_seconds.is_some())
        {
            self.swap.stop_seconds.get_or_insert(took);
        }
    }
}

/// How a swap has ended whose process is gone before it was ready.
fn ending(cause: Cause) -> (SwapOutcome, &'static str) {
    match cause {
        Cause::StartFailed(reason) => (SwapOutcome::Failed, failed_start(reason)),
        Cause::Evicted { by: _ } => (SwapOutcome::Abandoned, "another model came first"),
        Cause::Unloaded => (SwapOutcome::Abandoned, "it was unloaded"),
        Cause::Reloaded => (SwapOutcome::Abandoned, "the configuration changed"),
        Cause::ShuttingDown => (SwapOutcome::Abandoned, "herder ends"),
        Cause::Requested | Cause::BecameReady | Cause::Idle | Cause::Crashed | Cause::Stopped => {
            (SwapOutcome::Abandoned, "its process ended")
        }
    }
}

/// Why a start came to nothing.
pub(super) fn failed_start(reason: StartFailure) -> &'static str {
    match reason {
        StartFailure::Spawn => "its command could not be run",
        StartFailure::Exited => "its process ended before it was ready",
        StartFailure::TimedOut => "it was not ready in time",
    }
}

/// Why a load was dropped before its process was started, from what became of those who waited for it.
fn given_up(last_failure: Option<Failure>) -> &'static str {
    match last_failure {
        None => "nobody waits for it any longer",
        Some(Failure::Unloaded) => "it was unloaded",
        Some(Failure::ShuttingDown) => "herder ends",
        Some(Failure::Removed | Failure::UnknownModel) => "the configuration changed",
        Some(Failure::Start { .. } | Failure::FailFast { .. }) => "its starts fail",
        Some(Failure::ConcurrencyLimit) => "it serves as many requests as it may",
    }
}

/// `swapped b, c out for a: 3 waited, stop 0.4 s, load 12.1 s (set "big": cost 3)`
fn line(swap: &Swap) -> String {
    let model = &swap.model;
    let names: Vec<&str> = swap.victims.iter().map(|victim| victim.model.as_str()).collect();
    let names = names.join(", ");
    let mut line = match (swap.outcome, names.as_str()) {
        (SwapOutcome::Ready | SwapOutcome::InProgress, "") => format!("loaded {model}"),
        (SwapOutcome::Ready | SwapOutcome::InProgress, names) => format!("swapped {names} out for {model}"),
        (SwapOutcome::Failed, "") => format!("could not load {model}"),
        (SwapOutcome::Failed, names) => format!("could not load {model}, {names} left for it"),
        (SwapOutcome::Abandoned, "") => format!("gave up loading {model}"),
        (SwapOutcome::Abandoned, names) => format!("gave up loading {model}, {names} left for it"),
    };
    if let Some(reason) = &swap.reason {
        line += ", because ";
        line += reason;
    }
    write!(line, ": {} waited", swap.waited.unwrap_or(swap.waiting)).expect("a text takes everything");
    for (what, seconds) in [("stop", swap.stop_seconds), ("load", swap.load_seconds)] {
        if let Some(seconds) = seconds {
            write!(line, ", {what} {seconds:.1} s").expect("a text takes everything");
        }
    }
    if !swap.victims.is_empty() {
        write!(line, " ({})", swap.explanation).expect("a text takes everything");
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use herder_core::{CommandId, Generation, Output, RequestId};

    use super::*;
    use crate::fixtures::{config, model};
    use crate::plan::plan;
    use crate::roster::Roster;

    fn swap(outcome: SwapOutcome, victims: &[&str], reason: Option<&str>) -> Swap {
        let leaver = |name: &&str| Leaver {
            model: (*name).to_owned(),
            stop_seconds: Some(0.4),
        };
        Swap {
            id: 1,
            began: String::new(),
            ended: None,
            model: "a".to_owned(),
            cause: Purpose::Request,
            victims: victims.iter().map(leaver).collect(),
            explanation: "set \"big\": cost 3".to_owned(),
            drain_seconds: 2.0,
            waiting: 1,
            waited: Some(3),
            stop_seconds: (!victims.is_empty()).then_some(0.4),
            load_seconds: Some(12.06),
            outcome,
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn each_swap_is_one_line() {
        let table = [
            (
                swap(SwapOutcome::Ready, &["b", "c"], None),
                "swapped b, c out for a: 3 waited, stop 0.4 s, load 12.1 s (set \"big\": cost 3)",
            ),
            (
                swap(SwapOutcome::Ready, &[], None),
                "loaded a: 3 waited, load 12.1 s",
            ),
            (
                swap(SwapOutcome::Failed, &["b"], Some("it was not ready in time")),
                "could not load a, b left for it, because it was not ready in time: \
                 3 waited, stop 0.4 s, load 12.1 s (set \"big\": cost 3)",
            ),
            (
                swap(SwapOutcome::Abandoned, &[], Some("it was unloaded")),
                "gave up loading a, because it was unloaded: 3 waited, load 12.1 s",
            ),
        ];
        for (swap, expected) in table {
            assert_eq!(line(&swap), expected);
        }
    }

    #[test]
    fn only_the_last_swaps_are_kept() {
        let config = config([("a", model("", ""))]);
        let roster = Roster::new(&config);
        let herd = Herd::new(plan(&config, &roster).unwrap());
        let snapshot = Snapshot::new(config, roster).unwrap();
        let (mut swaps, now, a) = (Swaps::default(), Timestamp(Duration::from_secs(9)), ModelId(0));
        for _ in 0..KEPT + 3 {
            let load = Load {
                model: a,
                victims: &[],
                explanation: &Explanation::Groups,
                demand: Demand {
                    purpose: Purpose::Request,
                    since: Timestamp(Duration::from_secs(7)),
                },
            };
            swaps.begin(now, &herd, &snapshot, load);
            assert!(
                swaps
                    .change(now, a, ModelState::Starting, Cause::Requested, 1)
                    .is_empty()
            );
            assert_eq!(
                swaps
                    .change(now, a, ModelState::Ready, Cause::BecameReady, 1)
                    .len(),
                1
            );
        }
        assert!(swaps.open.is_empty());
        let latest = swaps.latest(usize::MAX);
        let ids: Vec<u64> = latest.iter().map(|swap| swap.id).collect();
        assert_eq!(ids, (4..=203).rev().collect::<Vec<u64>>());
        assert_eq!(latest[0].drain_seconds.to_bits(), 2.0_f64.to_bits());
    }

    /// `a` and `b` exclude each other and `b` is ready. A request for `a` has begun a swap.
    fn begun() -> (Herd, Swaps, Timestamp) {
        let config = config([("a", model("", "")), ("b", model("", ""))]);
        let roster = Roster::new(&config);
        let mut herd = Herd::imagine(plan(&config, &roster).unwrap(), &[ModelId(1)]);
        let snapshot = Snapshot::new(config, roster).unwrap();
        let (mut swaps, now) = (Swaps::default(), Timestamp(Duration::from_secs(9)));
        herd.handle_request(now, RequestId(1), ModelId(0));
        while let Some(output) = herd.poll_output() {
            if let Output::Load {
                model,
                victims,
                explanation,
            } = output
            {
                let load = Load {
                    model,
                    victims: &victims,
                    explanation: &explanation,
                    demand: Demand {
                        purpose: Purpose::Request,
                        since: now,
                    },
                };
                swaps.begin(now, &herd, &snapshot, load);
            }
        }
        assert_eq!(swaps.settle(now, &herd), [""; 0], "b is still leaving");
        assert_eq!(swaps.latest(1)[0].victims[0].model, "b");
        (herd, swaps, now)
    }

    #[test]
    fn a_swap_that_was_dropped_without_a_word_is_over() {
        let (mut herd, mut swaps, now) = begun();
        herd.handle_cancel(now, RequestId(1));
        assert_eq!(
            swaps.settle(now, &herd),
            [
                "gave up loading a, b left for it, because nobody waits for it any longer: 0 waited \
              (models of no group take turns)"
            ]
        );
        let (mut herd, mut swaps, now) = begun();
        herd.unload(now, CommandId(1), &[ModelId(0)], None);
        swaps.lose(ModelId(0), Failure::Unloaded);
        assert_eq!(
            swaps.settle(now, &herd),
            [
                "gave up loading a, b left for it, because it was unloaded: 1 waited (models of no group take turns)"
            ]
        );
        assert!(swaps.open.is_empty());
    }

    #[test]
    fn whoever_failed_before_the_end_has_waited_too() {
        let (_, mut swaps, now) = begun();
        let later = |seconds| Timestamp(now.0 + Duration::from_secs(seconds));
        let (a, b) = (ModelId(0), ModelId(1));
        swaps.change(later(1), b, ModelState::Stopped, Cause::Stopped, 0);
        swaps.change(later(1), a, ModelState::Starting, Cause::Requested, 1);
        let reason = StartFailure::TimedOut;
        let generation = Generation(2);
        swaps.lose(a, Failure::Start { generation, reason });
        assert_eq!(
            swaps.change(later(4), a, ModelState::Stopped, Cause::StartFailed(reason), 0),
            [
                "could not load a, b left for it, because it was not ready in time: 1 waited, stop 1.0 s, load 3.0 s \
              (models of no group take turns)"
            ]
        );
        assert_eq!(swaps.latest(9)[0].outcome, SwapOutcome::Failed);
    }
}
