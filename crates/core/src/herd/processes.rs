//! What becomes of processes: loads begin and advance, phases change, timers follow.

use std::time::Duration;

use super::Herd;
use crate::lifecycle::Phase;
use crate::planner::Explanation;
use crate::scheduler::loads::Load;
use crate::scheduler::queue::Waiter;
use crate::{Cause, Generation, ModelId, Output, Timestamp};

impl Herd {
    /// Commits a load: its victims are told to leave, and the target follows when they are gone.
    pub(super) fn begin_load(
        &mut self,
        now: Timestamp,
        target: ModelId,
        victims: Vec<ModelId>,
        waiters: Vec<Waiter>,
    ) {
        // A start that goes on under another configuration has been announced already.
        let goes_on = matches!(self.phases[target.index()], Phase::Starting { .. }) && victims.is_empty();
        if !goes_on {
            let explanation = self.explain(target, &victims);
            self.outputs.push_back(Output::Load {
                model: target,
                victims: victims.clone(),
                explanation,
            });
        }
        for &victim in &victims {
            // Only an abandoned load can be in the way here: any other would have been a collision.
            self.drop_load(victim);
            self.stop(now, victim, None, Cause::Evicted { by: target });
        }
        self.loads.insert(
            target,
            Load {
                victims,
                waiters,
                started: false,
            },
        );
        self.refresh_running(target);
        self.refresh_timer(target);
        self.advance_load(now, target);
    }

    /// Why these must leave. `fair` may have chosen others than the planner would have: then the explanation is that of
    /// the planner for those who stay, at the same cost.
    pub(super) fn explain(&self, target: ModelId, victims: &[ModelId]) -> Explanation {
        let own = self.planner.explain(target, &self.running);
        let mut named = Vec::new();
        self.planner.victims(target, &self.running, &mut named);
        if named == victims {
            return own;
        }
        let mut left = self.running.clone();
        left.retain(|other| *other != target && !victims.contains(other));
        match (own, self.planner.explain(target, &left)) {
            (
                Explanation::Matrix { cost, .. },
                Explanation::Matrix {
                    set,
                    combination,
                    cost: _,
                },
            ) => Explanation::Matrix {
                set,
                combination,
                cost,
            },
            (own, _) => own,
        }
    }

    /// Forgets a load. Its process, if there is one, is left as it is.
    pub(super) fn drop_load(&mut self, target: ModelId) -> Option<Load> {
        let load = self.loads.remove(target)?;
        self.refresh_running(target);
        self.refresh_timer(target);
        Some(load)
    }

    /// Carries every load as far as it can go now.
    pub(super) fn advance_loads(&mut self, now: Timestamp) {
        for target in self.loads.targets() {
            self.advance_load(now, target);
        }
    }

    fn advance_load(&mut self, now: Timestamp, target: ModelId) {
        let Some(load) = self.loads.get(target) else {
            return;
        };
        // A started load has already seen its victims leave; one that is back was let in beside it while nobody
        // waited for the load.
        let in_the_way = load
            .victims
            .iter()
            .any(|victim| self.phases[victim.index()].is_live());
        if in_the_way && !load.started {
            return;
        }
        match self.phases[target.index()] {
            Phase::Stopped => self.start(now, target),
            Phase::Ready { .. } => {
                let load = self.drop_load(target).expect("it was there a moment ago");
                self.grant_waiters(now, target, load.waiters);
            }
            Phase::Starting { .. }
            | Phase::Aborting { .. }
            | Phase::Draining { .. }
            | Phase::Leaving { .. }
            | Phase::Stopping { .. } => {}
        }
    }

    fn start(&mut self, now: Timestamp, target: ModelId) {
        self.last_generation += 1;
        let generation = Generation(self.last_generation);
        let deadline = now + self.plan(target).start_timeout;
        if let Some(load) = self.loads.get_mut(target) {
            load.started = true;
        }
        self.enter(
            now,
            target,
            Phase::Starting { generation, deadline },
            Cause::Requested,
        );
        self.outputs.push_back(Output::Start {
            model: target,
            generation,
        });
    }

    /// Tells a model's process to stop. Without a `grace` it gets its `unload_timeout`. A process that is
    /// stopping already hears of it again only when a `grace` is given, which may shorten the wait.
    pub(super) fn stop(&mut self, now: Timestamp, model: ModelId, grace: Option<Duration>, cause: Cause) {
        let (generation, next) = match self.phases[model.index()] {
            Phase::Stopped => return,
            Phase::Starting { generation, .. } => (generation, Some(Phase::Aborting { generation, cause })),
            Phase::Ready { generation, .. }
            | Phase::Draining { generation, .. }
            | Phase::Leaving { generation } => (generation, Some(Phase::Stopping { generation })),
            Phase::Aborting { generation, .. } | Phase::Stopping { generation } => {
                if grace.is_none() {
                    return;
                }
                (generation, None)
            }
        };
        if let Some(next) = next {
            self.enter(now, model, next, cause);
        }
        let grace = grace.unwrap_or(self.unload_timeouts[model.index()]);
        self.outputs.push_back(Output::Stop {
            model,
            generation,
            grace,
        });
    }

    /// The one place where a phase changes, and where loads and stops are measured.
    pub(super) fn enter(&mut self, now: Timestamp, model: ModelId, next: Phase, cause: Cause) {
        let before = std::mem::replace(&mut self.phases[model.index()], next);
        let since = std::mem::replace(&mut self.phase_since[model.index()], now);
        if let (Phase::Starting { .. }, Phase::Ready { .. }) = (before, next) {
            self.costs.of_mut(model).load.record(now.since(since));
        }
        if let (Phase::Stopping { .. }, Phase::Stopped) = (before, next) {
            self.costs.of_mut(model).stop.record(now.since(since));
        }
        let from = before.visible();
        self.refresh_running(model);
        self.refresh_timer(model);
        let to = next.visible();
        if from != to {
            self.outputs.push_back(Output::Changed {
                model,
                from,
                to,
                cause,
            });
        }
    }

    /// Keeps what planners see true after a phase or a load has changed.
    pub(super) fn refresh_running(&mut self, model: ModelId) {
        let wanted = self.phases[model.index()].is_live() || self.loads.contains(model);
        match (self.running.binary_search(&model), wanted) {
            (Ok(at), false) => {
                self.running.remove(at);
                self.fair.forget_options();
            }
            (Err(at), true) => {
                self.running.insert(at, model);
                self.fair.forget_options();
            }
            (Ok(_), true) | (Err(_), false) => {}
        }
    }

    /// Keeps the model's deadline true. The idle clock runs from readiness (T2) while the model is ready, serves
    /// nobody, and no load counts on it.
    pub(super) fn refresh_timer(&mut self, model: ModelId) {
        let deadline = match self.phases[model.index()] {
            Phase::Starting { deadline, .. } | Phase::Draining { deadline, .. } => Some(deadline),
            Phase::Ready { idle_since, .. } => self
                .plan(model)
                .ttl
                .filter(|_| self.ledger.in_flight(model) == 0 && !self.loads.contains(model))
                .map(|ttl| idle_since + ttl),
            Phase::Stopped | Phase::Aborting { .. } | Phase::Leaving { .. } | Phase::Stopping { .. } => None,
        };
        self.timers.set(model, deadline);
    }
}
