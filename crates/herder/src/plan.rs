//! From files to what herder runs with: loads the configuration and turns it into the core's plan. `serve` and
//! `check` both come through here, so what one accepts the other accepts.
//!
//! Everything about the files themselves is `herder-config`'s. Only the core can read matrix expressions, so their
//! mistakes, and the selectors that a matrix rules out, are found here.

use herder_config::{
    Config, Diagnostic, Environment, ErrorClass, FairSettings, FifoLimit, GivenPorts, Group, Loaded, Matrix,
    Router, SchedulerStrategy, Severity, Sources, Strategy,
};
use herder_core::planner::Planner;
use herder_core::planner::groups::{GroupPlanner, GroupSpecification};
use herder_core::planner::matrix::{MatrixError, MatrixPlanner, MatrixSpecification};
use herder_core::{Factor, FairPlan, Limit, Linger, ModelId, ModelPlan, Plan};
use herder_supervisor::command::{Dialect, check_quotes};

use crate::roster::{Roster, RosterFull};

/// A configuration and what the core decides with under it.
#[derive(Debug)]
pub struct Planned {
    /// The configuration.
    pub loaded: Loaded,
    /// Which number each model has.
    pub roster: Roster,
    /// By these numbers.
    pub plan: Plan,
}

/// Loads the first configuration and plans with it. With `strict`, unknown keys are errors.
///
/// # Errors
///
/// Every error that could be found in one go, as [`LoadError`].
pub fn load(sources: &Sources, environment: &Environment, strict: bool) -> Result<Planned, LoadError> {
    let loaded = herder_config::load(sources, environment, strict)?;
    let roster = Roster::new(&loaded.config);
    plan_loaded(loaded, roster)
}

/// Loads a configuration that is to follow the one of this roster, and plans with it. Models keep their numbers, and
/// their automatic ports as `ports` knows them.
///
/// # Errors
///
/// As [`load`]; and when more names have left than are remembered.
pub fn reload(
    sources: &Sources,
    environment: &Environment,
    ports: &GivenPorts,
    roster: &Roster,
) -> Result<Planned, LoadError> {
    let loaded = herder_config::reload(sources, environment, ports)?;
    let roster = roster.succeeding(&loaded.config)?;
    plan_loaded(loaded, roster)
}

/// Adds a warning for every command with a quote that is never closed (A4).
fn plan_loaded(mut loaded: Loaded, roster: Roster) -> Result<Planned, LoadError> {
    loaded.warnings.extend(open_quotes(&loaded));
    match plan(&loaded.config, &roster) {
        Ok(plan) => Ok(Planned { loaded, roster, plan }),
        Err(mistakes) => {
            let errors = mistakes
                .into_iter()
                .map(|mistake| mistake.locate(&loaded))
                .collect();
            Err(LoadError::Plan {
                loaded: Box::new(loaded),
                errors,
            })
        }
    }
}

/// The splitter lets an open quote run to the end of the command, as the reference does; nobody means that.
fn open_quotes(loaded: &Loaded) -> Vec<Diagnostic> {
    let commands = loaded
        .config
        .models
        .iter()
        .flat_map(|(id, model)| [(id, "cmd", &model.cmd), (id, "cmdStop", &model.cmd_stop)]);
    commands
        .filter_map(|(id, key, command)| {
            let quote = check_quotes(command, Dialect::native()).err()?.quote;
            let message = format!("model {id}: a {quote} in {key} is never closed");
            let hint = "everything behind it is one word; close it, or put a backslash before it".to_owned();
            let mut warning =
                loaded.diagnostic(ErrorClass::Value, &["models", id, key], message, Some(hint), None);
            warning.severity = Severity::Warning;
            Some(warning)
        })
        .collect()
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The files themselves are wrong.
    #[error(transparent)]
    Files(#[from] herder_config::LoadError),
    /// Only the core could see what is wrong.
    #[error("{}", summary(errors))]
    Plan {
        /// What was read, for the snippets.
        loaded: Box<Loaded>,
        /// At least one.
        errors: Vec<Diagnostic>,
    },
    /// Too many models have left.
    #[error(transparent)]
    Roster(#[from] RosterFull),
}

impl LoadError {
    /// The errors with a place in the files; at least one, unless it is about no place.
    #[must_use]
    pub fn errors(&self) -> &[Diagnostic] {
        match self {
            Self::Files(error) => error.errors(),
            Self::Plan { loaded: _, errors } => errors,
            Self::Roster(_) => &[],
        }
    }

    /// All errors, then all warnings, as text with snippets.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        match self {
            Self::Files(error) => error.render(colour),
            Self::Plan { loaded, errors } => {
                let all: Vec<Diagnostic> = errors.iter().chain(&loaded.warnings).cloned().collect();
                loaded.render(&all, colour)
            }
            Self::Roster(full) => full.to_string(),
        }
    }
}

fn summary(errors: &[Diagnostic]) -> String {
    errors
        .iter()
        .map(|error| error.message.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// A mistake that only the core can see, with its place in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Its kind.
    pub class: ErrorClass,
    /// What is wrong.
    pub message: String,
    /// Keys from the top level to the value.
    pub path: Vec<String>,
    /// Characters into the value.
    pub offset: Option<usize>,
    /// What to do about it.
    pub hint: &'static str,
}

impl Mistake {
    fn locate(self, loaded: &Loaded) -> Diagnostic {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        loaded.diagnostic(
            self.class,
            &path,
            self.message,
            Some(self.hint.to_owned()),
            self.offset,
        )
    }
}

/// What the core decides with. `roster` is the one of this configuration.
///
/// # Errors
///
/// Every mistake in matrix expressions; if there is none, every selector that the matrix rules out.
pub fn plan(config: &Config, roster: &Roster) -> Result<Plan, Vec<Mistake>> {
    Ok(Plan {
        models: models(config, roster),
        planner: planner(config, roster)?,
        strategy: strategy(config.scheduler.strategy),
    })
}

fn models(config: &Config, roster: &Roster) -> Vec<Option<ModelPlan>> {
    let queue_limit = match config.scheduler.strategy {
        // Without effect; a simulation of what `fair` would do reads it.
        SchedulerStrategy::Fifo { limit: _ } => FairSettings::default().queue_limit,
        SchedulerStrategy::Fair(fair) => fair.queue_limit,
    };
    let model = |id: ModelId| {
        let settings = roster.settings(id)?;
        let priority = config.scheduler.priority.get(roster.name(id));
        Some(ModelPlan {
            concurrency_limit: settings.concurrency_limit,
            queue_limit: settings.queue_limit.unwrap_or(queue_limit),
            priority: priority.copied().unwrap_or_default(),
            ttl: settings.ttl,
            unload_timeout: settings.unload_timeout,
            start_timeout: settings.health_check_timeout,
            load_time: settings.load_time,
        })
    };
    roster.ids().map(model).collect()
}

fn strategy(strategy: SchedulerStrategy) -> herder_core::Strategy {
    match strategy {
        SchedulerStrategy::Fifo { limit } => herder_core::Strategy::Fifo {
            limit: match limit {
                FifoLimit::Arrival => Limit::Arrival,
                FifoLimit::Grant => Limit::Grant,
            },
        },
        SchedulerStrategy::Fair(fair) => herder_core::Strategy::Fair(FairPlan {
            price: Factor::from_thousandths(fair.price_thousandths),
            max_wait: fair.max_wait,
            turn: Factor::from_thousandths(fair.turn_thousandths),
            max_turn: fair.max_turn,
            linger: match fair.linger {
                herder_config::Linger::Auto => Linger::Auto,
                herder_config::Linger::Fixed(time) => Linger::Fixed(time),
            },
            aging: fair.aging,
            drain_timeout: fair.drain_timeout,
        }),
    }
}

fn planner(config: &Config, roster: &Roster) -> Result<Box<dyn Planner>, Vec<Mistake>> {
    let matrix = match &config.router {
        Router::Group(groups) => {
            let groups = group_specifications(roster, groups);
            return Ok(Box::new(GroupPlanner::new(roster.len(), &groups)));
        }
        Router::Matrix(matrix) => matrix,
    };
    let planner = MatrixPlanner::new(&matrix_specification(config, roster, matrix))
        .map_err(|errors| errors.iter().map(matrix_mistake).collect::<Vec<_>>())?;
    let mistakes = selector_mistakes(config, roster, &planner);
    if mistakes.is_empty() {
        Ok(Box::new(planner))
    } else {
        Err(mistakes)
    }
}

/// The groups as the core reads them.
pub(crate) fn group_specifications(
    roster: &Roster,
    groups: &indexmap::IndexMap<String, Group>,
) -> Vec<GroupSpecification> {
    let specification = |group: &Group| GroupSpecification {
        swap: group.swap,
        exclusive: group.exclusive,
        persistent: group.persistent,
        members: group.members.iter().filter_map(|id| roster.id(id)).collect(),
    };
    groups.values().map(specification).collect()
}

/// The matrix as the core reads it.
pub(crate) fn matrix_specification(config: &Config, roster: &Roster, matrix: &Matrix) -> MatrixSpecification {
    MatrixSpecification {
        models: config
            .models
            .keys()
            .filter_map(|name| Some((name.clone(), roster.id(name)?)))
            .collect(),
        aliases: resolved(roster, &config.aliases),
        vars: resolved(roster, &matrix.vars),
        costs: matrix
            .evict_costs
            .iter()
            .filter_map(|(id, &cost)| Some((roster.id(id)?, cost)))
            .collect(),
        sets: matrix
            .sets
            .iter()
            .map(|(name, expression)| (name.clone(), expression.clone()))
            .collect(),
    }
}

fn resolved(roster: &Roster, names: &indexmap::IndexMap<String, String>) -> Vec<(String, ModelId)> {
    names
        .iter()
        .filter_map(|(name, id)| Some((name.clone(), roster.id(id)?)))
        .collect()
}

fn matrix_mistake(error: &MatrixError) -> Mistake {
    let mut path = vec!["routing", "router", "settings", "matrix"];
    if let Some(set) = &error.set {
        path.extend(["sets", set]);
    }
    Mistake {
        class: ErrorClass::Matrix,
        message: format!("matrix: {error}"),
        path: path.into_iter().map(str::to_owned).collect(),
        offset: error.position,
        hint: "sets combine models, vars and +sets with &, | and parentheses",
    }
}

/// Local targets of a spillover selector must be able to run together (spec/config.md 7.4).
fn selector_mistakes(config: &Config, roster: &Roster, planner: &MatrixPlanner) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (name, selector) in &config.selectors {
        match selector.strategy {
            Strategy::Spillover { limit: _ } => {}
            Strategy::Pin | Strategy::Warm => continue,
        }
        let local: Vec<ModelId> = selector
            .targets
            .iter()
            .filter_map(|target| {
                roster
                    .id(target)
                    .or_else(|| config.aliases.get(target).and_then(|id| roster.id(id)))
            })
            .collect();
        if local.len() >= 2 && !planner.can_run_together(&local) {
            mistakes.push(Mistake {
                class: ErrorClass::Value,
                message: format!(
                    "selector {name:?}: its local targets must all appear together in one expanded matrix set"
                ),
                path: ["selectors", name, "targets"].map(str::to_owned).to_vec(),
                offset: None,
                hint: "add a set that joins the targets with &, or choose other targets",
            });
        }
    }
    mistakes
}
