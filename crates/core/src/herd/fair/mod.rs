//! The decisions of `fair` (scheduling.md section 4; numbers of rules in the comments).
//!
//! Whoever finds a model ready, unfenced and with a free slot is served at once. Everybody else waits in the ticket of
//! his model, or joins its load. After every event that may change something, and at `wake_at`, one pass goes over the
//! tickets of models that are not ready, highest rank first, each against the state that those before it have left.
//! A ticket either begins its load, or fences its victims and waits until they are idle, or waits for a moment that the
//! pass writes down: so nobody waits without an event or a timer that ends it.

mod preview;
mod victims;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::victims::Choice;
use super::{Herd, Shutdown};
use crate::lifecycle::Phase;
use crate::scheduler::fair::{Fence, Outlook, Rank, Ticket, Until, Waiting};
use crate::scheduler::ledger::Place;
use crate::scheduler::queue::Waiter;
use crate::{Failure, FairPlan, ModelId, Output, Refusal, RequestId, Timestamp};

/// A ticket that has been looked at and goes on waiting.
struct Ahead {
    model: ModelId,
    victims: Vec<ModelId>,
    due: bool,
}

/// What one look at a ticket has come to.
enum Verdict {
    /// Nobody is in the way any longer.
    Load,
    /// Its victims must drain first: nobody new is let in to them. At the moment, if any, they are broken off.
    Fence(Option<Timestamp>),
    /// Nothing to be done before this moment, or before an event.
    Wait(Option<Timestamp>),
    /// It is due, but one ahead of it is not and would be disturbed: that one must count as due.
    Press(ModelId),
}

impl Herd {
    /// Admission (rules 1 and 8), then the decision.
    pub(super) fn admit_fair(&mut self, now: Timestamp, request: RequestId, model: ModelId, plan: FairPlan) {
        if let Some(refusal) = self.refusal_fair(now, model) {
            self.outputs.push_back(Output::Reject { request, refusal });
            return;
        }
        let waiter = self.waiter(request, model);
        if self.fair.ticket(model).is_empty() && self.may_serve(model) {
            self.grant(now, request, model);
        } else if let Some(load) = self.loads.get_mut(model) {
            load.waiters.push(waiter);
            self.ledger.place(now, request, model, Place::Joined);
        } else {
            self.ledger.place(now, request, model, Place::Queued);
            self.fair.push(
                model,
                Waiting {
                    request,
                    arrived: now,
                },
            );
            self.settle(now, plan);
        }
    }

    fn refusal_fair(&self, now: Timestamp, model: ModelId) -> Option<Refusal> {
        let Some(Some(plan)) = self.plans.get(model.index()) else {
            return Some(Refusal::UnknownModel);
        };
        if self.shutdown != Shutdown::No {
            return Some(Refusal::ShuttingDown);
        }
        if self.ledger.waiting_for(model) >= plan.queue_limit && !self.may_serve(model) {
            return Some(Refusal::QueueFull);
        }
        self.failing_fast(now, model)
            .map(|(failures, retry_at)| Refusal::FailFast { failures, retry_at })
    }

    /// Ready, unfenced, and with a free slot (rules 1, 2 and 8). The planner is not asked: whoever runs beside the
    /// model already may go on doing so (W13).
    fn may_serve(&self, model: ModelId) -> bool {
        matches!(self.phases[model.index()], Phase::Ready { .. })
            && !self.fair.is_fenced(model)
            // After a reload even a ready model may wait for others to leave.
            && !self.loads.contains(model)
            && self.has_free_slot(model)
    }

    fn has_free_slot(&self, model: ModelId) -> bool {
        self.ledger.in_flight(model) < self.plan(model).concurrency_limit
    }

    /// Grants a load's waiters as far as the model has slots; the others wait in its ticket.
    pub(super) fn grant_cohort(&mut self, now: Timestamp, model: ModelId, waiters: Vec<Waiter>) {
        for waiter in waiters {
            if self.has_free_slot(model) {
                self.grant(now, waiter.request, model);
            } else {
                self.return_to_ticket(now, waiter.request);
            }
        }
    }

    /// Its load has ended without it. Nobody waits in the ticket of a model that is being loaded, so whoever is returned in
    /// order of arrival waits in that order.
    pub(super) fn return_to_ticket(&mut self, now: Timestamp, request: RequestId) {
        let entry = self.ledger.get(request).expect("it has been admitted");
        let arrived = entry.arrived;
        self.ledger.place(now, request, entry.model, Place::Queued);
        self.fair.push(entry.model, Waiting { request, arrived });
    }

    /// Another plan has taken over: those who waited elsewhere now wait here. Loads that go on are shared out in order of
    /// arrival; `fifo` may have made them in another one.
    pub(super) fn wait_under_fair(&mut self, now: Timestamp, mut homeless: Vec<Waiter>) {
        homeless.sort_unstable_by_key(|waiter| waiter.request);
        for waiter in homeless {
            match self.loads.get_mut(waiter.model) {
                Some(load) => {
                    load.waiters.push(waiter);
                    self.ledger
                        .place(now, waiter.request, waiter.model, Place::Joined);
                }
                None => self.return_to_ticket(now, waiter.request),
            }
        }
        self.loads.sort_waiters();
    }

    /// Looks at everything that waits.
    pub(super) fn settle(&mut self, now: Timestamp, plan: FairPlan) {
        self.fair.wake_at = None;
        if self.shutdown != Shutdown::No {
            return;
        }
        let mut pressed = BTreeSet::new();
        while let Some(model) = self.pass(now, plan, &pressed) {
            pressed.insert(model);
        }
        self.serve_residents(now);
        if self.fair.take_moved() {
            self.outputs.push_back(Output::Moved);
        }
    }

    /// One pass in order of rank. Stops early at a ticket that must count as due.
    fn pass(&mut self, now: Timestamp, plan: FairPlan, pressed: &BTreeSet<ModelId>) -> Option<ModelId> {
        let mut order: Vec<(Rank, ModelId)> = self
            .fair
            .wanted()
            .filter_map(|model| Some((self.rank(model, self.fair.ticket(model), plan)?, model)))
            .collect();
        order.sort_unstable();
        let mut ahead: Vec<Ahead> = Vec::new();
        let mut fences = BTreeMap::new();
        let mut outlooks = BTreeMap::new();
        let mut wake_at = None;
        for (_, model) in order {
            // What drains under an old configuration is not loaded again before it is gone.
            if let Phase::Ready { .. } | Phase::Draining { .. } = self.phases[model.index()] {
                continue;
            }
            if let Some((failures, retry_at)) = self.failing_fast(now, model) {
                for request in self.fair.take(model) {
                    self.fail(request, Failure::FailFast { failures, retry_at });
                }
                continue;
            }
            let Choice { victims, disturbs } = self.choose(now, plan, model, &ahead);
            let due_at = self.due_at(model, self.fair.ticket(model), &victims, plan);
            let due = due_at <= now || pressed.contains(&model);
            let behind = disturbs
                .map(|older| older.model)
                .or_else(|| self.loads.collision(model, &victims));
            let turns_end_at = self.turns_end_at(&victims, model, plan);
            let mut until = behind.map_or(Until::Moment(due_at.max(turns_end_at)), Until::After);
            match self.look_at(now, plan, model, &victims, due, disturbs) {
                Verdict::Load => {
                    let waiters: Vec<Waiter> = self
                        .fair
                        .take(model)
                        .into_iter()
                        .map(|request| self.waiter(request, model))
                        .collect();
                    for waiter in &waiters {
                        self.ledger.place(now, waiter.request, model, Place::Joined);
                    }
                    self.begin_load(now, model, victims, waiters);
                    continue;
                }
                Verdict::Fence(broken_off_at) => {
                    for &victim in &victims {
                        let since = self.fair.fence(victim).map_or(now, |fence| fence.since);
                        // The highest rank counts if two want the same one gone.
                        fences.entry(victim).or_insert(Fence { since, by: model });
                    }
                    wake_at = [wake_at, broken_off_at].into_iter().flatten().min();
                }
                Verdict::Wait(moment) => {
                    if let (Until::Moment(latest), Some(moment)) = (until, moment) {
                        until = Until::Moment(latest.min(moment));
                    }
                    let due_at = (!due).then_some(due_at);
                    wake_at = [wake_at, moment, due_at].into_iter().flatten().min();
                }
                Verdict::Press(other) => return Some(other),
            }
            let outlook = Outlook {
                victims: victims.clone(),
                until,
            };
            outlooks.insert(model, outlook);
            ahead.push(Ahead { model, victims, due });
        }
        self.fair.set_fences(fences);
        self.fair.set_outlooks(outlooks);
        self.fair.next = ahead.first().map(|first| first.model);
        self.fair.wake_at = wake_at;
        None
    }

    fn look_at(
        &self,
        now: Timestamp,
        plan: FairPlan,
        model: ModelId,
        victims: &[ModelId],
        due: bool,
        disturbs: Option<&Ahead>,
    ) -> Verdict {
        if let Some(older) = disturbs {
            return if due && !older.due {
                Verdict::Press(older.model)
            } else {
                Verdict::Wait(None)
            };
        }
        if self.loads.collide_with(model, victims) {
            return Verdict::Wait(None);
        }
        if !due {
            let free_at = victims.iter().map(|&victim| self.free_at(now, victim, plan));
            return match free_at.collect::<Option<Vec<Timestamp>>>() {
                None => Verdict::Wait(None),
                Some(moments) => match moments.into_iter().max().filter(|&moment| moment > now) {
                    None => Verdict::Load,
                    later => Verdict::Wait(later),
                },
            };
        }
        let turns_end_at = self.turns_end_at(victims, model, plan);
        if turns_end_at > now {
            return Verdict::Wait(Some(turns_end_at));
        }
        let busy = victims
            .iter()
            .filter(|&&victim| self.ledger.in_flight(victim) > 0);
        let fenced_since = busy.map(|&victim| self.fair.fence(victim).map_or(now, |fence| fence.since));
        match (fenced_since.max(), plan.drain_timeout) {
            (None, _) => Verdict::Load,
            (Some(_), None) => Verdict::Fence(None),
            (Some(since), Some(timeout)) if since + timeout <= now => Verdict::Load,
            (Some(since), Some(timeout)) => Verdict::Fence(Some(since + timeout)),
        }
    }

    /// Rule 7: a head start of `aging` for each step of priority.
    fn rank(&self, model: ModelId, ticket: &Ticket, plan: FairPlan) -> Option<Rank> {
        let first = ticket.first()?;
        let step = i128::try_from(plan.aging.as_nanos()).unwrap_or(i128::MAX);
        let head_start = step.saturating_mul(i128::from(self.priority(model)));
        let arrived = i128::try_from(first.arrived.0.as_nanos()).unwrap_or(i128::MAX);
        Some((arrived.saturating_sub(head_start), first.request))
    }

    /// When the ticket is due if nothing changes (section 3). One that outranks all residents it must evict is due at
    /// once; one that is outranked must first have aged past each of them.
    fn due_at(&self, model: ModelId, ticket: &Ticket, victims: &[ModelId], plan: FairPlan) -> Timestamp {
        let first = ticket
            .first()
            .expect("only tickets that hold requests are looked at");
        let cost = self.costs.swap(model, victims, self.load_hint(model));
        let rent = ticket.rent_reaches(plan.price.of(cost));
        let mut due_at = (first.arrived + plan.max_wait).min(rent.unwrap_or(first.arrived));
        let own = self.priority(model);
        let residents = victims
            .iter()
            .filter(|victim| matches!(self.phases[victim.index()], Phase::Ready { .. }))
            .map(|&victim| self.priority(victim));
        let Some(highest) = residents.max() else {
            return due_at;
        };
        if own > highest {
            due_at = first.arrived;
        }
        let steps = u32::try_from(highest.saturating_sub(own).max(0)).unwrap_or(u32::MAX);
        due_at.max(first.arrived + plan.aging.saturating_mul(steps))
    }

    /// When one that is not due may take this model's place (rule 5); `None` while it is used or wanted.
    fn free_at(&self, now: Timestamp, victim: ModelId, plan: FairPlan) -> Option<Timestamp> {
        if self.ledger.in_flight(victim) > 0 {
            return None;
        }
        match self.phases[victim.index()] {
            Phase::Ready { .. } if !self.fair.ticket(victim).is_empty() => None,
            Phase::Ready { idle_since, .. } => Some(idle_since + self.linger(victim, plan)),
            Phase::Stopped
            | Phase::Starting { .. }
            | Phase::Aborting { .. }
            | Phase::Draining { .. }
            | Phase::Leaving { .. }
            | Phase::Stopping { .. } => Some(now),
        }
    }

    fn turns_end_at(&self, victims: &[ModelId], by: ModelId, plan: FairPlan) -> Timestamp {
        let ends = victims.iter().map(|&victim| self.turn_ends_at(victim, by, plan));
        ends.max().unwrap_or_default()
    }

    /// When the turn of this model ends for one that is due (rule 3), as far as can be said now.
    fn turn_ends_at(&self, victim: ModelId, by: ModelId, plan: FairPlan) -> Timestamp {
        let over = Timestamp::default();
        let Phase::Ready { idle_since, .. } = self.phases[victim.index()] else {
            return over;
        };
        // A turn that has ended does not begin again because somebody comes while others of the victims still drain.
        let has_ended = self.fair.fence(victim).is_some_and(|fence| fence.by == by);
        if has_ended || self.priority(by) > self.priority(victim) {
            return over;
        }
        let stay = self.fair.residency(victim);
        let first = self.fair.ticket(victim).first();
        let cohort_waits = first.is_some_and(|first| first.arrived <= stay.ready_at);
        // A reload may have shortened the longest turn since this one began.
        let turn = stay.turn.min(plan.max_turn);
        let end = stay.ready_at + if cohort_waits { plan.max_turn } else { turn };
        if self.ledger.in_flight(victim) == 0 && first.is_none() {
            end.min(idle_since + self.linger(victim, plan))
        } else {
            end
        }
    }

    fn linger(&self, model: ModelId, plan: FairPlan) -> Duration {
        let cost = self.costs.swap(model, &[], self.load_hint(model));
        self.fair.residency(model).linger(plan.linger, cost)
    }

    /// The model has become ready for its load: its turn begins.
    pub(super) fn begin_turn(&mut self, now: Timestamp, model: ModelId, plan: FairPlan) {
        let victims = self.loads.get(model).map_or(&[][..], |load| &load.victims);
        let cost = self.costs.swap(model, victims, self.load_hint(model));
        let residency = self.fair.residency_mut(model);
        residency.ready_at = now;
        residency.turn = plan.turn.of(cost).min(plan.max_turn);
    }

    /// Whoever waits for a resident that is not fenced takes a free slot.
    fn serve_residents(&mut self, now: Timestamp) {
        let wanted: Vec<ModelId> = self.fair.wanted().collect();
        for model in wanted {
            while self.may_serve(model)
                && let Some(waiting) = self.fair.pop(model)
            {
                self.grant(now, waiting.request, model);
            }
        }
    }

    /// A model that has left the configuration may still be a victim.
    fn priority(&self, model: ModelId) -> i64 {
        self.plans[model.index()].as_ref().map_or(0, |plan| plan.priority)
    }

    fn load_hint(&self, model: ModelId) -> Option<Duration> {
        self.plans[model.index()].as_ref()?.load_time
    }
}
