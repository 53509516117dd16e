//! What would become of a request that came now, for people and programs: `herder plan` and `GET /api/plan`.
//!
//! The core foresees ([`herder_core::Preview`]); here it gets names and words. `subject` finds the model that a name means,
//! `reasons` says why somebody leaves, which the record of swaps says in the same words.

pub(crate) mod reasons;
pub(crate) mod subject;
#[cfg(test)]
mod tests;
mod text;

use herder_config::{Config, Router};
use herder_core::{Herd, ModelId, Obstacle, Preview, Prospect, Timestamp};
use serde::Serialize;

use crate::driver::Occupancy;
use crate::roster::Roster;
use crate::state_word::state_word;

/// What the core foresees for one model, with the state that it has looked at.
#[derive(Debug)]
pub struct Foreseen {
    model: ModelId,
    now: Timestamp,
    preview: Preview,
    occupancy: Occupancy,
    /// Those of the preview.
    victims: Vec<(ModelId, Occupancy)>,
    /// Every model that has a process.
    running: Vec<(ModelId, Occupancy)>,
}

impl Foreseen {
    /// Asks the core.
    #[must_use]
    pub fn of(herd: &Herd, now: Timestamp, model: ModelId) -> Self {
        let occupied = |model: ModelId| (model, Occupancy::of(herd, model));
        let preview = herd.preview(now, model);
        Self {
            model,
            now,
            occupancy: Occupancy::of(herd, model),
            victims: preview.victims.iter().copied().map(occupied).collect(),
            running: herd.running().map(|(model, _)| occupied(model)).collect(),
            preview,
        }
    }
}

/// What would become of a request for a model if it came now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SwapPlan"))]
pub struct Foresight {
    /// Its id.
    model: String,
    /// What its process is doing.
    #[cfg_attr(test, schemars(extend("enum" = ["stopped", "starting", "ready", "stopping"])))]
    state: &'static str,
    /// `serve` at once, `join` the load in progress, `load` at once, `wait`, or `refuse`.
    #[cfg_attr(test, schemars(extend("enum" = ["serve", "join", "load", "wait", "refuse"])))]
    outcome: &'static str,
    /// All of this for people.
    text: String,
    /// What keeps it waiting, or why it is refused; empty otherwise.
    reasons: Vec<String>,
    /// With the scheduler `fair`, when it decides again even if nothing happens; `null` when only events count.
    decides_again_in_seconds: Option<f64>,
    /// Who leaves for it, in ascending order of id.
    victims: Vec<Victim>,
    /// The set of the matrix that decides; `null` with groups, without a load, and when no set has the model.
    set: Option<Set>,
    /// Sum of the eviction costs of the victims; `null` with groups and without a load.
    cost: Option<u64>,
    /// Stops and load; `null` without a load, and when they were neither measured nor configured.
    swap_seconds: Option<f64>,
    /// Other sets that contain the model, cheapest first; eight at most.
    alternatives: Vec<Alternative>,
    /// Models that have a process, in ascending order of id.
    running: Vec<Busy>,
}

/// A model that leaves.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SwapVictim"))]
struct Victim {
    #[serde(flatten)]
    model: Busy,
    /// Why.
    why: String,
}

/// A model that has a process, and how busy it is.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "BusyModel"))]
struct Busy {
    /// Its id.
    model: String,
    /// What its process is doing.
    #[cfg_attr(test, schemars(extend("enum" = ["stopped", "starting", "ready", "stopping"])))]
    state: &'static str,
    /// Requests that it serves.
    in_flight: u32,
    /// Requests that wait for it.
    waiting: u32,
}

/// A set of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MatrixSet"))]
pub(crate) struct Set {
    /// Its name.
    pub(crate) name: String,
    /// As it is written.
    pub(crate) expression: String,
}

/// Another way to make room, which costs more or comes later in the configuration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SwapAlternative"))]
struct Alternative {
    set: Set,
    /// Ids of those who would leave, in ascending order.
    victims: Vec<String>,
    /// Sum of their eviction costs.
    cost: u64,
}

impl Foresight {
    /// In words of this configuration.
    #[must_use]
    pub fn new(foreseen: &Foreseen, config: &Config, roster: &Roster) -> Self {
        let Foreseen {
            model,
            now,
            preview,
            occupancy,
            victims,
            running,
        } = foreseen;
        let busy = |(model, occupancy): &(ModelId, Occupancy)| Busy::new(roster.name(*model), occupancy);
        let mut victims: Vec<Victim> = victims
            .iter()
            .map(|victim| Victim {
                model: busy(victim),
                why: preview
                    .explanation
                    .as_ref()
                    .map_or_else(String::new, |explanation| {
                        reasons::of_victim(config, roster, *model, victim.0, explanation)
                    }),
            })
            .collect();
        victims.sort_by(|left, right| left.model.model.cmp(&right.model.model));
        let (set, cost) = match &preview.explanation {
            Some(explanation) => reasons::set_and_cost(config, explanation),
            None => (None, None),
        };
        let alternatives = preview.runners_up.iter().filter_map(|runner_up| {
            Some(Alternative {
                set: Set::at(config, runner_up.set)?,
                victims: reasons::names(roster, &runner_up.victims),
                cost: runner_up.cost,
            })
        });
        let mut everybody: Vec<Busy> = running.iter().map(busy).collect();
        everybody.sort_by(|left, right| left.model.cmp(&right.model));
        let until = match preview.prospect {
            Prospect::Waits { obstacles: _, until } => until,
            Prospect::Refused(_) | Prospect::Granted | Prospect::Joined | Prospect::Loaded => None,
        };
        let mut foresight = Self {
            model: roster.name(*model).to_owned(),
            state: state_word(occupancy.state),
            outcome: outcome(&preview.prospect),
            text: String::new(),
            reasons: prospect_reasons(&preview.prospect, roster),
            decides_again_in_seconds: until.map(|until| until.since(*now).as_secs_f64()),
            victims,
            set,
            cost,
            swap_seconds: preview.swap_time.map(|time| time.as_secs_f64()),
            alternatives: alternatives.collect(),
            running: everybody,
        };
        foresight.text = text::of(&foresight);
        foresight
    }

    /// All of it for people, in lines.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Busy {
    fn new(name: &str, occupancy: &Occupancy) -> Self {
        Self {
            model: name.to_owned(),
            state: state_word(occupancy.state),
            in_flight: occupancy.in_flight,
            waiting: occupancy.waiting,
        }
    }
}

fn outcome(prospect: &Prospect) -> &'static str {
    match prospect {
        Prospect::Refused(_) => "refuse",
        Prospect::Granted => "serve",
        Prospect::Joined => "join",
        Prospect::Loaded => "load",
        Prospect::Waits { .. } => "wait",
    }
}

fn prospect_reasons(prospect: &Prospect, roster: &Roster) -> Vec<String> {
    match prospect {
        Prospect::Refused(refusal) => vec![reasons::of_refusal(*refusal).to_owned()],
        Prospect::Granted | Prospect::Joined | Prospect::Loaded => Vec::new(),
        Prospect::Waits { obstacles, until } if obstacles.is_empty() && until.is_some() => {
            vec![
                "those who leave are kept for a while: their turn, or clients who usually come back"
                    .to_owned(),
            ]
        }
        Prospect::Waits { obstacles, until: _ } => obstacles
            .iter()
            .map(|obstacle| match obstacle {
                Obstacle::Busy { model, in_flight } => {
                    format!("{} serves {}", roster.name(*model), reasons::requests(*in_flight))
                }
                Obstacle::Loading(model) => format!("{} is being loaded", roster.name(*model)),
                Obstacle::Rival(model) => format!("those who wait for {} go first", roster.name(*model)),
                Obstacle::Full => {
                    "it serves as many requests as it may, or others wait for it too".to_owned()
                }
                Obstacle::Outdated => "its process is of an earlier configuration and ends first".to_owned(),
            })
            .collect(),
    }
}

impl Set {
    /// The one at this place, in written order. `None` without a matrix, or when it has no such set.
    pub(crate) fn at(config: &Config, index: usize) -> Option<Self> {
        let Router::Matrix(matrix) = &config.router else {
            return None;
        };
        let (name, expression) = matrix.sets.get_index(index)?;
        Some(Self {
            name: name.clone(),
            expression: expression.clone(),
        })
    }
}
