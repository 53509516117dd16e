//! The group rule: siblings swap, exclusive groups push others out, persistent groups stay (config.md section 6).

use super::{Explanation, Planner};
use crate::ModelId;

/// One group as the configuration states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSpecification {
    /// A request for one member stops its siblings.
    pub swap: bool,
    /// A request for a member stops models of other groups.
    pub exclusive: bool,
    /// Models of other groups never stop a member. Siblings still may.
    pub persistent: bool,
    /// The members; a model belongs to at most one group.
    pub members: Vec<ModelId>,
}

/// Decides by groups. A model in no group belongs to an implicit one that swaps and is exclusive.
#[derive(Debug)]
pub struct GroupPlanner {
    rules: Vec<Rule>,
    /// For every model the index of its group in `rules`.
    group_of: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Rule {
    swap: bool,
    exclusive: bool,
    persistent: bool,
}

impl GroupPlanner {
    /// A planner for `model_count` models. When a model is listed twice the last group counts; the configuration
    /// does not let that through.
    #[must_use]
    pub fn new(model_count: usize, groups: &[GroupSpecification]) -> Self {
        let implicit = Rule {
            swap: true,
            exclusive: true,
            persistent: false,
        };
        let mut rules = vec![implicit];
        let mut group_of = vec![0; model_count];
        for group in groups {
            for member in &group.members {
                if let Some(slot) = group_of.get_mut(member.index()) {
                    *slot = rules.len();
                }
            }
            rules.push(Rule {
                swap: group.swap,
                exclusive: group.exclusive,
                persistent: group.persistent,
            });
        }
        Self { rules, group_of }
    }
}

impl Planner for GroupPlanner {
    fn victims(&self, target: ModelId, running: &[ModelId], victims: &mut Vec<ModelId>) {
        let own_group = self.group_of[target.index()];
        let own_rule = self.rules[own_group];
        victims.extend(running.iter().copied().filter(|&other| {
            let group = self.group_of[other.index()];
            if other == target {
                false
            } else if group == own_group {
                own_rule.swap
            } else {
                own_rule.exclusive && !self.rules[group].persistent
            }
        }));
    }

    fn explain(&self, _target: ModelId, _running: &[ModelId]) -> Explanation {
        Explanation::Groups
    }
}
