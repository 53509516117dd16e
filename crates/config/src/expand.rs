//! The macro pass over the document: what is replaced where, ports, and the search for leftovers
//! (spec/config.md 1.7 steps 4 to 10, 3.2 and 3.6).

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{ErrorClass, Origin, Report};
use crate::keys;
use crate::macros::{Budget, MacroList, Outcome, uses};
use crate::ports::{Allocation, GivenPorts};
use crate::scalar::Typed;
use crate::tree::{Entry, Kind, Node, Scalar};
use crate::typed::Port;

/// First port when `startPort` is not given.
pub(crate) const DEFAULT_START_PORT: i64 = 5800;

/// Address of a model server when a model does not say.
const DEFAULT_PROXY: &str = "http://localhost:${PORT}";

/// Fields of a model that herder names with their full path in messages.
const NAMED_FIELDS: [&str; 6] = ["cmd", "cmdStop", "proxy", "checkEndpoint", "name", "description"];

/// Expands every macro of the document, allocates ports beside those that are `given` already, and reports what is left
/// over. Returns the port of each model that has an automatic one.
pub(crate) fn expand(root: &mut Node, given: &GivenPorts, report: &mut Report) -> BTreeMap<String, Port> {
    let globals = MacroList::declare(root.child("macros"), None, report);
    let mut pass = Pass {
        report,
        budget: Budget::default(),
        exhausted: false,
    };
    let Kind::Mapping(entries) = &mut root.kind else {
        return BTreeMap::new();
    };
    for entry in entries.iter_mut() {
        match entry.key.text.as_str() {
            "models" => strip_comments(&mut entry.value),
            "macros" => {}
            name => {
                pass.replace(&globals, &mut entry.value);
                if keys::ROOT.iter().any(|known| known.name == name) {
                    pass.reject_leftovers(&mut entry.value, &Place::Document(name.to_owned()));
                }
            }
        }
    }
    let start = root
        .child("startPort")
        .and_then(Node::integer)
        .filter(|port| *port > 0);
    let mut ports = Allocation::new(start.unwrap_or(DEFAULT_START_PORT), given);
    let Some(Node {
        kind: Kind::Mapping(models),
        ..
    }) = root.child_mut("models")
    else {
        return BTreeMap::new();
    };
    let mut order: Vec<usize> = (0..models.len()).collect();
    order.sort_by(|left, right| models[*left].key.text.cmp(&models[*right].key.text));
    for position in order {
        pass.expand_model(&mut models[position], &globals, &mut ports);
    }
    ports.finish()
}

/// Drops the lines of a command that start with `#` (spec/config.md 4.1).
pub(crate) fn without_comment_lines(command: &str) -> String {
    let lines = command
        .split('\n')
        .filter(|line| !line.trim_start_matches([' ', '\t', '\r']).starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

fn strip_comments(models: &mut Node) {
    let Kind::Mapping(models) = &mut models.kind else {
        return;
    };
    for model in models {
        for field in ["cmd", "cmdStop"] {
            if let Some(Node {
                kind: Kind::Scalar(command),
                ..
            }) = model.value.child_mut(field)
                && command.text.contains('#')
            {
                command.text = without_comment_lines(&command.text);
                command.quoted = true;
            }
        }
    }
}

struct Pass<'a> {
    report: &'a mut Report,
    budget: Budget,
    exhausted: bool,
}

/// Which part of the document is searched for leftovers, for the wording of the message.
enum Place {
    /// A path outside models.
    Document(String),
    /// A field of a model.
    Model { id: String, field: String },
}

impl Pass<'_> {
    fn expand_model(&mut self, entry: &mut Entry, globals: &MacroList, ports: &mut Allocation<'_>) {
        let id = entry.key.text.clone();
        if !matches!(entry.value.kind, Kind::Mapping(_)) && !entry.value.is_null() {
            return;
        }
        if uses(&id).next().is_some() {
            self.report
                .warning(
                    ErrorClass::Macro,
                    format!("model {id}: macros are not replaced in model IDs"),
                )
                .at(entry.key_origin);
        }
        let model = &mut entry.value;
        let own = MacroList::declare(model.child("macros"), Some(&id), self.report);
        let list = MacroList::of_model(text(id.clone()), globals, own);
        self.replace_in_model(&list, model, &id);

        let uses_port = |node: Option<&Node>| {
            node.and_then(Node::text)
                .is_some_and(|text| uses(text).any(|name| name == "PORT"))
        };
        if uses_port(model.child("cmd")) {
            let port = MacroList::of(
                "PORT",
                Scalar {
                    text: ports.allocate(&id).to_string(),
                    ..Scalar::default()
                },
            );
            if model.child("proxy").is_none() {
                set_default_proxy(model);
            }
            self.replace_in_model(&port, model, &id);
        } else if !model.child("cmd").is_some_and(Node::is_lost) && Self::proxy_needs_port(model) {
            let place = model
                .entry("proxy")
                .map_or(entry.key_origin, |proxy| proxy.value.origin);
            let message = format!("model {id}: proxy uses ${{PORT}} but cmd does not");
            self.report
                .error(ErrorClass::Macro, message)
                .at(place)
                .hint("put ${PORT} into cmd, or give the address of the server in proxy");
            if let Some(proxy) = model.child_mut("proxy") {
                proxy.lose();
            }
        }
        self.reject_leftovers_in_model(model, &id);
    }

    fn proxy_needs_port(model: &Node) -> bool {
        match model.child("proxy") {
            Some(proxy) => proxy
                .text()
                .is_some_and(|text| uses(text).any(|name| name == "PORT")),
            None => true,
        }
    }

    fn replace_in_model(&mut self, list: &MacroList, model: &mut Node, id: &str) {
        if is_opaque(model) {
            return;
        }
        let Kind::Mapping(entries) = &mut model.kind else {
            return;
        };
        for entry in entries {
            match entry.key.text.as_str() {
                "macros" => {}
                "filters" => {
                    self.replace(list, &mut entry.value);
                    self.replace_keys(list, &mut entry.value, id);
                }
                _ => self.replace(list, &mut entry.value),
            }
        }
    }

    /// The keys of `setParamsByID` are the only ones in which macros work.
    fn replace_keys(&mut self, list: &MacroList, filters: &mut Node, id: &str) {
        let Some(by_id) = filters.child_mut("setParamsByID") else {
            return;
        };
        let Kind::Mapping(entries) = &mut by_id.kind else {
            return;
        };
        let mut seen: BTreeSet<String> = BTreeSet::new();
        entries.retain_mut(|entry| {
            if uses(&entry.key.text).next().is_some() {
                entry.key.quoted = true;
                let outcome = list.expand(&mut entry.key, &mut self.budget);
                entry.key.quoted = true;
                self.report_failure(outcome, entry.key_origin);
            }
            let unique = seen.insert(entry.key.text.clone());
            if !unique {
                let text = &entry.key.text;
                let message =
                    format!("model {id}: two setParamsByID keys resolve to the same value '{text}'");
                self.report.error(ErrorClass::Macro, message).at(entry.key_origin);
            }
            unique
        });
    }

    fn replace(&mut self, list: &MacroList, node: &mut Node) {
        if is_opaque(node) {
            return;
        }
        match &mut node.kind {
            Kind::Scalar(scalar) => {
                let outcome = list.expand(scalar, &mut self.budget);
                if outcome != Outcome::Done {
                    self.report_failure(outcome, node.origin);
                    node.lose();
                }
            }
            Kind::Sequence(items) => items.iter_mut().for_each(|item| self.replace(list, item)),
            Kind::Mapping(entries) => {
                entries
                    .iter_mut()
                    .for_each(|entry| self.replace(list, &mut entry.value));
            }
            Kind::Lost => {}
        }
    }

    fn report_failure(&mut self, outcome: Outcome, origin: Origin) {
        match outcome {
            Outcome::Done | Outcome::Defective => {}
            Outcome::TooLarge if self.exhausted => {}
            Outcome::TooLarge => {
                self.exhausted = true;
                self.report
                    .error(ErrorClass::Macro, "the macros used here expand to too much text")
                    .at(origin)
                    .hint("macros that use each other several times grow with every step");
            }
        }
    }

    fn reject_leftovers_in_model(&mut self, model: &mut Node, id: &str) {
        if is_opaque(model) {
            self.warn_opaque(model);
            return;
        }
        let Kind::Mapping(entries) = &mut model.kind else {
            return;
        };
        for entry in entries {
            let field = entry.key.text.as_str();
            if field == "macros" {
                continue;
            }
            if field == "filters"
                && let Some(by_id) = entry.value.child("setParamsByID")
            {
                for key in by_id.entries() {
                    if let Some(name) = uses(&key.key.text).next() {
                        let message = format!("model {id} filters: unknown macro '${{{name}}}'");
                        self.report.error(ErrorClass::Macro, message).at(key.key_origin);
                    }
                }
            }
            let place = Place::Model {
                id: id.to_owned(),
                field: field.to_owned(),
            };
            self.reject_leftovers(&mut entry.value, &place);
        }
    }

    fn reject_leftovers(&mut self, node: &mut Node, place: &Place) {
        if is_opaque(node) {
            self.warn_opaque(node);
            return;
        }
        match &mut node.kind {
            Kind::Scalar(scalar) if scalar.typed() == Typed::Text => {
                let stops = matches!(place, Place::Model { field, .. } if field == "cmdStop");
                let left = uses(&scalar.text).find(|name| !(stops && *name == "PID"));
                let Some(name) = left.map(str::to_owned) else {
                    return;
                };
                let message = place.message(&name);
                let draft = self.report.error(ErrorClass::Macro, message).at(node.origin);
                match name.as_str() {
                    "PID" => draft.hint("${PID} is known in cmdStop only"),
                    "PORT" => draft.hint("${PORT} is known in models whose cmd uses it"),
                    "MODEL_ID" => draft.hint("${MODEL_ID} is known in models only"),
                    _ => draft.hint(format!(
                        "declare it under macros, before the macros that use it; for a shell variable write ${name}"
                    )),
                };
                node.lose();
            }
            Kind::Scalar(_) | Kind::Lost => {}
            Kind::Sequence(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.reject_leftovers(item, &place.item(index));
                }
            }
            Kind::Mapping(entries) => {
                for entry in entries {
                    let place = place.key(&entry.key.text);
                    self.reject_leftovers(&mut entry.value, &place);
                }
            }
        }
    }

    /// Quirk P7 is kept, but not in silence.
    fn warn_opaque(&mut self, node: &Node) {
        if !mentions_macro(node) {
            return;
        }
        let Some(odd) = node.entries().iter().find(|entry| is_odd(&entry.key)) else {
            return;
        };
        let message = format!(
            "macros are not replaced here, because the key {} is not a text",
            odd.key.text
        );
        self.report
            .warning(ErrorClass::Macro, message)
            .at(odd.key_origin)
            .hint(format!("write it as \"{}\"", odd.key.text));
    }
}

impl Place {
    fn key(&self, key: &str) -> Self {
        match self {
            Self::Document(path) => Self::Document(format!("{path}.{key}")),
            Self::Model { id, field } if field == "filters" => Self::Model {
                id: id.clone(),
                field: format!("{field}.{key}"),
            },
            Self::Model { id, field } => Self::Model {
                id: id.clone(),
                field: field.clone(),
            },
        }
    }

    fn item(&self, index: usize) -> Self {
        match self {
            Self::Document(path) => Self::Document(format!("{path}[{index}]")),
            Self::Model { id, field } => Self::Model {
                id: id.clone(),
                field: field.clone(),
            },
        }
    }

    fn message(&self, name: &str) -> String {
        match self {
            Self::Document(path) => format!("{path}: unknown macro '${{{name}}}'"),
            Self::Model { id, field }
                if NAMED_FIELDS.contains(&field.as_str()) || field == "filters.stripParams" =>
            {
                if matches!(name, "PORT" | "MODEL_ID") {
                    format!("macro '${{{name}}}' should have been substituted in {id}.{field}")
                } else {
                    format!("unknown macro '${{{name}}}' found in {id}.{field}")
                }
            }
            Self::Model { id, field } => {
                let field = field.split('.').next().unwrap_or_default();
                format!("model {id} {field}: unknown macro '${{{name}}}'")
            }
        }
    }
}

/// A mapping with a key that YAML takes for something else than text is left alone by macros (quirk P7).
fn is_opaque(node: &Node) -> bool {
    node.entries().iter().any(|entry| is_odd(&entry.key))
}

/// An empty key counts as text, although YAML takes it for null.
fn is_odd(key: &Scalar) -> bool {
    key.typed() != Typed::Text && !key.text.is_empty()
}

fn mentions_macro(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => uses(&scalar.text).next().is_some(),
        Kind::Sequence(items) => items.iter().any(mentions_macro),
        Kind::Mapping(entries) => entries.iter().any(|entry| mentions_macro(&entry.value)),
        Kind::Lost => false,
    }
}

/// Writes the default address into a model, so that it gets its port like a written one.
fn set_default_proxy(model: &mut Node) {
    let origin = model.origin;
    let Kind::Mapping(entries) = &mut model.kind else {
        return;
    };
    entries.retain(|entry| entry.key.text != "proxy");
    let value = Node {
        kind: Kind::Scalar(text(DEFAULT_PROXY.to_owned())),
        origin,
    };
    entries.push(Entry {
        key: text("proxy".to_owned()),
        key_origin: origin,
        value,
    });
}

fn text(text: String) -> Scalar {
    Scalar {
        text,
        quoted: true,
        secrets: Vec::new(),
    }
}
