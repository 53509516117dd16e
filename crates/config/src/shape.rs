//! Checks the expanded tree against the table of keys: types, and keys that nobody knows.
//!
//! A value of the wrong type is reported and then lost, so that the readers in [`crate::read`] meet right types
//! or nothing. All type errors are reported together.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::diagnostic::{ErrorClass, Report};
use crate::duration::parse_duration;
use crate::keys::{self, Key, LONGEST_SPAN, Shape};
use crate::suggest::did_you_mean;
use crate::tree::{Entry, Kind, Node};

/// Checks the whole document. `parked` are top-level keys that may be unknown, because they hold anchors that are
/// used; `strict` makes unknown keys errors.
pub(crate) fn check(root: &mut Node, parked: &BTreeSet<String>, strict: bool, report: &mut Report) {
    let mut checker = Checker { report, strict };
    let Kind::Mapping(entries) = &mut root.kind else {
        return;
    };
    for entry in entries {
        let name = entry.key.text.as_str();
        match keys::ROOT.iter().find(|known| known.name == name) {
            Some(known) => checker.value(&mut entry.value, &known.shape, name),
            None if name.starts_with("x-") || parked.contains(name) => {}
            None => checker.unknown(entry, keys::ROOT, ""),
        }
    }
}

struct Checker<'a> {
    report: &'a mut Report,
    strict: bool,
}

impl Checker<'_> {
    fn value(&mut self, node: &mut Node, shape: &Shape, path: &str) {
        if node.is_null() || node.is_lost() {
            return;
        }
        match shape {
            Shape::Text | Shape::Secret | Shape::Choice(_) => {
                if !matches!(node.kind, Kind::Scalar(_)) {
                    self.mismatch(node, "string", path, matches!(shape, Shape::Secret));
                }
            }
            Shape::Integer(_) => {
                if node.integer().is_none() {
                    self.mismatch(node, "int", path, false);
                }
            }
            Shape::Boolean => {
                if node.boolean().is_none() {
                    self.mismatch(node, "bool", path, false);
                }
            }
            Shape::Duration => {
                let text = node.text().filter(|_| node.tag() == "!!str");
                if text.and_then(parse_duration).is_none() {
                    self.mismatch(node, "time.Duration", path, false);
                }
            }
            Shape::Number { least, most } => {
                let range = || format!("a number from {least} to {most}");
                match node.number() {
                    Some(number) if (*least..=*most).contains(&number) => {}
                    Some(_) => self.out_of_range(node, path, &range()),
                    None => self.wrong_type(node, "float64", path, false, Some(&range())),
                }
            }
            Shape::Count { least, most } => {
                let range = || format!("a whole number from {least} to {most}");
                match node.integer() {
                    Some(number) if (*least..=*most).contains(&number) => {}
                    Some(_) => self.out_of_range(node, path, &range()),
                    None => self.wrong_type(node, "int", path, false, Some(&range())),
                }
            }
            Shape::Span { least, word } => self.span(node, *least, *word, path),
            Shape::List(item) => self.list(node, item, path),
            Shape::Map(value) => {
                if matches!(node.kind, Kind::Mapping(_)) {
                    self.map(node, value, path);
                } else {
                    self.mismatch(node, "map", path, false);
                }
            }
            Shape::StrictMap(value, text) => {
                if matches!(node.kind, Kind::Mapping(_)) {
                    self.map(node, value, path);
                } else {
                    self.wrong_shape(node, text, path);
                }
            }
            Shape::Section { type_name, keys, .. } => {
                if matches!(node.kind, Kind::Mapping(_)) {
                    self.section(node, keys, path);
                } else {
                    self.mismatch(node, type_name, path, false);
                }
            }
            Shape::StrictSection(keys, text) => {
                if matches!(node.kind, Kind::Mapping(_)) {
                    self.section(node, keys, path);
                } else {
                    self.wrong_shape(node, text, path);
                }
            }
            Shape::Any => {}
        }
    }

    fn span(&mut self, node: &mut Node, least: Duration, word: Option<&str>, path: &str) {
        if word.is_some_and(|word| node.text() == Some(word)) {
            return;
        }
        let range = || {
            let word = word.map(|word| format!("{word}, or ")).unwrap_or_default();
            let least = if least.is_zero() {
                "0".to_owned()
            } else {
                format!("{least:?}")
            };
            let most = LONGEST_SPAN.as_secs() / 3600;
            format!("{word}a time from {least} to {most}h with its unit, for example 30s or 1m30s")
        };
        let Some(nanoseconds) = node.span() else {
            return self.wrong_type(node, "time.Duration", path, false, Some(&range()));
        };
        let span = u64::try_from(nanoseconds).map(Duration::from_nanos);
        if !span.is_ok_and(|span| (least..=LONGEST_SPAN).contains(&span)) {
            self.out_of_range(node, path, &range());
        }
    }

    fn list(&mut self, node: &mut Node, item_shape: &Shape, path: &str) {
        if let Kind::Sequence(items) = &mut node.kind {
            for (index, item) in items.iter_mut().enumerate() {
                self.value(item, item_shape, &format!("{path}[{index}]"));
            }
        } else {
            let secret = matches!(item_shape, Shape::Secret);
            self.mismatch(node, "[]string", path, secret);
        }
    }

    fn map(&mut self, node: &mut Node, value_shape: &Shape, path: &str) {
        let Kind::Mapping(entries) = &mut node.kind else {
            return;
        };
        if matches!(value_shape, Shape::Any) {
            return;
        }
        for entry in entries {
            let path = format!("{path}.{}", entry.key.text);
            self.value(&mut entry.value, value_shape, &path);
        }
    }

    fn section(&mut self, node: &mut Node, keys: &[Key], path: &str) {
        let Kind::Mapping(entries) = &mut node.kind else {
            return;
        };
        for entry in entries {
            match keys.iter().find(|known| known.name == entry.key.text) {
                Some(known) => {
                    let path = format!("{path}.{}", known.name);
                    self.value(&mut entry.value, &known.shape, &path);
                }
                None => self.unknown(entry, keys, path),
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, keys: &[Key], path: &str) {
        let name = &entry.key.text;
        let place = if path.is_empty() {
            String::new()
        } else {
            format!(" in {path}")
        };
        let message = format!("unknown key \"{name}\"{place}");
        let draft = if self.strict {
            self.report.error(ErrorClass::Key, message)
        } else {
            self.report.warning(ErrorClass::Key, message)
        };
        let renamed = RENAMED
            .iter()
            .find(|(section, old, _)| *section == path && old == name);
        draft.at(entry.key_origin).advise(|| match renamed {
            Some((_, _, new)) => Some(format!("did you mean \"{new}\"?")),
            None => did_you_mean(name, keys.iter().map(|known| known.name)).or_else(|| {
                let free = if path.is_empty() {
                    "; names that start with x- are free for your own use"
                } else {
                    ""
                };
                Some(format!("it has no effect{free}"))
            }),
        });
    }

    fn mismatch(&mut self, node: &mut Node, wanted: &str, path: &str, secret: bool) {
        let tag = node.tag();
        let hint = match wanted {
            "int" if tag == "!!str" => Some("write a whole number without quotes"),
            "bool" => Some("write true or false without quotes"),
            "time.Duration" => Some("write a number with a unit, for example 30s or 1m30s"),
            "[]string" => Some("write a list, for example [one, two]"),
            _ => None,
        };
        self.wrong_type(node, wanted, path, secret, hint);
    }

    fn wrong_type(&mut self, node: &mut Node, wanted: &str, path: &str, secret: bool, hint: Option<&str>) {
        let tag = node.tag();
        let shown = match node.scalar() {
            Some(scalar) if !secret && scalar.secrets.is_empty() => format!(" `{}`", shorten(&scalar.text)),
            Some(_) | None => String::new(),
        };
        self.report
            .error(
                ErrorClass::Type,
                format!("{path}: cannot unmarshal {tag}{shown} into {wanted}"),
            )
            .at(node.origin)
            .advise(|| hint.map(str::to_owned));
        node.lose();
    }

    /// The value has the right type, but nobody can want it.
    fn out_of_range(&mut self, node: &mut Node, path: &str, range: &str) {
        let shown = match node.scalar() {
            Some(scalar) if scalar.secrets.is_empty() => format!(" {}", shorten(&scalar.text)),
            Some(_) | None => String::new(),
        };
        self.report
            .error(ErrorClass::Value, format!("{path}:{shown} is out of range"))
            .at(node.origin)
            .hint(range);
        node.lose();
    }

    fn wrong_shape(&mut self, node: &mut Node, text: &str, path: &str) {
        let message = format!("{path}: {text}");
        self.report.error(ErrorClass::Shape, message).at(node.origin);
        node.lose();
    }
}

/// Keys of old versions, which are too far from their successors to be found by their letters: section, old, new.
const RENAMED: [(&str, &str, &str); 1] = [("performance", "enable", "disabled")];

/// The beginning of a long text, for messages.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
