//! A configuration as the core sees it, as data: the models and the rules between them. It can be drawn, and it can
//! change as people change theirs.

use std::time::Duration;

use herder_core::planner::Planner;
use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::planner::matrix::{MatrixError, MatrixPlanner, MatrixSpecification};
use herder_core::{Factor, FairPlan, Limit, Linger, ModelId, ModelPlan, Plan, Strategy};

use crate::Random;

/// Most rows for models; after so many names a changed configuration has no new ones.
const MOST_ROWS: usize = 12;

/// What a [`Plan`] is made from; unlike a plan it can be copied and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The models; the index is the [`ModelId`], and `None` stands for one that is not configured (any more).
    pub models: Vec<Option<ModelPlan>>,
    /// Who must leave for whom.
    pub rules: Rules,
    /// When they must leave.
    pub strategy: Strategy,
}

/// The rules between models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rules {
    /// Groups; without any, all models exclude each other.
    Groups(Vec<GroupSpecification>),
    /// A matrix.
    Matrix(MatrixSpecification),
}

impl Setting {
    /// Draws one with so many models.
    #[must_use]
    pub fn draw(random: &mut Random, model_count: usize) -> Self {
        let members: Vec<ModelId> = models(model_count).collect();
        Self {
            rules: draw_rules(random, model_count, &members),
            models: (0..model_count).map(|_| Some(draw_model(random))).collect(),
            strategy: Strategy::Fifo {
                limit: draw_limit(random),
            },
        }
    }

    /// Draws what somebody has made of it: often the same again, else some models, rules or limits are others.
    #[must_use]
    pub fn changed(&self, random: &mut Random) -> Self {
        let mut next = self.clone();
        if random.chance(250) {
            return next;
        }
        // How many models change, per mille.
        let share = [0, 100, 400][random.index(3)];
        for model in &mut next.models {
            if random.chance(share) {
                let stays = model.is_none() || random.chance(500);
                *model = stays.then(|| draw_model(random));
            }
        }
        if next.models.len() < MOST_ROWS && random.chance(share) {
            next.models.push(Some(draw_model(random)));
        }
        if random.chance(100) {
            next.strategy = match next.strategy {
                Strategy::Fifo { limit: _ } => Strategy::Fifo {
                    limit: draw_limit(random),
                },
                Strategy::Fair(_) => Strategy::Fair(draw_fair(random)),
            };
        }
        let members: Vec<ModelId> = next.configured().collect();
        let keeps_members = members.iter().copied().eq(self.configured());
        if members.is_empty() {
            next.rules = Rules::Groups(Vec::new());
        } else if random.chance(400) || (!keeps_members && matches!(next.rules, Rules::Matrix(_))) {
            next.rules = draw_rules(random, next.models.len(), &members);
        } else if let Rules::Groups(groups) = &mut next.rules {
            for group in groups {
                group.members.retain(|member| members.contains(member));
            }
        }
        next
    }

    /// The models that there are.
    pub fn configured(&self) -> impl Iterator<Item = ModelId> {
        let rows = models(self.models.len()).zip(&self.models);
        rows.filter_map(|(model, plan)| plan.as_ref().map(|_| model))
    }

    /// The plan for the core; a new one each time, because planners are not shared.
    ///
    /// # Errors
    /// When the matrix contradicts itself.
    pub fn plan(&self) -> Result<Plan, Vec<MatrixError>> {
        Ok(Plan {
            models: self.models.clone(),
            planner: self.rules.planner(self.models.len())?,
            strategy: self.strategy,
        })
    }

    /// The plan of a setting that somebody else has checked, as drawn ones need not be.
    ///
    /// # Panics
    /// When the matrix contradicts itself.
    #[must_use]
    pub fn sound_plan(&self) -> Plan {
        self.plan()
            .expect("a configuration that is wrong never gets as far as the core")
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

fn draw_rules(random: &mut Random, model_count: usize, members: &[ModelId]) -> Rules {
    match random.below(5) {
        0 => Rules::Groups(Vec::new()),
        1 => Rules::free(model_count),
        2 => Rules::Groups(draw_groups(random, members)),
        3 => Rules::Groups(draw_groups(random, members)),
        _ => Rules::Matrix(draw_matrix(random, members)),
    }
}

fn draw_limit(random: &mut Random) -> Limit {
    if random.chance(700) {
        Limit::Arrival
    } else {
        Limit::Grant
    }
}

/// Extremes included: keys of zero, and some that are longer than anything else in the world.
pub(crate) fn draw_fair(random: &mut Random) -> FairPlan {
    let turn_in_thousandths = [0, 500, 2_000, 10_000][random.index(4)];
    FairPlan {
        price: Factor::from_thousandths([0, 300, 1_000, 5_000][random.index(4)]),
        max_wait: random.milliseconds(0..=90_000),
        turn: Factor::from_thousandths(turn_in_thousandths),
        max_turn: random.milliseconds(0..=60_000),
        linger: match random.below(3) {
            0 => Linger::Auto,
            1 => Linger::Fixed(Duration::ZERO),
            _ => Linger::Fixed(random.milliseconds(0..=5_000)),
        },
        aging: random.milliseconds(0..=60_000),
        drain_timeout: random.chance(250).then(|| random.milliseconds(1..=30_000)),
    }
}

fn draw_model(random: &mut Random) -> ModelPlan {
    ModelPlan {
        concurrency_limit: random.within(1..=6) as u32,
        queue_limit: 512,
        priority: random.within(0..=3) as i64 - 1,
        ttl: random.chance(600).then(|| random.milliseconds(0..=60_000)),
        unload_timeout: Duration::from_secs(random.within(1..=12)),
        start_timeout: Duration::from_secs(random.within(15..=60)),
        load_time: None,
    }
}

fn draw_groups(random: &mut Random, members: &[ModelId]) -> Vec<GroupSpecification> {
    let group_count = random.within(1..=4) as usize;
    let mut groups: Vec<GroupSpecification> = (0..group_count)
        .map(|_| GroupSpecification {
            swap: random.chance(500),
            exclusive: random.chance(500),
            persistent: random.chance(250),
            members: Vec::new(),
        })
        .collect();
    for &model in members {
        // One place more than there are groups: some models are in none.
        if let Some(group) = groups.get_mut(random.index(group_count + 1)) {
            group.members.push(model);
        }
    }
    groups
}

fn draw_matrix(random: &mut Random, members: &[ModelId]) -> MatrixSpecification {
    let names: Vec<String> = members.iter().map(|model| format!("m{}", model.0)).collect();
    let set_count = random.within(1..=4);
    let sets = (0..set_count)
        .map(|number| (format!("s{number}"), draw_expression(random, &names, 3)))
        .collect();
    let mut costs = Vec::new();
    for &model in members {
        if random.chance(400) {
            costs.push((model, random.within(1..=9)));
        }
    }
    MatrixSpecification {
        models: names.into_iter().zip(members.iter().copied()).collect(),
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
