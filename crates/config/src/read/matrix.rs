//! The matrix block (spec/config.md 5.2; quirk X5 mended: aliases resolve in `vars` and `evict_costs`).
//!
//! What stands inside an expression is parsed by the core; errors there are reported by the `herder` crate.

use indexmap::IndexMap;

use super::Scope;
use crate::diagnostic::{ErrorClass, Origin, Report};
use crate::suggest::did_you_mean;
use crate::tree::{Entry, Node};
use crate::typed::Matrix;

/// Reads a matrix block.
pub(super) fn read(section: &Node, scope: &Scope<'_>, report: &mut Report) -> Matrix {
    let vars = read_vars(section, scope, report);
    let evict_costs = read_costs(section, &vars, scope, report);
    let lost = section.is_lost() || section.child("sets").is_some_and(Node::is_lost);
    let entries = section.child("sets").map_or(&[][..], Node::entries);
    if entries.is_empty() && !lost {
        error(
            report,
            "must define at least one set",
            section.origin,
            "sets: {name: \"a & b\"}",
        );
    }
    Matrix {
        vars,
        evict_costs,
        sets: entries.iter().map(|entry| read_set(entry, report)).collect(),
    }
}

fn read_set(entry: &Entry, report: &mut Report) -> (String, String) {
    let name = &entry.key.text;
    let expression = entry.value.text().unwrap_or_default();
    if expression.trim().is_empty() && !entry.value.is_lost() {
        error(
            report,
            &format!("set {name}: empty DSL expression"),
            entry.key_origin,
            "name the models of the set",
        );
    }
    (name.clone(), expression.to_owned())
}

fn read_vars(section: &Node, scope: &Scope<'_>, report: &mut Report) -> IndexMap<String, String> {
    let mut vars = IndexMap::new();
    for entry in section.child("vars").map_or(&[][..], Node::entries) {
        let name = &entry.key.text;
        if !is_var_name(name) {
            let message = format!(
                "var {name}: name must contain only alphanumeric, '-' or '.' and have 1-32 characters"
            );
            error(report, &message, entry.key_origin, "rename it");
        }
        if entry.value.is_lost() {
            continue;
        }
        let written = entry.value.text().unwrap_or_default();
        match scope.local(written) {
            Some(id) => drop(vars.insert(name.clone(), id.to_owned())),
            None if !scope.complete => {}
            None => {
                let message = format!("var {name} references unknown model {written}");
                unknown(report, &message, written, entry.value.origin, scope);
            }
        }
    }
    vars
}

fn read_costs(
    section: &Node,
    vars: &IndexMap<String, String>,
    scope: &Scope<'_>,
    report: &mut Report,
) -> IndexMap<String, u64> {
    let mut costs: IndexMap<String, u64> = IndexMap::new();
    for entry in section.child("evict_costs").map_or(&[][..], Node::entries) {
        let name = &entry.key.text;
        let Some(id) = vars.get(name).map(String::as_str).or_else(|| scope.local(name)) else {
            if scope.complete {
                let message = format!("evict_costs: unknown var or model {name}");
                unknown(report, &message, name, entry.key_origin, scope);
            }
            continue;
        };
        if entry.value.is_lost() {
            continue;
        }
        match u64::try_from(entry.value.integer().unwrap_or(0)) {
            // A model listed twice, by name and by var, keeps the larger cost.
            Ok(cost) if cost > 0 => {
                costs
                    .entry(id.to_owned())
                    .and_modify(|known| *known = cost.max(*known))
                    .or_insert(cost);
            }
            Ok(_) | Err(_) => {
                let message = format!("evict_costs: {name} must be a positive integer");
                error(
                    report,
                    &message,
                    entry.value.origin,
                    "1 is the cost of models that are not listed",
                );
            }
        }
    }
    costs
}

fn error(report: &mut Report, message: &str, origin: Origin, hint: &str) {
    report
        .error(ErrorClass::Matrix, format!("matrix: {message}"))
        .at(origin)
        .hint(hint);
}

fn unknown(report: &mut Report, message: &str, name: &str, origin: Origin, scope: &Scope<'_>) {
    report
        .error(ErrorClass::Matrix, format!("matrix: {message}"))
        .at(origin)
        .advise(|| {
            did_you_mean(name, scope.names.all())
                .or_else(|| Some("it must be a model of this server".to_owned()))
        });
}

/// One to 32 letters, digits, dots and hyphens.
fn is_var_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (1..=32).contains(&name.len()) && name.bytes().all(allowed)
}
