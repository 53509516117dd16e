//! What becomes of everybody when another plan takes over: loads that it does not confirm are made anew, starts that
//! do not fit it drain, those who wait for a model that it does not have are turned away.

use std::time::Duration;

use super::dispatch::Attempt;
use super::{Herd, Shutdown};
use crate::lifecycle::{BackOff, Phase};
use crate::planner::Planner;
use crate::scheduler::queue::Waiter;
use crate::{Cause, Failure, ModelId, Plan, RequestId, Strategy, Timestamp};

/// Whom a planner evicts for a target that has a load. A matrix evicts nobody for a target that runs, and so says more
/// when it is asked both ways.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdict {
    as_it_is: Vec<ModelId>,
    if_it_did_not_run: Vec<ModelId>,
}

impl Herd {
    /// Decides by another plan from now on.
    ///
    /// - `plan.models` keeps the row of every model that it ever had and may have more.
    /// - `outdated` names models that the plan still has, but whose live start does not fit it, for instance because its
    ///   command is another one. Such a start, and that of a model which the plan does not have, is stopped: at once
    ///   when it serves nobody, else after its last request, at the latest at `drain_until`. A start that drained already
    ///   keeps its earlier deadline; it serves everybody again if it fits now.
    /// - Whoever waits for an outdated model goes on waiting; whoever waits for a removed one fails.
    /// - A load in progress goes on if both plans would now evict the same models for it. Otherwise it is given up; its
    ///   process, if there is one, goes on. Those who waited for it are tried under the new plan, in the order of the
    ///   queue, and then the queue is.
    /// - Limits, idle times and start budgets hold for what happens from now on, priorities for requests that come from
    ///   now on. Every back-off is cleared (decisions.md, W09). Unloads in progress go on.
    ///
    /// A plan that says the same as the one before, with nothing outdated, causes no output, except for requests whose
    /// way had become free already. During and after a shutdown nothing happens at all.
    ///
    /// # Panics
    /// When the plan has fewer rows than the one before.
    pub fn reconfigure(&mut self, now: Timestamp, plan: Plan, outdated: &[ModelId], drain_until: Timestamp) {
        if self.shutdown != Shutdown::No {
            return;
        }
        let queue_before: Vec<RequestId> = self.queue.iter().map(|waiter| waiter.request).collect();
        let planner_before = self.adopt(now, plan);
        self.turn_away_removed();
        let mut homeless = Vec::new();
        let mut replaced = Vec::new();
        for model in self.running.clone() {
            let fits = self.is_configured(model) && !outdated.contains(&model);
            if self.refit(now, model, fits, drain_until) {
                replaced.push(model);
                homeless.extend(self.dissolve(model));
            }
        }
        let mut contested = self.loads.targets();
        contested.retain(|&target| self.is_contested(target, planner_before.as_ref(), &replaced));
        for target in contested {
            homeless.extend(self.dissolve(target));
        }
        match self.strategy {
            Strategy::Fifo { limit: _ } => {
                homeless.extend(self.waiters_of_tickets());
                homeless.sort_unstable_by_key(Waiter::rank);
                for waiter in homeless {
                    match self.attempt(now, waiter) {
                        Attempt::Settled => {}
                        Attempt::Blocked => self.enqueue(now, waiter),
                    }
                }
                self.retry_queue(now);
                if !self.queue.iter().map(|waiter| waiter.request).eq(queue_before) {
                    self.say_moved();
                }
            }
            Strategy::Fair(plan) => {
                homeless.extend(self.queue.take());
                self.wait_under_fair(now, homeless);
                self.settle(now, plan);
            }
        }
    }

    /// Everybody who waits in a ticket; `fifo` has none.
    fn waiters_of_tickets(&mut self) -> Vec<Waiter> {
        let mut waiters = Vec::new();
        for model in self.fair.wanted().collect::<Vec<_>>() {
            let requests = self.fair.take(model);
            waiters.extend(requests.into_iter().map(|request| self.waiter(request, model)));
        }
        self.fair.forget_decisions();
        waiters
    }

    /// Takes the plan over, makes room for its models and forgets failures. Returns the planner that decided so far.
    fn adopt(&mut self, now: Timestamp, plan: Plan) -> Box<dyn Planner> {
        let count = plan.models.len();
        assert!(count >= self.plans.len(), "a model keeps its row for ever");
        self.phases.resize(count, Phase::Stopped);
        self.back_offs.clear();
        self.back_offs.resize(count, BackOff::default());
        self.ledger.grow(count);
        self.timers.grow(count);
        self.unload_timeouts.resize(count, Duration::ZERO);
        for (timeout, model) in self.unload_timeouts.iter_mut().zip(&plan.models) {
            if let Some(model) = model {
                *timeout = model.unload_timeout;
            }
        }
        self.plans = plan.models;
        self.strategy = plan.strategy;
        self.phase_since.resize(count, now);
        self.costs.grow(count);
        self.fair.grow(count);
        std::mem::replace(&mut self.planner, plan.planner)
    }

    /// Fails everybody who waits for a model that is not configured any more.
    fn turn_away_removed(&mut self) {
        for target in self.loads.targets() {
            if self.is_configured(target) {
                continue;
            }
            let load = self.loads.remove(target).expect("it is one of the loads");
            self.refresh_running(target);
            for waiter in load.waiters {
                self.fail(waiter.request, Failure::Removed);
            }
        }
        for waiter in self.queue.take() {
            if self.is_configured(waiter.model) {
                self.queue.insert(waiter);
            } else {
                self.fail(waiter.request, Failure::Removed);
            }
        }
        for model in self.fair.wanted().collect::<Vec<_>>() {
            if !self.is_configured(model) {
                for request in self.fair.take(model) {
                    self.fail(request, Failure::Removed);
                }
            }
        }
    }

    /// Makes what the process of a model does fit the new plan. True when its start is given up.
    fn refit(&mut self, now: Timestamp, model: ModelId, fits: bool, drain_until: Timestamp) -> bool {
        let busy = self.ledger.in_flight(model) > 0;
        match self.phases[model.index()] {
            Phase::Ready { generation, .. } if !fits && busy => {
                let deadline = drain_until;
                let next = Phase::Draining { generation, deadline };
                self.enter(now, model, next, Cause::Reloaded);
                true
            }
            Phase::Starting { .. } | Phase::Ready { .. } if !fits => {
                self.stop(now, model, None, Cause::Reloaded);
                true
            }
            Phase::Draining { generation, .. } if fits => {
                let idle_since = now;
                let next = Phase::Ready {
                    generation,
                    idle_since,
                };
                self.enter(now, model, next, Cause::BecameReady);
                false
            }
            Phase::Ready { .. } => {
                // The idle time may be another one.
                self.refresh_timer(model);
                false
            }
            Phase::Stopped
            | Phase::Starting { .. }
            | Phase::Aborting { .. }
            | Phase::Draining { .. }
            | Phase::Leaving { .. }
            | Phase::Stopping { .. } => false,
        }
    }

    /// Gives up a load. Those who waited for it are to be tried again.
    fn dissolve(&mut self, target: ModelId) -> Vec<Waiter> {
        self.drop_load(target).map_or_else(Vec::new, |load| load.waiters)
    }

    /// Whether a load must be decided anew. A neighbour that was let in beside it, because its own rules evict nobody, is
    /// not held against a load that goes on as before; so a plan that changes nothing does not let the two evict each
    /// other. But a process that is still to be started respects every neighbour to whom something has happened.
    fn is_contested(&self, target: ModelId, before: &dyn Planner, replaced: &[ModelId]) -> bool {
        let verdict = self.verdict(self.planner.as_ref(), target);
        if verdict != self.verdict(before, target) {
            return true;
        }
        let load = self.loads.get(target).expect("it is one of the loads");
        let has_changed = |victim: ModelId| {
            let own = self.verdict(self.planner.as_ref(), victim);
            replaced.contains(&victim) || own != self.verdict(before, victim)
        };
        !load.started
            && verdict
                .if_it_did_not_run
                .iter()
                .any(|&victim| !load.victims.contains(&victim) && has_changed(victim))
    }

    fn verdict(&self, planner: &dyn Planner, target: ModelId) -> Verdict {
        let mut verdict = Verdict::default();
        planner.victims(target, &self.running, &mut verdict.as_it_is);
        let others = self.running_beside(target);
        planner.victims(target, &others, &mut verdict.if_it_did_not_run);
        verdict
    }
}
