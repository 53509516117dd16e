//! What becomes of everybody when another plan takes over: loads that it does not confirm are made anew, starts that
//! do not fit it drain, those who wait for a model that it does not have are turned away.

use std::time::Duration;

use super::dispatch::Attempt;
use super::{Herd, Shutdown};
use crate::lifecycle::{BackOff, Phase};
use crate::planner::Planner;
use crate::scheduler::queue::Waiter;
use crate::{Cause, Failure, ModelId, Plan, RequestId, Timestamp};

impl Herd {
    /// Decides by another plan from now on.
    ///
    /// - `plan.models` keeps the row of every model that it ever had and may have more.
    /// - `outdated` names models that the plan still has, but whose live start does not fit it, for instance because its
    ///   command is another one. Such a start, and that of a model which the plan does not have, is stopped: at once
    ///   when it serves nobody, else after its last request, at the latest at `drain_until`. A start that drained already
    ///   keeps its earlier deadline; it serves everybody again if it fits now.
    /// - Whoever waits for an outdated model goes on waiting; whoever waits for a removed one fails.
    /// - A load in progress goes on if both plans would now evict the same models for it. Otherwise it is given up, those
    ///   who waited for it are tried under the new plan in the order of the queue, and then the queue is.
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
        let planner_before = self.adopt(plan);
        self.turn_away_removed();
        let mut homeless = Vec::new();
        for model in self.running.clone() {
            let fits = self.is_configured(model) && !outdated.contains(&model);
            homeless.extend(self.fit(now, model, fits, drain_until));
        }
        homeless.extend(self.dissolve_contested_loads(planner_before.as_ref()));
        homeless.sort_unstable_by_key(Waiter::rank);
        for waiter in homeless {
            match self.attempt(now, waiter) {
                Attempt::Settled => {}
                Attempt::Blocked => self.enqueue(waiter),
            }
        }
        self.retry_queue(now);
        if !self.queue.iter().map(|waiter| waiter.request).eq(queue_before) {
            self.announce_positions();
        }
    }

    /// Takes the plan over, makes room for its models and forgets failures. Returns the planner that decided so far.
    fn adopt(&mut self, plan: Plan) -> Box<dyn Planner> {
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
        self.limit = plan.limit;
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
    }

    /// Makes what the process of a model does fit the new plan. Returns those who lose the load that they waited for.
    fn fit(&mut self, now: Timestamp, model: ModelId, fits: bool, drain_until: Timestamp) -> Vec<Waiter> {
        let busy = self.ledger.in_flight(model) > 0;
        let replaced = match self.phases[model.index()] {
            Phase::Starting { .. } if !fits => {
                self.stop(model, None, Cause::Reloaded);
                true
            }
            Phase::Ready { generation, .. } if !fits && busy => {
                let deadline = drain_until;
                let next = Phase::Draining { generation, deadline };
                self.enter(model, next, Cause::Reloaded);
                true
            }
            Phase::Ready { .. } if !fits => {
                self.stop(model, None, Cause::Reloaded);
                true
            }
            Phase::Draining { generation, .. } if fits => {
                let idle_since = now;
                let next = Phase::Ready {
                    generation,
                    idle_since,
                };
                self.enter(model, next, Cause::BecameReady);
                false
            }
            // The idle time may be another one.
            Phase::Ready { .. } => {
                self.refresh_timer(model);
                false
            }
            Phase::Stopped
            | Phase::Starting { .. }
            | Phase::Aborting { .. }
            | Phase::Draining { .. }
            | Phase::Leaving { .. }
            | Phase::Stopping { .. } => false,
        };
        if !replaced {
            return Vec::new();
        }
        self.drop_load(model).map_or_else(Vec::new, |load| load.waiters)
    }

    /// Gives up the loads for which the planners do not name the same victims. Comparing them, instead of making every
    /// load anew, keeps two loads that were let in beside each other from evicting each other now.
    fn dissolve_contested_loads(&mut self, before: &dyn Planner) -> Vec<Waiter> {
        let mut contested = self.loads.targets();
        contested.retain(|&target| {
            let mut others = self.running.clone();
            others.retain(|&other| other != target);
            let (mut then, mut now) = (Vec::new(), Vec::new());
            before.victims(target, &others, &mut then);
            self.planner.victims(target, &others, &mut now);
            then != now
        });
        let loads = contested.into_iter().filter_map(|target| self.drop_load(target));
        loads.flat_map(|load| load.waiters).collect()
    }
}
