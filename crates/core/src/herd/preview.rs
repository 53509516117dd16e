//! What would become of a request if it came now. Nothing changes, so anybody may ask at any time; the answer comes from
//! the same functions that decide.

use std::time::Duration;

use super::Herd;
use crate::lifecycle::Phase;
use crate::planner::{Explanation, RunnerUp};
use crate::scheduler::fifo::Decision;
use crate::{Generation, Limit, ModelId, Plan, Refusal, Strategy, Timestamp};

/// What would become of a request for one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What would happen first.
    pub prospect: Prospect,
    /// Models with a process or a load that would leave for it, now or when the wait is over, in ascending order.
    pub victims: Vec<ModelId>,
    /// Why these; `None` when no load would begin.
    pub explanation: Option<Explanation>,
    /// Sets of the matrix that would make room too, and cost more.
    pub runners_up: Vec<RunnerUp>,
    /// The stops and the load, as far as they were measured or configured; `None` when no load would begin, or when that is
    /// not known.
    pub swap_time: Option<Duration>,
}

/// What would happen first to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prospect {
    /// It would not be admitted.
    Refused(Refusal),
    /// The model is ready: it would be served at once.
    Granted,
    /// The model is being loaded: it would be served when that is done.
    Joined,
    /// The model would be loaded at once, after its victims have stopped.
    Loaded,
    /// It would wait for its turn.
    Waits {
        /// Who is in the way; empty when only time must pass.
        obstacles: Vec<Obstacle>,
        /// When the strategy would decide again even if nothing happens until then ([`Strategy::Fair`] only).
        until: Option<Timestamp>,
    },
}

/// What a request waits for before its model can be loaded, or serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// This victim serves requests.
    Busy {
        /// Which one.
        model: ModelId,
        /// How many.
        in_flight: u32,
    },
    /// The load of this model is in progress and would be disturbed.
    Loading(ModelId),
    /// Those who wait for this model go first ([`Strategy::Fair`] only).
    Rival(ModelId),
    /// The model serves as many requests as it may ([`Strategy::Fair`] only).
    Full,
    /// The model's own process is of an earlier configuration and must end first.
    Outdated,
}

impl Herd {
    /// A herd in which these models are ready and idle, whatever the planner would say to that: for imagining things.
    ///
    /// # Panics
    /// When the plan does not have one of them.
    #[must_use]
    pub fn imagine(plan: Plan, ready: &[ModelId]) -> Self {
        let mut herd = Self::new(plan);
        for &model in ready {
            assert!(herd.is_configured(model), "{model:?} is not in the plan");
            herd.last_generation += 1;
            herd.phases[model.index()] = Phase::Ready {
                generation: Generation(herd.last_generation),
                idle_since: Timestamp::default(),
            };
            herd.refresh_running(model);
            herd.refresh_timer(model);
        }
        herd
    }

    /// What would become of a request for this model if it came now.
    #[must_use]
    pub fn preview(&self, now: Timestamp, model: ModelId) -> Preview {
        match self.strategy {
            Strategy::Fifo { limit } => self.preview_fifo(now, model, limit),
            Strategy::Fair(plan) => self.preview_fair(now, model, plan),
        }
    }

    fn preview_fifo(&self, now: Timestamp, model: ModelId, limit: Limit) -> Preview {
        if let Some(refusal) = self.refusal(now, model, limit) {
            return Preview::without_load(Prospect::Refused(refusal));
        }
        let (decision, victims) = self.decide(model);
        match decision {
            Decision::Join => Preview::without_load(Prospect::Joined),
            Decision::Grant if self.is_over_grant_limit(model) => {
                Preview::without_load(Prospect::Refused(Refusal::ConcurrencyLimit))
            }
            Decision::Grant => Preview::without_load(Prospect::Granted),
            Decision::Start => self.preview_of_load(model, &victims, Prospect::Loaded),
            Decision::Queue => {
                let obstacles = self.obstacles(model, &victims);
                let until = None;
                self.preview_of_load(model, &victims, Prospect::Waits { obstacles, until })
            }
        }
    }

    /// A load that begins now or later.
    pub(super) fn preview_of_load(&self, model: ModelId, named: &[ModelId], prospect: Prospect) -> Preview {
        let others = self.running_beside(model);
        let mut victims: Vec<ModelId> = named
            .iter()
            .copied()
            .filter(|victim| self.running.binary_search(victim).is_ok())
            .collect();
        victims.sort_unstable();
        // They stop side by side; whoever is only being loaded must stop later as well.
        let mut stops = victims.iter().map(|victim| self.costs.of(*victim).stop.known());
        let stops = stops.try_fold(Duration::ZERO, |slowest, stop| Some(slowest.max(stop?)));
        let explanation = self.explain(model, named);
        let mut runners_up = self.planner.runners_up(model, &others);
        if let Explanation::Matrix { set, .. } = explanation {
            // `fair` may have taken one that the planner finds as good.
            runners_up.retain(|runner_up| Some(runner_up.set) != set);
        }
        Preview {
            swap_time: self.load_time(model).zip(stops).map(|(load, stop)| load + stop),
            victims,
            explanation: Some(explanation),
            runners_up,
            prospect,
        }
    }

    /// Who keeps a load of this model from beginning.
    pub(super) fn obstacles(&self, model: ModelId, victims: &[ModelId]) -> Vec<Obstacle> {
        let outdated = matches!(self.phases[model.index()], Phase::Draining { .. });
        let loading = self.loads.collision(model, victims);
        let busy = victims.iter().map(|&model| Obstacle::Busy {
            model,
            in_flight: self.ledger.in_flight(model),
        });
        outdated
            .then_some(Obstacle::Outdated)
            .into_iter()
            .chain(loading.map(Obstacle::Loading))
            .chain(busy.filter(|busy| !matches!(busy, Obstacle::Busy { in_flight: 0, .. })))
            .collect()
    }
}

impl Preview {
    pub(super) fn without_load(prospect: Prospect) -> Self {
        Self {
            prospect,
            victims: Vec::new(),
            explanation: None,
            runners_up: Vec::new(),
            swap_time: None,
        }
    }
}
