//! What would become of a request under `fair`: one look at the ticket as it would be with it, behind those who are ahead.

use super::{Ahead, Choice, Verdict};
use crate::herd::{Herd, Obstacle, Preview, Prospect};
use crate::lifecycle::Phase;
use crate::scheduler::fair::Waiting;
use crate::{FairPlan, ModelId, RequestId, Timestamp};

impl Herd {
    pub(in crate::herd) fn preview_fair(&self, now: Timestamp, model: ModelId, plan: FairPlan) -> Preview {
        if let Some(refusal) = self.refusal_fair(now, model) {
            return Preview::without_load(Prospect::Refused(refusal));
        }
        if self.fair.ticket(model).is_empty() && self.may_serve(model) {
            return Preview::without_load(Prospect::Granted);
        }
        if self.loads.contains(model) {
            return Preview::without_load(Prospect::Joined);
        }
        let waits = |obstacle| Prospect::Waits {
            obstacles: vec![obstacle],
            until: None,
        };
        match self.phases[model.index()] {
            Phase::Ready { .. } => Preview::without_load(waits(match self.fair.fence(model) {
                Some(fence) => Obstacle::Rival(fence.by),
                None => Obstacle::Full,
            })),
            Phase::Draining { .. } => {
                let victims: Vec<ModelId> = self.ask_planner(model).swap_remove(0);
                self.preview_of_load(model, &victims, waits(Obstacle::Outdated))
            }
            Phase::Stopped
            | Phase::Starting { .. }
            | Phase::Aborting { .. }
            | Phase::Leaving { .. }
            | Phase::Stopping { .. } => self.preview_of_absent(now, model, plan),
        }
    }

    /// The model is not there and nobody loads it.
    fn preview_of_absent(&self, now: Timestamp, model: ModelId, plan: FairPlan) -> Preview {
        let mut ticket = self.fair.ticket(model).clone();
        // The last of all numbers: whoever is there came before.
        let request = RequestId(u64::MAX);
        ticket.push(Waiting {
            request,
            arrived: now,
        });
        let own_rank = self.rank(model, &ticket, plan);
        let mut ahead: Vec<_> = self
            .fair
            .outlooks()
            .filter(|(other, _)| *other != model)
            .filter_map(|(other, outlook)| {
                let ticket = self.fair.ticket(other);
                let rank = self.rank(other, ticket, plan)?;
                let due = self.due_at(other, ticket, &outlook.victims, plan) <= now;
                let victims = outlook.victims.clone();
                let model = other;
                Some((rank, Ahead { model, victims, due }))
            })
            .filter(|(rank, _)| own_rank.is_some_and(|own_rank| *rank < own_rank))
            .collect();
        ahead.sort_unstable_by_key(|(rank, _)| *rank);
        let ahead: Vec<Ahead> = ahead.into_iter().map(|(_, ahead)| ahead).collect();

        let Choice { victims, disturbs } =
            self.choose_among(self.ask_planner(model), now, plan, model, &ahead);
        let due_at = self.due_at(model, &ticket, &victims, plan);
        let due = due_at <= now;
        let prospect = match self.look_at(now, plan, model, &victims, due, disturbs) {
            Verdict::Load => Prospect::Loaded,
            Verdict::Fence(until) => Prospect::Waits {
                obstacles: self.obstacles(model, &victims),
                until,
            },
            Verdict::Wait(moment) => {
                let rival = disturbs.map(|older| Obstacle::Rival(older.model));
                let due_at = (!due).then_some(due_at);
                Prospect::Waits {
                    obstacles: rival.into_iter().chain(self.obstacles(model, &victims)).collect(),
                    until: [moment, due_at].into_iter().flatten().min(),
                }
            }
            Verdict::Press(other) => Prospect::Waits {
                obstacles: vec![Obstacle::Rival(other)],
                until: None,
            },
        };
        self.preview_of_load(model, &victims, prospect)
    }
}
