//! What kind of world it is: the models, the rules between them, and how everybody behaves. All of it can be drawn
//! from one seed.

use std::ops::RangeInclusive;
use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::planner::matrix::{MatrixError, MatrixPlanner, MatrixSpecification};
use herder_core::{Limit, ModelId, ModelPlan, Plan};

use crate::Random;

/// Most models of a drawn scenario; more would only make conflicts rarer.
const MOST_MODELS: u64 = 9;

/// A world that has not begun.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The seed of everything that happens in it.
    pub seed: u64,
    /// The models.
    pub models: Vec<ModelPlan>,
    /// Who must leave for whom.
    pub rules: Rules,
    /// Where the concurrency limit is enforced.
    pub limit: Limit,
    /// What processes, clients and operators do.
    pub behaviour: Behaviour,
    /// How it ends.
    pub ending: Ending,
}

/// The rules between models.
#[derive(Debug, Clone)]
pub enum Rules {
    /// Groups; without any, all models exclude each other.
    Groups(Vec<GroupSpecification>),
    /// A matrix.
    Matrix(MatrixSpecification),
}

/// How often and how long. Chances are per mille, ranges in milliseconds.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// From one arrival to the next.
    pub arrival_gap: RangeInclusive<u64>,
    /// How long a client holds a granted request.
    pub hold: RangeInclusive<u64>,
    /// A client leaves within its patience, wherever its request then is.
    pub leaves: u32,
    /// How long such a client stays.
    pub patience: RangeInclusive<u64>,
    /// From start to ready.
    pub load: RangeInclusive<u64>,
    /// From stop signal to exit.
    pub stop: RangeInclusive<u64>,
    /// A start finds no command to run.
    pub spawn_fails: u32,
    /// A process ends before it is ready.
    pub crashes_loading: u32,
    /// A process never becomes ready.
    pub hangs: u32,
    /// A ready process ends by itself some time later.
    pub crashes_ready: u32,
    /// A process that is told to stop goes on until it is killed.
    pub ignores_stop: u32,
    /// From one operator command to the next.
    pub operator_gap: RangeInclusive<u64>,
    /// From one report that concerns nobody to the next.
    pub stray_gap: RangeInclusive<u64>,
}

/// How a world ends. Both end with a shutdown after which nothing may be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// New requests and commands cease, everything comes to rest, then the shutdown.
    Settled,
    /// The shutdown comes in the middle of everything.
    Abrupt,
}

impl Scenario {
    /// Draws a scenario.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let count = random.within(1..=MOST_MODELS) as usize;
        let rules = match random.below(5) {
            0 => Rules::Groups(Vec::new()),
            1 => Rules::free(count),
            2 => Rules::Groups(draw_groups(random, count)),
            3 => Rules::Groups(draw_groups(random, count)),
            _ => Rules::Matrix(draw_matrix(random, count)),
        };
        Self {
            seed,
            models: (0..count).map(|_| draw_model(random)).collect(),
            rules,
            limit: if random.chance(700) {
                Limit::Arrival
            } else {
                Limit::Grant
            },
            behaviour: draw_behaviour(random),
            ending: if random.chance(500) {
                Ending::Settled
            } else {
                Ending::Abrupt
            },
        }
    }

    /// The plan for the core; a new one each time, because planners are not shared.
    ///
    /// # Errors
    /// When the matrix of the scenario contradicts itself.
    pub fn plan(&self) -> Result<Plan, Vec<MatrixError>> {
        Ok(Plan {
            models: self.models.iter().cloned().map(Some).collect(),
            planner: self.rules.planner(self.models.len())?,
            limit: self.limit,
        })
    }
}

impl Behaviour {
    /// Nothing happens by chance and everything at once; for tests that decide what happens themselves.
    #[must_use]
    pub fn still() -> Self {
        Self {
            arrival_gap: 0..=0,
            hold: 0..=0,
            leaves: 0,
            patience: 0..=0,
            load: 0..=0,
            stop: 0..=0,
            spawn_fails: 0,
            crashes_loading: 0,
            hangs: 0,
            crashes_ready: 0,
            ignores_stop: 0,
            operator_gap: 0..=0,
            stray_gap: 0..=0,
        }
    }
}

impl Rules {
    /// Everybody may run beside everybody.
    #[must_use]
    pub fn free(model_count: usize) -> Self {
        Self::Groups(vec![GroupSpecification {
            swap: false,
            exclusive: false,
            persistent: false,
            members: models(model_count).collect(),
        }])
    }

    /// The planner that follows these rules.
    ///
    /// # Errors
    /// When the matrix contradicts itself.
    pub fn planner(&self, model_count: usize) -> Result<Box<dyn Planner>, Vec<MatrixError>> {
        Ok(match self {
            Self::Groups(groups) => Box::new(GroupPlanner::new(model_count, groups)),
            Self::Matrix(specification) => Box::new(MatrixPlanner::new(specification)?),
        })
    }
}

fn models(count: usize) -> impl Iterator<Item = ModelId> {
    (0..count as u32).map(ModelId)
}

fn draw_model(random: &mut Random) -> ModelPlan {
    ModelPlan {
        concurrency_limit: random.within(1..=6) as u32,
        priority: random.within(0..=3) as i64 - 1,
        ttl: random.chance(600).then(|| random.milliseconds(0..=60_000)),
        unload_timeout: Duration::from_secs(random.within(1..=12)),
        start_timeout: Duration::from_secs(random.within(15..=60)),
    }
}

fn draw_groups(random: &mut Random, model_count: usize) -> Vec<GroupSpecification> {
    let group_count = random.within(1..=4) as usize;
    let mut groups: Vec<GroupSpecification> = (0..group_count)
        .map(|_| GroupSpecification {
            swap: random.chance(500),
            exclusive: random.chance(500),
            persistent: random.chance(250),
            members: Vec::new(),
        })
        .collect();
    for model in models(model_count) {
        // One place more than there are groups: some models are in none.
        if let Some(group) = groups.get_mut(random.index(group_count + 1)) {
            group.members.push(model);
        }
    }
    groups
}

fn draw_matrix(random: &mut Random, model_count: usize) -> MatrixSpecification {
    let model_names: Vec<String> = (0..model_count).map(|index| format!("m{index}")).collect();
    let set_count = random.within(1..=4);
    let sets = (0..set_count)
        .map(|number| (format!("s{number}"), draw_expression(random, &model_names, 3)))
        .collect();
    let mut costs = Vec::new();
    for model in models(model_count) {
        if random.chance(400) {
            costs.push((model, random.within(1..=9)));
        }
    }
    MatrixSpecification {
        models: model_names.into_iter().zip(models(model_count)).collect(),
        costs,
        sets,
        ..MatrixSpecification::default()
    }
}

fn draw_expression(random: &mut Random, names: &[String], depth: u32) -> String {
    if depth == 0 || random.chance(250) {
        return names[random.index(names.len())].clone();
    }
    let operator = if random.chance(500) { " & " } else { " | " };
    let parts: Vec<String> = (0..random.within(2..=3))
        .map(|_| draw_expression(random, names, depth - 1))
        .collect();
    format!("({})", parts.join(operator))
}

fn draw_behaviour(random: &mut Random) -> Behaviour {
    // Quiet worlds let idle clocks fire, busy ones fill the queue.
    let pace = [200, 1_000, 4_000, 20_000][random.index(4)];
    let trouble = [0, 30, 200][random.index(3)];
    Behaviour {
        arrival_gap: 0..=pace,
        hold: 0..=[500, 5_000, 30_000][random.index(3)],
        leaves: [0, 150, 600][random.index(3)],
        patience: 0..=20_000,
        load: 20..=[1_000, 10_000, 70_000][random.index(3)],
        stop: 0..=3_000,
        spawn_fails: trouble / 2,
        crashes_loading: trouble,
        hangs: trouble / 2,
        crashes_ready: trouble * 2,
        ignores_stop: trouble * 2,
        operator_gap: 1_000..=pace * [20, 200][random.index(2)],
        stray_gap: 100..=pace * 10,
    }
}
