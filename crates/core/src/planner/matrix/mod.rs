//! The matrix planner (spec/config.md section 5): sets name the combinations of models that may run together; to
//! make room for a model, the combination that evicts least is chosen.
//!
//! - `dsl` reads the text of a set, `program` gives its names meaning and refuses loops, once per configuration.
//! - `solver` finds the best combination for one decision. It never lists all combinations: alternatives and
//!   independent parts are solved apart. Only parts that share models need lists: `enumeration` makes them just
//!   as the specification says, and where that is too much work `dominance` makes shorter ones.
//!
//! Ties: sets count in the order in which they are written (decisions.md; quirks X1 and X2 are mended), and within a
//! set the order is that of 5.4 b, unless the work would pass a limit of the solver.

mod dominance;
mod dsl;
mod enumeration;
mod error;
mod mask;
mod program;
mod solver;
#[cfg(test)]
mod solver_tests;

pub use error::{MatrixError, MatrixErrorKind};

use std::collections::BTreeMap;

use self::program::Program;
use self::solver::{Limits, Search};
use super::{Explanation, Planner, RUNNERS_UP, RunnerUp};
use crate::ModelId;

/// How deep parentheses may be nested, and how deep the tree of a set may be with the sets it refers to written out.
/// Parser and solver are recursive; at this depth they use a fraction of a thread's stack.
pub const DEPTH_LIMIT: usize = 256;

/// Longest name of a variable, in characters (spec/config.md 5.2).
const VARIABLE_NAME_LIMIT: usize = 32;

/// Most exchanges of one victim for another that are tried for one decision; each costs a search.
const EXCHANGES_TRIED: usize = 32;

/// What staying loaded is worth for the requested model: more than all others together, so that the heaviest
/// combination contains it whenever any does. (2^32 models of cost 2^64 stay below.)
const TARGET_WEIGHT: u128 = 1 << 100;

/// The matrix block of a configuration (spec/config.md 5.2) with model IDs resolved. Names must be unique within
/// each list; the configuration reader sees to that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatrixSpecification {
    /// All models that are configured, in the order of the configuration. Their IDs need not follow that order, and
    /// there may be others between them: no decision depends on the numbers.
    pub models: Vec<(String, ModelId)>,
    /// Other names of models. They are understood in expressions, after variables and models (decisions.md, X5).
    pub aliases: Vec<(String, ModelId)>,
    /// Short names; a variable hides a model of the same name.
    pub vars: Vec<(String, ModelId)>,
    /// What evicting a model costs, at least 1; models that are missing cost 1. Of several entries for one model the
    /// largest counts.
    pub costs: Vec<(ModelId, u64)>,
    /// Name and expression of each set, in written order; at least one.
    pub sets: Vec<(String, String)>,
}

/// A [`Planner`] that follows a matrix.
#[derive(Debug)]
pub struct MatrixPlanner {
    program: Program,
    /// Name and expression of each set.
    sets: Vec<(String, String)>,
    /// Costs by model index; models beyond the end cost 1.
    costs: Vec<u64>,
    /// The same by bit, as weights for the solver.
    weights: Vec<u128>,
    limits: Limits,
}

/// The winning combination.
struct Choice {
    set: usize,
    /// The row of models that may stay: the combination projected to the target and the running models.
    kept: Vec<u64>,
}

impl MatrixPlanner {
    /// Checks the whole matrix.
    ///
    /// # Errors
    ///
    /// Every mistake in the block and in all sets, used or not; of each set's syntax the first one.
    pub fn new(specification: &MatrixSpecification) -> Result<Self, Vec<MatrixError>> {
        let mut errors = block_errors(specification);
        match Program::new(specification) {
            Ok(program) if errors.is_empty() => Ok(Self::with_program(specification, program)),
            Ok(_) => Err(errors),
            Err(set_errors) => {
                errors.extend(set_errors);
                Err(errors)
            }
        }
    }

    fn with_program(specification: &MatrixSpecification, program: Program) -> Self {
        let mut costs = vec![1; id_count(specification)];
        for &(model, cost) in &specification.costs {
            costs[model.index()] = cost.max(costs[model.index()]);
        }
        let weights = program
            .models()
            .iter()
            .map(|model| u128::from(costs[model.index()]))
            .collect();
        Self {
            program,
            sets: specification.sets.clone(),
            costs,
            weights,
            limits: Limits::DEFAULT,
        }
    }

    /// The name of a set, by its index in written order.
    ///
    /// # Panics
    ///
    /// When there are not so many sets.
    #[must_use]
    pub fn set_name(&self, index: usize) -> &str {
        &self.sets[index].0
    }

    /// The expression of a set as it was written, by its index in written order.
    ///
    /// # Panics
    ///
    /// When there are not so many sets.
    #[must_use]
    pub fn set_expression(&self, index: usize) -> &str {
        &self.sets[index].1
    }

    /// Whether one combination of one set contains all these models (spec/config.md 7.4). A model in no set is in no
    /// combination, not even alone.
    #[must_use]
    pub fn can_run_together(&self, models: &[ModelId]) -> bool {
        let mut live = vec![0; self.program.words()];
        for model in models {
            match self.program.bit(*model) {
                Some(bit) => mask::insert(&mut live, bit),
                None => return false,
            }
        }
        let weights = vec![1; self.program.models().len()];
        let all = mask::weight(live.iter().copied(), &weights);
        let mut search = Search::new(&self.program, live, weights, self.limits);
        (0..self.program.set_count()).any(|set| search.upper_bound(set) == all && search.heaviest(set) == all)
    }

    /// The first of the cheapest combinations with the target, which is not running; `None` when no set has it.
    fn choose(&self, target: ModelId, running: &[ModelId]) -> Option<Choice> {
        let (mut search, everything) = self.search(target, running)?;
        let mut best: Option<(u128, usize)> = None;
        for set in 0..self.program.set_count() {
            let to_beat = best.map_or(TARGET_WEIGHT - 1, |(weight, _)| weight);
            if search.upper_bound(set) <= to_beat {
                continue;
            }
            let weight = search.heaviest(set);
            if weight > to_beat {
                best = Some((weight, set));
            }
            if weight == everything {
                break;
            }
        }
        best.map(|(_, set)| Choice {
            set,
            kept: search.kept(set).to_vec(),
        })
    }

    /// A search in which the target outweighs everything, and the weight of all that matters; `None` when no set has the
    /// target.
    fn search(&self, target: ModelId, running: &[ModelId]) -> Option<(Search<'_>, u128)> {
        let target = self.program.bit(target)?;
        let mut live = vec![0; self.program.words()];
        mask::insert(&mut live, target);
        for bit in running.iter().filter_map(|model| self.program.bit(*model)) {
            mask::insert(&mut live, bit);
        }
        let mut weights = self.weights.clone();
        weights[target] = TARGET_WEIGHT;
        let everything = mask::weight(live.iter().copied(), &weights);
        Some((Search::new(&self.program, live, weights, self.limits), everything))
    }

    /// What evicting these models costs.
    fn cost(&self, models: impl IntoIterator<Item = ModelId>) -> u64 {
        let costs = models.into_iter().map(|model| self.costs.get(model.index()));
        costs.fold(0, |sum, cost| sum.saturating_add(cost.copied().unwrap_or(1)))
    }

    /// Those of the running models that the choice does not keep, in the order of `running`.
    fn evicted(&self, choice: Option<&Choice>, running: &[ModelId]) -> impl Iterator<Item = ModelId> {
        running
            .iter()
            .copied()
            .filter(move |model| match (choice, self.program.bit(*model)) {
                (Some(choice), Some(bit)) => !mask::contains(&choice.kept, bit),
                (None, _) | (_, None) => true,
            })
    }
}

impl Planner for MatrixPlanner {
    /// Makes a handful of short-lived allocations, whose number does not depend on the size of the matrix unless
    /// parts of a set share models.
    fn victims(&self, target: ModelId, running: &[ModelId], victims: &mut Vec<ModelId>) {
        if running.binary_search(&target).is_err() {
            let choice = self.choose(target, running);
            victims.extend(self.evicted(choice.as_ref(), running));
        }
    }

    /// Exchanges one victim for a model of the same cost that would otherwise stay, wherever that makes room as well.
    fn alternatives(&self, target: ModelId, running: &[ModelId], options: &mut Vec<Vec<ModelId>>) {
        let Some(victims) = options.first().cloned() else {
            return;
        };
        let cost = |model: ModelId| self.cost([model]);
        let staying = || running.iter().filter(|model| !victims.contains(model));
        let exchanges = victims
            .iter()
            .flat_map(|spared| staying().map(move |taken| (*spared, *taken)));
        for (spared, taken) in exchanges
            .filter(|&(spared, taken)| cost(spared) == cost(taken))
            .take(EXCHANGES_TRIED)
        {
            let mut option: Vec<ModelId> = victims.iter().copied().filter(|&model| model != spared).collect();
            option.push(taken);
            option.sort_unstable();
            let left: Vec<ModelId> = running
                .iter()
                .copied()
                .filter(|model| !option.contains(model))
                .collect();
            let mut more = Vec::new();
            self.victims(target, &left, &mut more);
            if more.is_empty() {
                options.push(option);
            }
        }
    }

    /// Of each set its best combination.
    fn runners_up(&self, target: ModelId, running: &[ModelId]) -> Vec<RunnerUp> {
        let Some((mut search, _)) = self.search(target, running) else {
            return Vec::new();
        };
        let winner = self.choose(target, running).map(|choice| choice.set);
        let mut found = Vec::new();
        for set in (0..self.program.set_count()).filter(|set| Some(*set) != winner) {
            if search.upper_bound(set) < TARGET_WEIGHT || search.heaviest(set) < TARGET_WEIGHT {
                continue;
            }
            let kept = search.kept(set).to_vec();
            let victims: Vec<ModelId> = self.evicted(Some(&Choice { set, kept }), running).collect();
            let cost = self.cost(victims.iter().copied());
            found.push(RunnerUp { set, victims, cost });
        }
        found.sort_by_key(|runner_up| runner_up.cost);
        found.truncate(RUNNERS_UP);
        found
    }

    fn sets_with(&self, target: ModelId) -> Vec<usize> {
        let Some((mut search, _)) = self.search(target, &[]) else {
            return Vec::new();
        };
        let mut contains =
            |set: &usize| search.upper_bound(*set) >= TARGET_WEIGHT && search.heaviest(*set) >= TARGET_WEIGHT;
        (0..self.program.set_count())
            .filter(|set| contains(set))
            .collect()
    }

    /// A target that is running already is explained by no set and the running models as they are.
    fn explain(&self, target: ModelId, running: &[ModelId]) -> Explanation {
        if running.binary_search(&target).is_ok() {
            return Explanation::Matrix {
                set: None,
                combination: running.to_vec(),
                cost: 0,
            };
        }
        let choice = self.choose(target, running);
        let cost = self.cost(self.evicted(choice.as_ref(), running));
        let combination = match &choice {
            None => vec![target],
            Some(choice) => {
                let models = self.program.models().iter().enumerate();
                models
                    .filter(|(bit, _)| mask::contains(&choice.kept, *bit))
                    .map(|(_, model)| *model)
                    .collect()
            }
        };
        Explanation::Matrix {
            set: choice.map(|choice| choice.set),
            combination,
            cost,
        }
    }
}

/// Rows of a table that has one for each model of the matrix.
fn id_count(specification: &MatrixSpecification) -> usize {
    let indices = specification.models.iter().map(|(_, model)| model.index());
    indices.max().map_or(0, |last| last + 1)
}

/// Mistakes outside of the expressions.
fn block_errors(specification: &MatrixSpecification) -> Vec<MatrixError> {
    let models: BTreeMap<ModelId, &String> = specification
        .models
        .iter()
        .map(|(name, model)| (*model, name))
        .collect();
    let mut errors = Vec::new();
    for (name, model) in &specification.vars {
        let good = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.');
        if name.is_empty() || name.chars().count() > VARIABLE_NAME_LIMIT || !name.chars().all(good) {
            errors.push(MatrixErrorKind::InvalidVariableName { name: name.clone() });
        }
        if !models.contains_key(model) {
            errors.push(MatrixErrorKind::UnknownVariableModel { name: name.clone() });
        }
    }
    for (model, cost) in &specification.costs {
        match models.get(model) {
            None => errors.push(MatrixErrorKind::UnknownCostModel),
            Some(model) if *cost == 0 => {
                errors.push(MatrixErrorKind::CostNotPositive {
                    model: (*model).clone(),
                });
            }
            Some(_) => {}
        }
    }
    errors.into_iter().map(MatrixError::of_block).collect()
}
