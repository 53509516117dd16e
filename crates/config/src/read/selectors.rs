//! `selectors`: names that choose a target for each request (spec/config.md 7.4).
//!
//! Whether the targets of a `spillover` selector fit into one set of the matrix needs the matrix language and is
//! left to the `herder` crate.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::json::read_map;
use super::{Scope, boolean, place, text, trimmed};
use crate::diagnostic::{ErrorClass, Report};
use crate::names::Target;
use crate::suggest::did_you_mean;
use crate::tree::{Entry, Node};
use crate::typed::{Router, Selector, Strategy};

/// Reads all selectors in written order.
pub(super) fn read(
    root: &Node,
    scope: &Scope<'_>,
    router: &Router,
    report: &mut Report,
) -> IndexMap<String, Selector> {
    let groups = GroupOf::new(router);
    let mut selectors = IndexMap::new();
    for entry in root.child("selectors").map_or(&[][..], Node::entries) {
        check_id(entry, scope, report);
        let selector = read_selector(entry, scope, groups.as_ref(), report);
        selectors.insert(entry.key.text.clone(), selector);
    }
    selectors
}

fn check_id(entry: &Entry, scope: &Scope<'_>, report: &mut Report) {
    let id = entry.key.text.as_str();
    let problem = if id.trim().is_empty() {
        "name must not be empty"
    } else if scope.local(id) == Some(id) {
        "name conflicts with model ID"
    } else if scope.local(id).is_some() {
        "name conflicts with model alias"
    } else {
        return;
    };
    report
        .error(ErrorClass::Name, format!("selector {id}: {problem}"))
        .at(entry.key_origin)
        .hint("rename it");
}

fn read_selector(
    entry: &Entry,
    scope: &Scope<'_>,
    groups: Option<&GroupOf<'_>>,
    report: &mut Report,
) -> Selector {
    let id = &entry.key.text;
    let node = &entry.value;
    let targets: Vec<&Node> = node.child("targets").into_iter().flat_map(Node::items).collect();
    let lost = node.is_lost() || node.child("targets").is_some_and(Node::is_lost);
    if targets.is_empty() && !lost {
        report
            .error(
                ErrorClass::Value,
                format!("selector {id}: targets must contain at least one entry"),
            )
            .at(place(node, "targets", entry.key_origin));
    }
    for target in &targets {
        check_target(id, target, scope, report);
    }
    let strategy = read_strategy(entry, report);
    match strategy {
        Strategy::Pin => {}
        Strategy::Warm => {
            for target in &targets {
                let name = target.text().unwrap_or_default();
                if matches!(scope.names.resolve(name), Some(Target::Peer(_))) {
                    let message = format!("selector {id}: target {name} must resolve to a local model");
                    report.error(ErrorClass::Value, message).at(target.origin);
                }
            }
        }
        Strategy::Spillover { .. } => check_spillover(entry, &targets, scope, groups, report),
    }
    Selector {
        strategy,
        targets: targets
            .iter()
            .filter_map(|target| target.text())
            .map(str::to_owned)
            .collect(),
        name: trimmed(node, "name"),
        description: trimmed(node, "description"),
        unlisted: boolean(node, "unlisted").unwrap_or(false),
        metadata: read_map(node.child("metadata"), report),
    }
}

fn check_target(id: &str, target: &Node, scope: &Scope<'_>, report: &mut Report) {
    let Some(name) = target.text() else { return };
    if scope.names.resolve(name).is_some() {
        return;
    }
    if scope.names.is_selector(name) {
        report
            .error(
                ErrorClass::Name,
                format!("selector {id}: target {name}: selector chaining is not supported"),
            )
            .at(target.origin)
            .hint("name models, aliases or peer models");
    } else if scope.complete {
        let message = format!("selector {id}: references unknown model \"{name}\"");
        report
            .error(ErrorClass::Name, message)
            .at(target.origin)
            .advise(|| did_you_mean(name, scope.names.all()));
    }
}

fn read_strategy(entry: &Entry, report: &mut Report) -> Strategy {
    let id = &entry.key.text;
    let node = &entry.value;
    let hint = "one of pin, warm, spillover";
    match text(node, "strategy") {
        Some("pin") => Strategy::Pin,
        Some("warm") => Strategy::Warm,
        Some("spillover") => {
            let settings = node.child("settings");
            let limit = settings
                .and_then(|settings| settings.child("spillover"))
                .and_then(Node::integer)
                .unwrap_or(1);
            if limit < 1 {
                let origin = settings.map_or(entry.key_origin, |settings| {
                    place(settings, "spillover", settings.origin)
                });
                let message = format!("selector {id}: settings.spillover must be at least 1");
                report.error(ErrorClass::Value, message).at(origin);
            }
            Strategy::Spillover {
                limit: u32::try_from(limit).unwrap_or(u32::MAX),
            }
        }
        None | Some("") => {
            if !node.is_lost() && !node.child("strategy").is_some_and(Node::is_lost) {
                report
                    .error(ErrorClass::Value, format!("selector {id}: strategy is required"))
                    .at(entry.key_origin)
                    .hint(hint);
            }
            Strategy::Pin
        }
        Some(other) => {
            report
                .error(
                    ErrorClass::Value,
                    format!("selector {id}: unknown strategy \"{other}\""),
                )
                .at(place(node, "strategy", entry.key_origin))
                .hint(hint);
            Strategy::Pin
        }
    }
}

fn check_spillover(
    entry: &Entry,
    targets: &[&Node],
    scope: &Scope<'_>,
    groups: Option<&GroupOf<'_>>,
    report: &mut Report,
) {
    let id = &entry.key.text;
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut local: Vec<&str> = Vec::new();
    for target in targets {
        let model = match target.text().and_then(|name| scope.names.resolve(name)) {
            None => continue,
            Some(Target::Local(model)) => model.to_owned(),
            Some(Target::Peer(peer)) => format!("{}/{}", peer.peer, peer.model),
        };
        if !seen.insert(model.clone()) {
            report
                .error(
                    ErrorClass::Value,
                    format!("selector {id}: duplicate resolved model \"{model}\""),
                )
                .at(target.origin);
        } else if let Some(model) = scope.local(&model) {
            local.push(model);
        }
    }
    let (Some(groups), [first, others @ ..]) = (groups, local.as_slice()) else {
        return;
    };
    if others.is_empty() {
        return;
    }
    let Some((first_name, swap)) = groups.get(first) else {
        return;
    };
    let problem = if swap {
        "targets must share a group with swap: false"
    } else if others
        .iter()
        .any(|other| groups.get(other).is_some_and(|(name, _)| name != first_name))
    {
        "targets must share one routing group"
    } else {
        return;
    };
    report
        .error(ErrorClass::Value, format!("selector {id}: {problem}"))
        .at(place(&entry.value, "targets", entry.key_origin))
        .hint("targets that evict each other cannot share the load");
}

/// The group of each model, under the group router.
struct GroupOf<'a>(BTreeMap<&'a str, (&'a str, bool)>);

impl<'a> GroupOf<'a> {
    fn new(router: &'a Router) -> Option<Self> {
        let groups = match router {
            Router::Group(groups) => groups,
            Router::Matrix(_) => return None,
        };
        let members = groups.iter().flat_map(|(name, group)| {
            group
                .members
                .iter()
                .map(move |member| (member.as_str(), (name.as_str(), group.swap)))
        });
        Some(Self(members.collect()))
    }

    /// The name of a model's group, and whether its members swap.
    fn get(&self, model: &str) -> Option<(&'a str, bool)> {
        self.0.get(model).copied()
    }
}
