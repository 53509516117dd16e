//! How long somebody will probably wait (scheduling.md section 4, rule 10): what remains of stops and loads before him, and
//! what must be served before. Made of measurements and of what the configuration says; where one is missing, the answer
//! is that nobody knows.

use std::time::Duration;

use super::Herd;
use crate::lifecycle::Phase;
use crate::scheduler::fair::{Outlook, Until};
use crate::scheduler::ledger::Place;
use crate::{ModelId, RequestId, Timestamp};

impl Herd {
    /// How long a waiting request will probably go on waiting; `None` when that is not known, or it does not wait. With
    /// [`crate::Strategy::Fifo`] nobody knows before its model is being loaded.
    #[must_use]
    pub fn estimate(&self, now: Timestamp, request: RequestId) -> Option<Duration> {
        let entry = self.ledger.get(request)?;
        let position = match entry.place {
            Place::Serving => return None,
            Place::Queued => self.fair.ticket(entry.model).position(request)?,
            Place::Joined => {
                let load = self.loads.get(entry.model)?;
                1 + load.waiters.iter().position(|waiter| waiter.request == request)?
            }
        };
        self.expected_wait(now, entry.model, position)
    }

    /// The same for a request that would come now: the soonest that a refused client should try again.
    #[must_use]
    pub fn estimate_for_newcomer(&self, now: Timestamp, model: ModelId) -> Option<Duration> {
        self.plans.get(model.index())?.as_ref()?;
        let position = self.ledger.waiting_for(model) as usize + 1;
        self.expected_wait(now, model, position)
    }

    /// The wait of the request at this place among those who wait for the model, counted from 1.
    fn expected_wait(&self, now: Timestamp, model: ModelId, position: usize) -> Option<Duration> {
        if let Phase::Ready { .. } = self.phases[model.index()]
            && self.may_serve_some(model)
        {
            let free = self
                .plan(model)
                .concurrency_limit
                .saturating_sub(self.ledger.in_flight(model));
            return self.served(model, position.saturating_sub(free as usize));
        }
        let ready_at = self.ready_at(now, model, self.phases.len())?;
        let limit = self.plan(model).concurrency_limit as usize;
        let before = self.served(model, position.saturating_sub(limit))?;
        Some(ready_at.since(now).saturating_add(before))
    }

    /// Ready, and nobody wants it gone.
    fn may_serve_some(&self, model: ModelId) -> bool {
        !self.fair.is_fenced(model) && !self.loads.contains(model)
    }

    /// How long it takes until so many have been served, as many at once as the model may.
    fn served(&self, model: ModelId, requests: usize) -> Option<Duration> {
        if requests == 0 {
            return Some(Duration::ZERO);
        }
        let rounds = requests.div_ceil(self.plan(model).concurrency_limit.max(1) as usize);
        let service = self.costs.of(model).service.known()?;
        Some(service.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX)))
    }

    /// When the model will be ready for those who wait for it. `depth` bounds the chain of those ahead, each of whom
    /// ranks higher than the next.
    fn ready_at(&self, now: Timestamp, model: ModelId, depth: usize) -> Option<Timestamp> {
        let depth = depth.checked_sub(1)?;
        if self.loads.contains(model) {
            return self.loaded_at(now, model);
        }
        if let Some(fence) = self.fair.fence(model) {
            // It must leave first, and come back.
            let rival_done = self.done_at(now, fence.by, depth)?;
            return Some(rival_done + self.swap_time(model, &[fence.by])?);
        }
        let Outlook { victims, until } = self.fair.outlook(model)?;
        let begins_at = match *until {
            Until::Moment(moment) => {
                let busy = victims
                    .iter()
                    .filter(|&&victim| self.ledger.in_flight(victim) > 0);
                let mut drained = Duration::ZERO;
                for &victim in busy {
                    drained = drained.max(self.costs.of(victim).service.known()?);
                }
                moment.max(now) + drained
            }
            Until::After(other) => self.done_at(now, other, depth)?,
        };
        Some(begins_at + self.swap_time(model, victims)?)
    }

    /// When the model will have served those who wait for it now.
    fn done_at(&self, now: Timestamp, model: ModelId, depth: usize) -> Option<Timestamp> {
        let ready_at = self.ready_at(now, model, depth)?;
        let waiting = self.ledger.waiting_for(model) as usize;
        Some(ready_at + self.served(model, waiting)?)
    }

    /// When the load of a model will be complete; unknown once it has taken longer than usual.
    fn loaded_at(&self, now: Timestamp, model: ModelId) -> Option<Timestamp> {
        let load = self.loads.get(model)?;
        let in_time = |expected: Timestamp| (expected >= now).then_some(expected);
        match self.phases[model.index()] {
            Phase::Starting { .. } => in_time(self.phase_since[model.index()] + self.load_time(model)?),
            Phase::Ready { .. } => Some(now),
            Phase::Stopped
            | Phase::Aborting { .. }
            | Phase::Draining { .. }
            | Phase::Leaving { .. }
            | Phase::Stopping { .. } => {
                let mut gone_at = now;
                for &leaving in load.victims.iter().chain([&model]) {
                    match self.phases[leaving.index()] {
                        Phase::Stopped => {}
                        Phase::Starting { .. }
                        | Phase::Aborting { .. }
                        | Phase::Ready { .. }
                        | Phase::Draining { .. }
                        | Phase::Leaving { .. }
                        | Phase::Stopping { .. } => {
                            let stop = self.costs.of(leaving).stop.known()?;
                            gone_at = gone_at.max(in_time(self.phase_since[leaving.index()] + stop)?);
                        }
                    }
                }
                Some(gone_at + self.load_time(model)?)
            }
        }
    }

    /// The stops of those victims that run, and the load.
    fn swap_time(&self, model: ModelId, victims: &[ModelId]) -> Option<Duration> {
        let mut stops = Duration::ZERO;
        for &victim in victims {
            if self.phases[victim.index()].is_live() {
                stops = stops.max(self.costs.of(victim).stop.known()?);
            }
        }
        Some(stops.saturating_add(self.load_time(model)?))
    }

    /// As measured, else as the configuration says.
    pub(super) fn load_time(&self, model: ModelId) -> Option<Duration> {
        let hint = || self.plans[model.index()].as_ref()?.load_time;
        self.costs.of(model).load.known().or_else(hint)
    }
}
