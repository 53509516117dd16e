//! Groups (spec/config.md 2.5, 6.1; quirks G2 to G5 mended: a group named `(default)` is honoured, aliases resolve,
//! unknown members are errors, a null group has the defaults).

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{Scope, boolean};
use crate::diagnostic::{ErrorClass, Report};
use crate::suggest::did_you_mean;
use crate::tree::{Entry, Node};
use crate::typed::{Group, Model};

/// The group of all models that are in no other.
const DEFAULT_GROUP: &str = "(default)";

/// Reads the groups in written order and puts the remaining models into `(default)`, which stands last.
pub(super) fn read(
    section: Option<&Node>,
    models: &IndexMap<String, Model>,
    scope: &Scope<'_>,
    report: &mut Report,
) -> IndexMap<String, Group> {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut groups: IndexMap<String, Group> = IndexMap::new();
    for entry in section.map_or(&[][..], Node::entries) {
        groups.insert(
            entry.key.text.clone(),
            read_group(entry, &mut owners, scope, report),
        );
    }
    let mut rest = groups.shift_remove(DEFAULT_GROUP).unwrap_or_else(|| Group {
        swap: true,
        exclusive: true,
        persistent: false,
        members: Vec::new(),
    });
    rest.members
        .extend(models.keys().filter(|id| !owners.contains_key(*id)).cloned());
    groups.insert(DEFAULT_GROUP.to_owned(), rest);
    groups
}

fn read_group(
    entry: &Entry,
    owners: &mut BTreeMap<String, String>,
    scope: &Scope<'_>,
    report: &mut Report,
) -> Group {
    let name = &entry.key.text;
    let node = &entry.value;
    let mut members: Vec<String> = Vec::new();
    for item in node.child("members").into_iter().flat_map(Node::items) {
        let Some(written) = item.text() else { continue };
        let Some(id) = scope.local(written) else {
            if scope.complete {
                let message = format!("group {name}: no model config for {written}");
                report
                    .error(ErrorClass::Route, message)
                    .at(item.origin)
                    .advise(|| {
                        did_you_mean(written, scope.names.all())
                            .or_else(|| Some("members are models of this server".to_owned()))
                    });
            }
            continue;
        };
        match owners.insert(id.to_owned(), name.clone()) {
            None => members.push(id.to_owned()),
            Some(owner) if owner == *name => {
                let message = format!("duplicate model member {id} in group {name}");
                report.error(ErrorClass::Route, message).at(item.origin);
            }
            Some(owner) => {
                report
                    .error(
                        ErrorClass::Route,
                        format!("model member {id} is used in multiple groups"),
                    )
                    .at(item.origin)
                    .hint(format!("it is also in {owner}; keep one"));
            }
        }
    }
    Group {
        swap: boolean(node, "swap").unwrap_or(true),
        exclusive: boolean(node, "exclusive").unwrap_or(true),
        persistent: boolean(node, "persistent").unwrap_or(false),
        members,
    }
}
