//! Merges the trees of several files into one (spec/config.md 1.6, with quirks S1, S2 and S5 mended: null
//! yields in every spelling, and the sub-maps of a matrix can be spread over files).

use std::collections::BTreeMap;

use crate::diagnostic::{ErrorClass, Origin, Report};
use crate::source::SourceMap;
use crate::tree::{Entry, Kind, Node};

/// Mappings whose keys must be unique over all files.
const IDENTITY_MAPS: [&str; 8] = [
    "models",
    "groups",
    "profiles",
    "selectors",
    "peers",
    "matrix",
    "routing.router.settings.groups",
    "routing.router.settings.matrix",
];

/// The sub-maps of a matrix; their entries must be unique, they themselves may stand in several files.
const MATRIX_MAPS: [&str; 3] = ["vars", "evict_costs", "sets"];

/// Merges the trees in order. `None` when there is none.
pub(crate) fn merge(roots: Vec<Node>, sources: &SourceMap, report: &mut Report) -> Option<Node> {
    let mut merger = Merger {
        sources,
        report,
        path: Vec::new(),
    };
    let mut roots = roots.into_iter();
    let mut accumulated = roots.next()?;
    for root in roots {
        merger.merge(&mut accumulated, root);
    }
    Some(accumulated)
}

struct Merger<'a> {
    sources: &'a SourceMap,
    report: &'a mut Report,
    path: Vec<String>,
}

impl Merger<'_> {
    fn merge(&mut self, accumulated: &mut Node, new: Node) {
        if accumulated.is_lost() || new.is_null() {
            return;
        }
        if accumulated.is_null() || new.is_lost() {
            *accumulated = new;
            return;
        }
        let identity = self.identity();
        let first = accumulated.origin;
        match (&mut accumulated.kind, new.kind) {
            (Kind::Mapping(known), Kind::Mapping(entries)) => {
                let positions: BTreeMap<String, usize> = known
                    .iter()
                    .enumerate()
                    .map(|(at, entry)| (entry.key.text.clone(), at))
                    .collect();
                for entry in entries {
                    match positions.get(&entry.key.text) {
                        Some(at) => self.merge_entry(&mut known[*at], entry, identity),
                        None => known.push(entry),
                    }
                }
            }
            (_, _) if identity => {
                let message = format!("{}: expected a mapping", self.path.join("."));
                self.conflict(message, new.origin, first);
            }
            (Kind::Sequence(known), Kind::Sequence(items)) => known.extend(items),
            (Kind::Scalar(known), Kind::Scalar(scalar)) => {
                let same_type = known.typed().tag() == scalar.typed().tag();
                if known.text != scalar.text || !same_type {
                    let message = format!("conflict at \"{}\"", self.path.join("."));
                    self.conflict(message, new.origin, first);
                }
            }
            (_, _) => {
                let message = format!("incompatible YAML node kinds at \"{}\"", self.path.join("."));
                self.conflict(message, new.origin, first);
            }
        }
    }

    fn merge_entry(&mut self, existing: &mut Entry, entry: Entry, identity: bool) {
        let part_of_matrix = self.in_matrix() && MATRIX_MAPS.contains(&entry.key.text.as_str());
        if identity && !part_of_matrix {
            let map = self.path.last().map_or("", String::as_str);
            let message = format!("duplicate {map} \"{}\"", entry.key.text);
            self.conflict(message, entry.key_origin, existing.key_origin);
            return;
        }
        self.path.push(entry.key.text);
        self.merge(&mut existing.value, entry.value);
        self.path.pop();
    }

    fn identity(&self) -> bool {
        let path = self.path.join(".");
        IDENTITY_MAPS.contains(&path.as_str())
            || path.rsplit_once('.').is_some_and(|(parent, last)| {
                (parent == "matrix" || parent == "routing.router.settings.matrix")
                    && MATRIX_MAPS.contains(&last)
            })
    }

    fn in_matrix(&self) -> bool {
        let path = self.path.join(".");
        path == "matrix" || path == "routing.router.settings.matrix"
    }

    fn conflict(&mut self, message: String, second: Origin, first: Origin) {
        self.report
            .error(ErrorClass::Merge, message)
            .at(second)
            .advise(|| {
                let place = self.sources.location(first);
                Some(format!("the other one is at {}:{}", place.file, place.line))
            });
    }
}
