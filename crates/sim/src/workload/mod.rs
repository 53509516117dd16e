//! What a simulation is about: models with their times, the rules between them, and those who ask for them.
//!
//! A workload is fixed before it runs and knows nothing of strategies, so that several can be measured on exactly the
//! same traffic. [`Shape`] is the list of built-in ones, [`replay`] makes one from what really happened.

mod catalogue;
pub mod replay;

use std::ops::RangeInclusive;
use std::time::Duration;

use herder_core::{ModelId, ModelPlan, Strategy, Timestamp};

pub use catalogue::{Shape, TooFewModels, UnknownShape};

use crate::{Rules, Setting};

/// A span is drawn uniformly from this range of milliseconds, both ends included.
pub type Milliseconds = RangeInclusive<u64>;

/// Models and rules: where a workload takes place.
#[derive(Debug, Clone)]
pub struct House {
    /// The models; the index is the [`ModelId`].
    pub models: Vec<SimulatedModel>,
    /// Who must leave for whom.
    pub rules: Rules,
}

/// A model and the behaviour of its processes.
#[derive(Debug, Clone)]
pub struct SimulatedModel {
    /// What people call it.
    pub name: String,
    /// What the herd knows about it.
    pub plan: ModelPlan,
    /// From start to ready, or to the failure.
    pub load: Milliseconds,
    /// From stop signal to exit.
    pub stop: Milliseconds,
    /// What becomes of a start.
    pub start: StartBehaviour,
}

/// What becomes of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartBehaviour {
    /// The model gets ready.
    Succeeds,
    /// The process ends instead of getting ready.
    Fails,
}

/// A house and its traffic.
#[derive(Debug, Clone)]
pub struct Workload {
    /// `w1` to `w7`, or `w8` for a replay.
    pub name: String,
    /// One sentence about what happens.
    pub description: String,
    /// Which built-in one it is; `None` for a replay.
    pub shape: Option<Shape>,
    /// The models.
    pub house: House,
    /// Requests that come whatever happens to those before (open loop), in order of time.
    pub arrivals: Vec<Arrival>,
    /// Clients that wait for one answer before they ask again (closed loop).
    pub agents: Vec<Agent>,
    /// How long it is watched; what happens later does not count.
    pub horizon: Duration,
}

/// A request that comes whatever happens to those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// For which model.
    pub model: ModelId,
    /// How long it is served once it is granted.
    pub service: Duration,
}

/// A client that repeats a task: a call to each of its models in turn, with a pause before each next one.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The calls of one task, at least one.
    pub calls: Vec<ModelId>,
    /// How long a call is served once it is granted.
    pub service: Milliseconds,
    /// From an answer to the next call.
    pub think: Milliseconds,
}

impl House {
    /// What the core is told.
    #[must_use]
    pub fn setting(&self, strategy: Strategy) -> Setting {
        Setting {
            models: self.models.iter().map(|model| Some(model.plan.clone())).collect(),
            rules: self.rules.clone(),
            strategy,
        }
    }

    /// The longest time between the decision to swap and ready: a stop and a load.
    #[must_use]
    pub fn longest_swap(&self) -> Duration {
        let longest = |times: fn(&SimulatedModel) -> &Milliseconds| {
            let ends = self.models.iter().map(|model| *times(model).end());
            Duration::from_millis(ends.max().unwrap_or_default())
        };
        longest(|model| &model.load) + longest(|model| &model.stop)
    }
}

impl Workload {
    /// The longest time that one request is served.
    #[must_use]
    pub fn longest_service(&self) -> Duration {
        let open = self.arrivals.iter().map(|arrival| arrival.service);
        let closed = self
            .agents
            .iter()
            .map(|agent| Duration::from_millis(*agent.service.end()));
        open.chain(closed).max().unwrap_or_default()
    }

    /// The same house and traffic, except that nobody asks for this model.
    #[must_use]
    pub fn without(&self, model: ModelId) -> Self {
        let mut rest = self.clone();
        rest.arrivals.retain(|arrival| arrival.model != model);
        rest.agents.retain(|agent| !agent.calls.contains(&model));
        rest
    }
}
