//! What becomes of requests: admission, the decision, grants, failures, the drain.

use std::collections::BTreeSet;

use super::{Herd, Shutdown};
use crate::lifecycle::Phase;
use crate::scheduler::MAX_WAITING;
use crate::scheduler::fifo::{Decision, decide};
use crate::scheduler::ledger::Place;
use crate::scheduler::queue::Waiter;
use crate::{
    Failure, Generation, Limit, ModelId, Output, Refusal, RequestId, StartFailure, Strategy, Timestamp,
};

/// What one attempt to place a request has come to.
pub(super) enum Attempt {
    /// It joined, was granted, started a load or got its failure.
    Settled,
    /// It must wait in the queue.
    Blocked,
}

impl Herd {
    /// Admission (runtime.md 1.6), then the decision.
    pub(super) fn admit(&mut self, now: Timestamp, request: RequestId, model: ModelId) {
        if model.index() < self.plans.len() {
            self.fair.residency_mut(model).is_wanted(now);
        }
        match self.strategy {
            Strategy::Fifo { limit } => self.admit_fifo(now, request, model, limit),
            Strategy::Fair(plan) => self.admit_fair(now, request, model, plan),
        }
    }

    fn admit_fifo(&mut self, now: Timestamp, request: RequestId, model: ModelId, limit: Limit) {
        if let Some(refusal) = self.refusal(now, model, limit) {
            // The seed admitted everybody; what it refused later it refused as a failure (runtime.md 1.14).
            let output = match (limit, refusal) {
                (Limit::Grant, Refusal::UnknownModel) => Output::Fail {
                    request,
                    failure: Failure::UnknownModel,
                },
                (Limit::Arrival | Limit::Grant, refusal) => Output::Reject { request, refusal },
            };
            self.outputs.push_back(output);
            return;
        }
        let waiter = self.waiter(request, model);
        // What was in the way may have left without a drain, for instance a load that an operator has cancelled
        // (its exit will drain). Then those who have queued for the same model go first (W19).
        if self.queue.holds(model) && self.decide(model).0 != Decision::Queue {
            self.enqueue(now, waiter);
            self.drain(now);
            return;
        }
        match self.attempt(now, waiter) {
            Attempt::Settled => {}
            Attempt::Blocked => {
                self.enqueue(now, waiter);
                self.say_moved();
            }
        }
    }

    pub(super) fn waiter(&self, request: RequestId, model: ModelId) -> Waiter {
        Waiter {
            request,
            model,
            priority: self.plan(model).priority,
        }
    }

    pub(super) fn enqueue(&mut self, now: Timestamp, waiter: Waiter) {
        self.ledger
            .place(now, waiter.request, waiter.model, Place::Queued);
        self.queue.insert(waiter);
    }

    pub(super) fn refusal(&self, now: Timestamp, model: ModelId, limit: Limit) -> Option<Refusal> {
        let Some(Some(plan)) = self.plans.get(model.index()) else {
            return Some(Refusal::UnknownModel);
        };
        if self.shutdown != Shutdown::No {
            return Some(Refusal::ShuttingDown);
        }
        if limit == Limit::Arrival && self.ledger.reserved(model) >= plan.concurrency_limit {
            return Some(Refusal::ConcurrencyLimit);
        }
        if self.ledger.waiting() >= MAX_WAITING && self.decide(model).0 != Decision::Grant {
            return Some(Refusal::QueueFull);
        }
        self.failing_fast(now, model)
            .map(|(failures, retry_at)| Refusal::FailFast { failures, retry_at })
    }

    /// A model whose last starts failed is not tried again before its pause ends, unless it runs or is being
    /// loaded already.
    pub(super) fn failing_fast(&self, now: Timestamp, model: ModelId) -> Option<(u32, Timestamp)> {
        let resident =
            matches!(self.phases[model.index()], Phase::Ready { .. }) || self.loads.contains(model);
        if resident {
            None
        } else {
            self.back_offs[model.index()].failing_fast(now)
        }
    }

    pub(super) fn attempt(&mut self, now: Timestamp, waiter: Waiter) -> Attempt {
        let Waiter { request, model, .. } = waiter;
        if let Some((failures, retry_at)) = self.failing_fast(now, model) {
            self.fail(request, Failure::FailFast { failures, retry_at });
            return Attempt::Settled;
        }
        let (decision, victims) = self.decide(model);
        match decision {
            Decision::Join => {
                self.ledger.place(now, request, model, Place::Joined);
                let load = self
                    .loads
                    .get_mut(model)
                    .expect("join means that there is a load");
                load.waiters.push(waiter);
                Attempt::Settled
            }
            Decision::Grant => {
                self.grant(now, request, model);
                Attempt::Settled
            }
            Decision::Queue => Attempt::Blocked,
            Decision::Start => {
                self.ledger.place(now, request, model, Place::Joined);
                self.begin_load(now, model, victims, vec![waiter]);
                Attempt::Settled
            }
        }
    }

    /// What to do with a request for this model, and who would have to leave for it.
    pub(super) fn decide(&self, model: ModelId) -> (Decision, Vec<ModelId>) {
        let mut victims = Vec::new();
        if !self.loads.contains(model) {
            self.planner.victims(model, &self.running, &mut victims);
        }
        let phase = self.phases[model.index()];
        if let Phase::Ready { .. } = phase {
            // A model that has left the configuration ran beside this one, and the rules are silent about it.
            victims.retain(|&victim| self.is_configured(victim));
        }
        let decision = decide(model, phase, &victims, &self.loads, &self.ledger);
        (decision, victims)
    }

    /// Hands a ready model to a request, or refuses it where the seed did.
    pub(super) fn grant(&mut self, now: Timestamp, request: RequestId, model: ModelId) {
        if self.is_over_grant_limit(model) {
            self.fail(request, Failure::ConcurrencyLimit);
            return;
        }
        let Phase::Ready { generation, .. } = self.phases[model.index()] else {
            unreachable!("only a ready model is granted");
        };
        self.ledger.place(now, request, model, Place::Serving);
        self.refresh_timer(model);
        self.outputs.push_back(Output::Grant {
            request,
            model,
            generation,
        });
    }

    /// Whether a ready model refuses a request where the seed did: only then, not on arrival.
    pub(super) fn is_over_grant_limit(&self, model: ModelId) -> bool {
        self.strategy == Strategy::Fifo { limit: Limit::Grant }
            && self.ledger.in_flight(model) >= self.plan(model).concurrency_limit
    }

    /// Ends a request that has not been granted. It may not be in the books yet.
    pub(super) fn fail(&mut self, request: RequestId, failure: Failure) {
        if self.ledger.get(request).is_some() {
            self.ledger.remove(request);
        }
        self.outputs.push_back(Output::Fail { request, failure });
    }

    /// A start has failed: counts it and fails everybody who waited for it.
    pub(super) fn fail_start(
        &mut self,
        now: Timestamp,
        model: ModelId,
        generation: Generation,
        reason: StartFailure,
    ) {
        self.back_offs[model.index()].record_failure(now);
        let Some(load) = self.drop_load(model) else { return };
        for waiter in load.waiters {
            self.fail(waiter.request, Failure::Start { generation, reason });
        }
    }

    /// Something has changed: whoever waits is looked at again.
    pub(super) fn drain(&mut self, now: Timestamp) {
        match self.strategy {
            Strategy::Fifo { limit: _ } => self.drain_queue(now),
            Strategy::Fair(plan) => self.settle(now, plan),
        }
    }

    /// Somebody has left who waited. With `fifo` that changes positions only.
    pub(super) fn after_leaving(&mut self, now: Timestamp) {
        match self.strategy {
            Strategy::Fifo { limit: _ } => self.say_moved(),
            Strategy::Fair(plan) => self.settle(now, plan),
        }
    }

    /// A model that is still busy has a free slot. With `fifo` nobody waits for one.
    pub(super) fn after_slot_freed(&mut self, now: Timestamp, model: ModelId) {
        match self.strategy {
            Strategy::Fifo { limit: _ } => {}
            Strategy::Fair(_) if self.fair.ticket(model).is_empty() => {}
            Strategy::Fair(plan) => self.settle(now, plan),
        }
    }

    /// The load of a model is complete: its waiters go ahead.
    pub(super) fn grant_waiters(&mut self, now: Timestamp, model: ModelId, waiters: Vec<Waiter>) {
        match self.strategy {
            Strategy::Fifo { limit: _ } => {
                for waiter in waiters {
                    self.grant(now, waiter.request, model);
                }
            }
            Strategy::Fair(_) => self.grant_cohort(now, model, waiters),
        }
    }

    /// One pass over the queue after something has changed: each request is tried against the state that those
    /// before it have left; a blocked one does not block those behind it (runtime.md 1.10).
    fn drain_queue(&mut self, now: Timestamp) {
        if self.queue.is_empty() {
            return;
        }
        self.retry_queue(now);
        self.say_moved();
    }

    /// A drain of which nothing is said to those who show places.
    pub(super) fn retry_queue(&mut self, now: Timestamp) {
        // Blocked since somebody was settled last: whoever wants the same model is blocked for the same reason.
        let mut blocked = BTreeSet::new();
        for waiter in self.queue.take() {
            let stays =
                blocked.contains(&waiter.model) || matches!(self.attempt(now, waiter), Attempt::Blocked);
            if stays {
                blocked.insert(waiter.model);
                self.queue.insert(waiter);
            } else {
                blocked.clear();
            }
        }
    }

    /// Those who stay in the queue of `fifo` may have other places.
    pub(super) fn say_moved(&mut self) {
        if !self.queue.is_empty() {
            self.outputs.push_back(Output::Moved);
        }
    }
}
