//! The built-in workloads w1 to w7 (scheduling.md section 6), with all their numbers.
//!
//! Each is drawn for a house: its own, or one that a user's configuration describes. In a house of another kind the
//! first models play the parts, in order.

use std::time::Duration;

use herder_core::planner::groups::GroupSpecification;
use herder_core::planner::matrix::MatrixSpecification;
use herder_core::{ModelId, ModelPlan, Timestamp};

use super::{Agent, Arrival, House, Milliseconds, SimulatedModel, StartBehaviour, Workload};
use crate::{Random, Rules};

/// How many requests may be served at once unless a workload says otherwise: llama-swap's default.
const CONCURRENCY_LIMIT: u32 = 10;
/// How many may wait for a model under `fair`: the default.
const QUEUE_LIMIT: u32 = 512;
/// Models of w3.
const ZIPF_MODELS: u32 = 20;
/// Mean time between two requests of w3: a machine that is used, not flooded. Where requests come five times as often,
/// `fifo` keeps its loads down by letting everybody wait (docs/adr/0003).
const ZIPF_GAP: Duration = Duration::from_secs(20);
/// How long w3's popular models stay popular. `fifo` fares well when they happen to be those that the matrix names first;
/// a run must see more than one lot.
const ZIPF_FASHION: Duration = Duration::from_secs(30 * 60);
/// Calls that make one task of w2: an agent that uses a tool several times.
const CALLS_PER_TASK: usize = 10;
/// Requests of w4's burst.
const BURST: usize = 200;
/// When w4's burst begins: long after the first load, so that A's first turn is over.
const BURST_AT: Duration = Duration::from_secs(300);
/// How far w6's two important models stand above the other.
const HEAD_START: i64 = 5;

/// A built-in workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// w1: one model is always busy, another is wanted now and then.
    Starve,
    /// w2: agents in lock-step, each with a model of its own.
    Agents,
    /// w3: many models, little memory.
    Zipf,
    /// w4: a crowd asks for one model while another serves long streams.
    Burst,
    /// w5: a model that needs two others gone, which take turns.
    Big,
    /// w6: two important models alternate, a third is unimportant.
    Priority,
    /// w7: one model always fails to load.
    Flapping,
}

/// There is no such workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownShape(pub String);

/// The house has fewer models than the workload has parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFewModels {
    /// Which workload.
    pub shape: Shape,
    /// How many it needs.
    pub needed: usize,
    /// How many there are.
    pub present: usize,
}

impl Shape {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Starve,
        Self::Agents,
        Self::Zipf,
        Self::Burst,
        Self::Big,
        Self::Priority,
        Self::Flapping,
    ];

    /// `w1` to `w7`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Starve => "w1",
            Self::Agents => "w2",
            Self::Zipf => "w3",
            Self::Burst => "w4",
            Self::Big => "w5",
            Self::Priority => "w6",
            Self::Flapping => "w7",
        }
    }

    /// One sentence about what happens, true in any house.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Starve => "4 clients keep the first model busy, the second gets one request a minute",
            Self::Agents => {
                "3 agents in lock-step, each calling its own model 10 times a task, thinking 0.2 to 2 s"
            }
            Self::Zipf => {
                "many models, little memory, a request every 20 s on average, popularity by Zipf's law"
            }
            Self::Burst => {
                "200 requests for the second model within 1 s while the first serves streams of 20 to 60 s"
            }
            Self::Big => {
                "the first model is wanted every 4 minutes, the second and third take turns all the time"
            }
            Self::Priority => {
                "two models alternate, a third and less important one is wanted every 3 minutes"
            }
            Self::Flapping => "two models are well, the third always fails to load",
        }
    }

    /// The workload of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(name: &str) -> Result<Self, UnknownShape> {
        let found = Self::ALL.into_iter().find(|shape| shape.name() == name);
        found.ok_or_else(|| UnknownShape(name.to_owned()))
    }

    /// How many models have a part in it; those behind them are idle. w3 uses all there are.
    #[must_use]
    pub fn parts(self) -> usize {
        match self {
            Self::Starve | Self::Burst | Self::Zipf => 2,
            Self::Agents | Self::Big | Self::Priority | Self::Flapping => 3,
        }
    }

    /// The workload in its own house.
    #[must_use]
    pub fn workload(self, seed: u64) -> Workload {
        self.workload_in(self.house(), seed)
            .expect("each shape's own house has enough models")
    }

    /// The same traffic in another house; its models play the parts in order.
    ///
    /// # Errors
    /// When there are fewer models than parts.
    pub fn workload_in(self, mut house: House, seed: u64) -> Result<Workload, TooFewModels> {
        let (needed, present) = (self.parts(), house.models.len());
        if present < needed {
            return Err(TooFewModels {
                shape: self,
                needed,
                present,
            });
        }
        if self == Self::Flapping {
            house.models[2].start = StartBehaviour::Fails;
        }
        let horizon = self.horizon();
        let mut random = Random::stream(seed, 0);
        let (arrivals, agents) = self.traffic(present, horizon, &mut random);
        Ok(Workload {
            name: self.name().to_owned(),
            description: self.description().to_owned(),
            shape: Some(self),
            house,
            arrivals,
            agents,
            horizon,
        })
    }

    /// Long enough that every figure stands on dozens of swaps.
    fn horizon(self) -> Duration {
        match self {
            Self::Starve | Self::Agents | Self::Big | Self::Priority => Duration::from_secs(3600),
            // Sixteen lots of popularity.
            Self::Zipf => 16 * ZIPF_FASHION,
            Self::Burst => Duration::from_secs(900),
            // The pauses of a failing model grow to five minutes; two hours see mostly those.
            Self::Flapping => Duration::from_secs(7200),
        }
    }

    /// The models and rules for which the workload was made.
    #[must_use]
    pub fn house(self) -> House {
        match self {
            // Small models from a warm page cache. One request a minute costs two loads a minute: with loads of
            // ten seconds no strategy could serve it and leave the other model 95 % of its time.
            Self::Starve => House {
                models: vec![
                    SimulatedModel::of("a", 600..=1_000, 100..=200),
                    SimulatedModel::of("b", 600..=1_000, 100..=200),
                ],
                rules: exclusive(),
            },
            Self::Agents => House {
                models: ["a", "b", "c"].map(middling).to_vec(),
                rules: exclusive(),
            },
            Self::Zipf => zipf_house(),
            Self::Burst => House {
                models: ["a", "b"].map(middling).to_vec(),
                rules: exclusive(),
            },
            Self::Big => House {
                models: vec![
                    SimulatedModel::of("big", 15_000..=25_000, 500..=1_500),
                    SimulatedModel::of("small1", 3_000..=5_000, 200..=600),
                    SimulatedModel::of("small2", 3_000..=5_000, 200..=600),
                ],
                rules: side_by_side(&[1, 2]),
            },
            Self::Priority => {
                let mut models = ["vip", "vop", "low"].map(middling).to_vec();
                models[0].plan.priority = HEAD_START;
                models[1].plan.priority = HEAD_START;
                House {
                    models,
                    rules: exclusive(),
                }
            }
            Self::Flapping => House {
                models: vec![
                    SimulatedModel::of("well1", 3_000..=5_000, 200..=600),
                    SimulatedModel::of("well2", 3_000..=5_000, 200..=600),
                    SimulatedModel::of("ill", 500..=1_500, 200..=600),
                ],
                rules: side_by_side(&[0, 1]),
            },
        }
    }

    fn traffic(self, models: usize, horizon: Duration, random: &mut Random) -> (Vec<Arrival>, Vec<Agent>) {
        match self {
            Self::Starve => {
                let rare = regular(random, ModelId(1), 55_000..=65_000, 200..=400, horizon);
                (rare, vec![Agent::of(&[0], 500..=1_000, 0..=100); 4])
            }
            Self::Agents => {
                let agent = |model| Agent::of(&[model; CALLS_PER_TASK], 1_000..=3_000, 200..=2_000);
                (Vec::new(), [0, 1, 2].map(agent).to_vec())
            }
            Self::Zipf => (zipf(random, models, horizon), Vec::new()),
            Self::Burst => {
                let mut burst: Vec<Arrival> = (0..BURST)
                    .map(|_| Arrival {
                        at: Timestamp(BURST_AT + random.milliseconds(0..=1_000)),
                        model: ModelId(1),
                        service: random.milliseconds(1_000..=2_000),
                    })
                    .collect();
                burst.sort_by_key(|arrival| arrival.at);
                (burst, vec![Agent::of(&[0], 20_000..=60_000, 0..=1_000); 4])
            }
            Self::Big => {
                let big = regular(random, ModelId(0), 180_000..=300_000, 5_000..=15_000, horizon);
                // Three clients that go from one small model to the other: each model is idle often, both together
                // never, because nobody pauses long enough.
                (big, vec![Agent::of(&[1, 2], 5_000..=10_000, 0..=20); 3])
            }
            Self::Priority => {
                let low = regular(random, ModelId(2), 150_000..=210_000, 2_000..=4_000, horizon);
                let agent = |model| Agent::of(&[model], 2_000..=4_000, 200..=1_000);
                (low, [0, 1].map(agent).to_vec())
            }
            Self::Flapping => {
                let ill = poisson(
                    random,
                    ModelId(2),
                    Duration::from_secs(30),
                    1_000..=2_000,
                    horizon,
                );
                let agent = |model| Agent::of(&[model], 2_000..=6_000, 1_000..=3_000);
                (ill, [0, 0, 0, 1, 1, 1].map(agent).to_vec())
            }
        }
    }
}

impl std::fmt::Display for UnknownShape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "there is no workload {:?}; there are", self.0)?;
        for shape in Shape::ALL {
            write!(formatter, " {}", shape.name())?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownShape {}

impl std::fmt::Display for TooFewModels {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "workload {} needs {} models, the configuration has {}",
            self.shape.name(),
            self.needed,
            self.present
        )
    }
}

impl std::error::Error for TooFewModels {}

impl SimulatedModel {
    /// A model of priority 0 without an idle time, whose starts succeed.
    #[must_use]
    pub fn of(name: &str, load: Milliseconds, stop: Milliseconds) -> Self {
        Self {
            name: name.to_owned(),
            plan: ModelPlan {
                concurrency_limit: CONCURRENCY_LIMIT,
                queue_limit: QUEUE_LIMIT,
                priority: 0,
                ttl: None,
                unload_timeout: Duration::from_secs(10),
                start_timeout: Duration::from_secs(120),
                load_time: None,
            },
            load,
            stop,
            start: StartBehaviour::Succeeds,
        }
    }
}

impl Agent {
    fn of(calls: &[u32], service: Milliseconds, think: Milliseconds) -> Self {
        Self {
            calls: calls.iter().map(|&model| ModelId(model)).collect(),
            service,
            think,
        }
    }
}

/// A model of some gigabytes from a local disk.
fn middling(name: &str) -> SimulatedModel {
    SimulatedModel::of(name, 6_000..=10_000, 200..=1_000)
}

/// All models exclude each other.
fn exclusive() -> Rules {
    Rules::Groups(Vec::new())
}

/// These may run together, and exclude the rest.
fn side_by_side(members: &[u32]) -> Rules {
    Rules::Groups(vec![GroupSpecification {
        swap: false,
        exclusive: true,
        persistent: false,
        members: members.iter().map(|&model| ModelId(model)).collect(),
    }])
}

/// Any three of the twenty may run together, and no combination is better than another.
fn zipf_house() -> House {
    let names: Vec<String> = (1..=ZIPF_MODELS).map(|number| format!("m{number:02}")).collect();
    let any = format!("({})", names.join(" | "));
    let model = |name: &String| {
        let mut model = SimulatedModel::of(name, 4_000..=8_000, 200..=1_000);
        // Nobody is refused, so that waits can be compared.
        model.plan.concurrency_limit = 1_000;
        model
    };
    House {
        models: names.iter().map(model).collect(),
        rules: Rules::Matrix(MatrixSpecification {
            models: names.iter().cloned().zip((0..).map(ModelId)).collect(),
            sets: vec![("memory_for_three".to_owned(), format!("{any} & {any} & {any}"))],
            ..MatrixSpecification::default()
        }),
    }
}

/// Poisson arrivals over all models; the model of rank r is wanted in proportion to 1/r. Who has which rank is drawn, and
/// drawn again from time to time: popularity changes, and has nothing to do with the order of a configuration.
fn zipf(random: &mut Random, models: usize, horizon: Duration) -> Vec<Arrival> {
    let weights: Vec<u64> = (1..=models as u64).map(|rank| 1_000_000 / rank).collect();
    let total: u64 = weights.iter().sum();
    let mut by_rank: Vec<ModelId> = (0..models as u32).map(ModelId).collect();
    let mut fashion_ends = Duration::ZERO;
    let mut arrivals = Vec::new();
    let mut at = random.exponential(ZIPF_GAP);
    while at < horizon {
        while fashion_ends <= at {
            for unsettled in (1..models).rev() {
                by_rank.swap(unsettled, random.index(unsettled + 1));
            }
            fashion_ends += ZIPF_FASHION;
        }
        let mut drawn = random.below(total);
        let mut rank = 0;
        while drawn >= weights[rank] {
            drawn -= weights[rank];
            rank += 1;
        }
        arrivals.push(Arrival {
            at: Timestamp(at),
            model: by_rank[rank],
            service: random.milliseconds(2_000..=10_000),
        });
        at += random.exponential(ZIPF_GAP);
    }
    arrivals
}

/// Requests for one model at gaps from a range.
fn regular(
    random: &mut Random,
    model: ModelId,
    gap: Milliseconds,
    service: Milliseconds,
    horizon: Duration,
) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut at = random.milliseconds(gap.clone());
    while at < horizon {
        arrivals.push(Arrival {
            at: Timestamp(at),
            model,
            service: random.milliseconds(service.clone()),
        });
        at += random.milliseconds(gap.clone());
    }
    arrivals
}

/// Requests for one model that know nothing of each other.
fn poisson(
    random: &mut Random,
    model: ModelId,
    mean_gap: Duration,
    service: Milliseconds,
    horizon: Duration,
) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut at = random.exponential(mean_gap);
    while at < horizon {
        arrivals.push(Arrival {
            at: Timestamp(at),
            model,
            service: random.milliseconds(service.clone()),
        });
        at += random.exponential(mean_gap);
    }
    arrivals
}
