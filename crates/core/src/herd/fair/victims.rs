//! Who leaves for whom under `fair`: the planner says which sets of victims would do, this file takes the one that hurts
//! least, and finds out whom that would make wait longer (scheduling.md section 4, rule 6).

use super::{Ahead, Herd};
use crate::lifecycle::Phase;
use crate::{FairPlan, ModelId, Timestamp};

/// The victims of one ticket.
pub(super) struct Choice<'a> {
    pub(super) victims: Vec<ModelId>,
    /// One who is ahead and would be made to wait longer, whichever victims are taken.
    pub(super) disturbs: Option<&'a Ahead>,
}

/// How much it hurts that a model leaves; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hurt {
    /// It is on its way out, or is loaded for nobody, or has been drained for this ticket.
    None,
    /// It is idle. The longer it has been, the less it is missed.
    Idle(Timestamp),
    /// It is being drained for this ticket. To change one's mind now lets others in again, so nobody does it for less
    /// than a place that is free.
    Draining,
    /// It is kept for clients who usually come back.
    Lingering(Timestamp),
    /// It is used or wanted.
    Busy,
    /// It is being loaded for somebody.
    Loading,
}

impl Herd {
    /// Takes the victims that hurt least and disturb nobody ahead.
    pub(super) fn choose<'a>(
        &mut self,
        now: Timestamp,
        plan: FairPlan,
        model: ModelId,
        ahead: &'a [Ahead],
    ) -> Choice<'a> {
        let options = self.options(model);
        self.choose_among(options, now, plan, model, ahead)
    }

    /// The same for these sets of victims, of which there is at least one.
    pub(super) fn choose_among<'a>(
        &self,
        options: Vec<Vec<ModelId>>,
        now: Timestamp,
        plan: FairPlan,
        model: ModelId,
        ahead: &'a [Ahead],
    ) -> Choice<'a> {
        let mut options: Vec<(Option<Hurt>, Vec<ModelId>)> = options
            .into_iter()
            .map(|victims| {
                let hurt = victims.iter().map(|&victim| self.hurt(now, plan, model, victim));
                (hurt.max(), victims)
            })
            .collect();
        // Stable: between equals the planner's own order counts.
        options.sort_by_key(|(hurt, _)| *hurt);
        let disturbed = |victims: &[ModelId]| ahead.iter().find(|older| self.disturbs(model, victims, older));
        let best = options
            .iter()
            .position(|(_, victims)| disturbed(victims).is_none());
        let disturbs = match best {
            Some(_) => None,
            None => disturbed(&options[0].1),
        };
        Choice {
            victims: options.swap_remove(best.unwrap_or(0)).1,
            disturbs,
        }
    }

    fn options(&mut self, model: ModelId) -> Vec<Vec<ModelId>> {
        if let Some(options) = self.fair.options(model) {
            return options.clone();
        }
        let options = self.ask_planner(model);
        self.fair.remember_options(model, options.clone());
        options
    }

    /// All sets of victims that the planner finds equally good, its own choice first. Not asked about the model's own
    /// process, because if it has one that is on its way out.
    pub(super) fn ask_planner(&self, model: ModelId) -> Vec<Vec<ModelId>> {
        let others = self.running_beside(model);
        let mut victims = Vec::new();
        self.planner.victims(model, &others, &mut victims);
        let mut options = vec![victims];
        self.planner.alternatives(model, &others, &mut options);
        options
    }

    fn hurt(&self, now: Timestamp, plan: FairPlan, model: ModelId, victim: ModelId) -> Hurt {
        if self.fair.fence(victim).is_some_and(|fence| fence.by == model) {
            let drained = self.ledger.in_flight(victim) == 0;
            return if drained { Hurt::None } else { Hurt::Draining };
        }
        if self
            .loads
            .get(victim)
            .is_some_and(|load| !load.waiters.is_empty())
        {
            return Hurt::Loading;
        }
        match (self.free_at(now, victim, plan), self.phases[victim.index()]) {
            (None, _) => Hurt::Busy,
            (Some(free_at), Phase::Ready { idle_since, .. }) if free_at > now => Hurt::Lingering(idle_since),
            (Some(_), Phase::Ready { idle_since, .. }) => Hurt::Idle(idle_since),
            (
                Some(_),
                Phase::Stopped
                | Phase::Starting { .. }
                | Phase::Aborting { .. }
                | Phase::Draining { .. }
                | Phase::Leaving { .. }
                | Phase::Stopping { .. },
            ) => Hurt::None,
        }
    }

    /// Whether a load would take the place that one who is ahead waits for, or give him another model to wait for.
    fn disturbs(&self, model: ModelId, victims: &[ModelId], ahead: &Ahead) -> bool {
        if victims.iter().any(|victim| ahead.victims.contains(victim)) {
            return true;
        }
        let mut left: Vec<ModelId> = self
            .running
            .iter()
            .copied()
            .filter(|other| {
                *other != model
                    && *other != ahead.model
                    && !victims.contains(other)
                    && !ahead.victims.contains(other)
            })
            .collect();
        let at = left.partition_point(|&other| other < model);
        left.insert(at, model);
        let mut wanted = Vec::new();
        self.planner.victims(ahead.model, &left, &mut wanted);
        wanted.iter().any(|victim| left.contains(victim))
    }
}
