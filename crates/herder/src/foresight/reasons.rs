//! Why somebody leaves for a model, or is not let in, in words of the configuration.

use herder_config::{Config, Router};
use herder_core::planner::Explanation;
use herder_core::{ModelId, Refusal};

use super::Set;
use crate::roster::Roster;

/// The group that holds the models of no group.
const REST: &str = "(default)";

/// Why this victim leaves for this model.
pub(crate) fn of_victim(
    config: &Config,
    roster: &Roster,
    target: ModelId,
    victim: ModelId,
    explanation: &Explanation,
) -> String {
    let (target_name, victim_name) = (roster.name(target), roster.name(victim));
    match explanation {
        Explanation::Groups => {
            let group = group_of(config, target_name);
            match (group == group_of(config, victim_name), group) {
                (true, REST) => "models of no group take turns".to_owned(),
                (true, group) => format!("members of group \"{group}\" take turns"),
                (false, REST) => "models of no group run alone".to_owned(),
                (false, group) => format!("group \"{group}\" is exclusive"),
            }
        }
        Explanation::Matrix { set: None, .. } => format!("no set contains {target_name}, so it runs alone"),
        Explanation::Matrix { set: Some(index), .. } => match Set::at(config, *index) {
            Some(Set { name, expression: _ }) => format!("set \"{name}\" has no place for it"),
            None => "the matrix has no place for it".to_owned(),
        },
    }
}

/// Why these victims leave, all in one: `set "big": cost 3`, `members of group "duo" take turns`.
pub(crate) fn of_swap(
    config: &Config,
    roster: &Roster,
    target: ModelId,
    victims: &[ModelId],
    explanation: &Explanation,
) -> String {
    if let (Some(Set { name, expression: _ }), Some(cost)) = set_and_cost(config, explanation) {
        return format!("set \"{name}\": cost {cost}");
    }
    let mut reasons: Vec<String> = victims
        .iter()
        .map(|&victim| of_victim(config, roster, target, victim, explanation))
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    if reasons.is_empty() {
        "nobody had to leave".to_owned()
    } else {
        reasons.join("; ")
    }
}

/// The set of the matrix that won, and what it costs.
pub(super) fn set_and_cost(config: &Config, explanation: &Explanation) -> (Option<Set>, Option<u64>) {
    match explanation {
        Explanation::Groups => (None, None),
        Explanation::Matrix {
            set,
            combination: _,
            cost,
        } => (set.and_then(|index| Set::at(config, index)), Some(*cost)),
    }
}

/// Why a request is not let in.
pub(super) fn of_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownModel => "the model is not configured any more",
        Refusal::ConcurrencyLimit => {
            "as many requests as its concurrencyLimit allows are waiting or being served"
        }
        Refusal::QueueFull => "as many requests as may wait are waiting",
        Refusal::FailFast { .. } => {
            "its last starts have failed, and the pause before the next one is not over"
        }
        Refusal::ShuttingDown => "herder ends",
    }
}

/// Names in ascending order.
pub(crate) fn names(roster: &Roster, models: &[ModelId]) -> Vec<String> {
    let mut names: Vec<String> = models
        .iter()
        .map(|&model| roster.name(model).to_owned())
        .collect();
    names.sort_unstable();
    names
}

/// `1 request`, `2 requests`
pub(crate) fn requests(count: u32) -> String {
    match count {
        1 => "1 request".to_owned(),
        _ => format!("{count} requests"),
    }
}

fn group_of<'config>(config: &'config Config, model: &str) -> &'config str {
    let Router::Group(groups) = &config.router else {
        return REST;
    };
    let found = groups
        .iter()
        .find(|(_, group)| group.members.iter().any(|member| member == model));
    found.map_or(REST, |(name, _)| name)
}
