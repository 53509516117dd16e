//! `profiles`: named sets of pins (spec/config.md 7.3). That a profile is no list is checked by its shape.

use indexmap::IndexMap;

use super::{Scope, text};
use crate::diagnostic::{ErrorClass, Report};
use crate::suggest::did_you_mean;
use crate::tree::{Entry, Node};
use crate::typed::Profile;

/// Reads all profiles in written order.
pub(super) fn read(root: &Node, scope: &Scope<'_>, report: &mut Report) -> IndexMap<String, Profile> {
    let entries = root.child("profiles").map_or(&[][..], Node::entries);
    entries
        .iter()
        .map(|entry| (entry.key.text.clone(), read_profile(entry, scope, report)))
        .collect()
}

fn read_profile(entry: &Entry, scope: &Scope<'_>, report: &mut Report) -> Profile {
    let id = &entry.key.text;
    if id.trim().is_empty() {
        report
            .error(ErrorClass::Value, "profile name must not be empty")
            .at(entry.key_origin);
    }
    let node = &entry.value;
    let pins = node.child("pins").filter(|pins| !pins.is_lost());
    let lost = node.is_lost() || node.child("pins").is_some_and(Node::is_lost);
    if pins.is_none_or(|pins| pins.entries().is_empty()) && !lost {
        report
            .error(
                ErrorClass::Value,
                format!("profile {id}: pins must contain at least one entry"),
            )
            .at(entry.key_origin)
            .hint("for example pins: {requested-name: model}");
    }
    let pins = pins.map_or(&[][..], Node::entries);
    Profile {
        description: text(node, "description").unwrap_or_default().to_owned(),
        pins: pins
            .iter()
            .map(|pin| (pin.key.text.clone(), read_pin(id, pin, scope, report)))
            .collect(),
    }
}

fn read_pin(profile: &str, pin: &Entry, scope: &Scope<'_>, report: &mut Report) -> Option<String> {
    let name = &pin.key.text;
    if name.trim().is_empty() {
        let message = format!("profile {profile}: pin name must not be empty");
        report.error(ErrorClass::Value, message).at(pin.key_origin);
    }
    let target = pin.value.text().filter(|target| !target.is_empty())?;
    let known = scope.names.resolve(target).is_some() || scope.names.is_selector(target);
    if !known && scope.complete {
        let message = format!("profile {profile}: pin {name} references unknown model \"{target}\"");
        report
            .error(ErrorClass::Name, message)
            .at(pin.value.origin)
            .advise(|| did_you_mean(target, scope.names.all()));
    }
    Some(target.to_owned())
}
