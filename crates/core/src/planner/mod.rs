//! Who must leave for whom. A planner is a pure function of the target and of what runs.

pub mod groups;
pub mod matrix;

use crate::ModelId;

/// A policy for making room.
///
/// It is asked for every arrival and again for every queued request, so it must be quick (20 µs with
/// 50 models in 20 sets, issue 2) and must not log.
pub trait Planner: std::fmt::Debug + Send {
    /// Appends to `victims` those models that must be gone before `target` may serve, in ascending order.
    ///
    /// `running` holds, in ascending order and without duplicates, every model with a live process (starting,
    /// ready or stopping; `target` too) and every model that is about to be started.
    fn victims(&self, target: ModelId, running: &[ModelId], victims: &mut Vec<ModelId>);

    /// Appends to `options`, which holds what [`Planner::victims`] says for the same arguments, other sets of victims
    /// that are as good to this planner, each in ascending order. It need not find all of them.
    fn alternatives(&self, _target: ModelId, _running: &[ModelId], _options: &mut Vec<Vec<ModelId>>) {}

    /// What else would have made room for `target`, which is not running, and lost against what [`Planner::victims`] says:
    /// cheapest first, at most [`RUNNERS_UP`]. Called for people who ask, not for decisions.
    fn runners_up(&self, _target: ModelId, _running: &[ModelId]) -> Vec<RunnerUp> {
        Vec::new()
    }

    /// Indices, in written order, of the sets that `target` may run in; empty for planners without sets. Called for people
    /// who ask, not for decisions.
    fn sets_with(&self, _target: ModelId) -> Vec<usize> {
        Vec::new()
    }

    /// The reason for what [`Planner::victims`] says for the same arguments. Called once per load, for the log.
    fn explain(&self, target: ModelId, running: &[ModelId]) -> Explanation;
}

/// Most of what lost that a planner lists; nobody reads more.
pub const RUNNERS_UP: usize = 8;

/// A set of the matrix that contains the target and was not chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerUp {
    /// Index of the set in written order.
    pub set: usize,
    /// Who would have left for the set's best combination, in ascending order.
    pub victims: Vec<ModelId>,
    /// Sum of the costs of the victims.
    pub cost: u64,
}

/// Why a planner chose these victims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// The rule of groups (config.md 6.2).
    Groups,
    /// The cheapest combination of the matrix (config.md 5.4).
    Matrix {
        /// Index of the winning set in written order; `None` when no set contains the target, which then runs
        /// alone.
        set: Option<usize>,
        /// The winning combination projected to the target and the running models, in ascending order.
        combination: Vec<ModelId>,
        /// Sum of the costs of the victims.
        cost: u64,
    },
}
