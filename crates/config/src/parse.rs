//! YAML text to spanned tree: the first document of one file, with environment values put in, aliases copied
//! and merge keys dissolved (spec/config.md 1.6, 2.1, 3.5).
//!
//! The events come from `granit-parser`; building the tree here keeps the written text of scalars and the place
//! of everything, and makes anchors local to their file (quirks S3, S4) and duplicates errors in every file (S6).

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::diagnostic::{ErrorClass, Origin, Report};
use crate::environment::{Environment, Failure, Marks};
use crate::source::SourceMap;
use crate::tree::{Entry, Kind, Node, Scalar};

/// Deepest nesting of mappings and lists, aliases resolved. Configurations need about ten levels; the limit
/// keeps every recursive step over the tree within its stack.
const DEEPEST_NESTING: usize = 128;

/// Most values in one file, copies made by aliases included: the answer to alias bombs.
const MOST_NODES: usize = 500_000;

/// Most text in one file after environment values and aliases, in bytes.
const MOST_TEXT: usize = 64 << 20;

/// One parsed file.
#[derive(Debug)]
pub(crate) struct Document {
    /// The root; absent when the file holds nothing or an empty collection.
    pub(crate) root: Option<Node>,
    /// Top-level keys that hold an anchor which is used: the idiom for parking shared parts.
    pub(crate) parked: BTreeSet<String>,
}

/// Parses one file of the map. `None` means that it cannot be read further than the error that was reported.
pub(crate) fn parse(
    file: usize,
    sources: &SourceMap,
    environment: &Environment,
    report: &mut Report,
) -> Option<Document> {
    let text = &sources.files().get(file)?.text;
    let (marks, hidden) = Marks::hide(text);
    let builder = Builder {
        file,
        sources,
        environment,
        report,
        marks,
        frames: Vec::new(),
        anchors: BTreeMap::new(),
        anchor_homes: BTreeMap::new(),
        parked: BTreeSet::new(),
        nodes: 0,
        text: 0,
        root: None,
    };
    builder.run(&hidden)
}

struct Builder<'a> {
    file: usize,
    sources: &'a SourceMap,
    environment: &'a Environment,
    report: &'a mut Report,
    marks: Marks,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, Node>,
    anchor_homes: BTreeMap<usize, String>,
    parked: BTreeSet<String>,
    nodes: usize,
    text: usize,
    root: Option<Node>,
}

/// A collection that is not closed yet.
struct Frame {
    origin: Origin,
    anchor: usize,
    shape: Shape,
}

enum Shape {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        key: Option<(Scalar, Origin)>,
    },
}

/// The file cannot be read any further; the reason has been reported.
struct Stop;

impl Builder<'_> {
    fn run(mut self, hidden: &str) -> Option<Document> {
        let mut options = granit_parser::options! { emit_unresolved_aliases: true };
        options.set_emit_comments(false);
        let mut parser = Parser::new_from_str_with_options(hidden, options);
        while let Some(next) = parser.next_event() {
            match next {
                Ok((Event::DocumentEnd, _)) => break,
                Ok((event, span)) => self.handle(event, span).ok()?,
                Err(error) => {
                    let start = error.marker().index();
                    let origin = Origin {
                        file: self.file,
                        start,
                        end: start + 1,
                    };
                    let line = self.sources.line(origin);
                    self.report
                        .error(ErrorClass::Yaml, error.info())
                        .at(origin)
                        .advise(|| advice(line));
                    return None;
                }
            }
        }
        self.finish()
    }

    fn finish(mut self) -> Option<Document> {
        let root = self.root.take();
        let root = match root {
            None => None,
            Some(node) => match &node.kind {
                Kind::Scalar(_) if node.is_null() => None,
                Kind::Sequence(items) if items.is_empty() => None,
                Kind::Mapping(entries) if entries.is_empty() => None,
                Kind::Mapping(_) | Kind::Lost => Some(node),
                Kind::Scalar(_) | Kind::Sequence(_) => {
                    self.report
                        .error(ErrorClass::Yaml, "top-level YAML must be a mapping")
                        .at(node.origin)
                        .hint("write `key: value` lines, for example `models:`");
                    return None;
                }
            },
        };
        Some(Document {
            root,
            parked: self.parked,
        })
    }

    fn handle(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        let origin = Origin {
            file: self.file,
            start: span.start.index(),
            end: span.end.index(),
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = matches!(style, ScalarStyle::Plain);
                // The parser writes `~` for a value that is not there.
                let absent = plain && origin.start == origin.end;
                let text = if absent { "" } else { text.as_ref() };
                let quoted = match tag.as_ref().and_then(|tag| tag.core_suffix()) {
                    Some("str") => true,
                    Some("int" | "float" | "bool" | "null") => false,
                    Some(_) | None => !plain,
                };
                let node = self.scalar(text, quoted, style, origin);
                self.place(node, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(Shape::Sequence(Vec::new()), origin, anchor),
            Event::MappingStart(_, anchor, _) => self.open(
                Shape::Mapping {
                    entries: Vec::new(),
                    key: None,
                },
                origin,
                anchor,
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(target) = self.anchors.get(&anchor) else {
                    return self.stop(origin, "an anchor's value contains the anchor itself");
                };
                let mut copy = target.clone();
                if let Some(home) = self.anchor_homes.get(&anchor) {
                    self.parked.insert(home.clone());
                }
                let depth = self.measure(&copy);
                if self.frames.len() + depth > DEEPEST_NESTING {
                    return self.stop(origin, "the YAML is nested too deeply");
                }
                // A collection keeps the place of its definition, where its parts are; a scalar is small enough
                // to be shown where it is used.
                if matches!(copy.kind, Kind::Scalar(_)) {
                    copy.origin = origin;
                }
                self.place(copy, 0)
            }
            Event::UnresolvedAlias(name) => {
                let message = format!("unknown anchor '{name}' referenced");
                self.report
                    .error(ErrorClass::Yaml, message)
                    .at(origin)
                    .hint("define it earlier in the same file with `&name`; anchors are local to their file");
                self.place(
                    Node {
                        kind: Kind::Lost,
                        origin,
                    },
                    0,
                )
            }
            // Anchor metadata and comments are switched off; the rest of the stream carries no content.
            _ => Ok(()),
        }
    }

    /// A scalar with its environment values.
    fn scalar(&mut self, text: &str, quoted: bool, style: ScalarStyle, origin: Origin) -> Node {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let command = self.frames.last().is_some_and(Frame::expects_command);
        let expansion = self.marks.expand(text, self.environment, block || command);
        let failed = !expansion.failures.is_empty();
        for (name, failure) in expansion.failures {
            let place = self.place_of_mark(origin, &name);
            match failure {
                Failure::NotSet => {
                    let message = format!("environment variable '{name}' is not set");
                    let hint = format!("set it before the start: export {name}=…");
                    self.report.error(ErrorClass::Env, message).at(place).hint(hint);
                }
                Failure::NotAllowed => {
                    let message = format!("environment variable '{name}' contains newlines or null bytes");
                    self.report.error(ErrorClass::Env, message).at(place);
                }
            }
        }
        let key = self.frames.last().is_some_and(Frame::expects_key);
        if failed && !key {
            return Node {
                kind: Kind::Lost,
                origin,
            };
        }
        let scalar = Scalar {
            text: expansion.text,
            quoted,
            secrets: expansion.values,
        };
        Node {
            kind: Kind::Scalar(scalar),
            origin,
        }
    }

    /// Where `${env.NAME}` stands within a scalar.
    fn place_of_mark(&self, origin: Origin, name: &str) -> Origin {
        if self.report.is_full() {
            return origin;
        }
        let mark = format!("${{env.{name}}}");
        let written = self.sources.slice(origin);
        let Some(position) = written.find(&mark) else {
            return origin;
        };
        let start = origin.start + written[..position].chars().count();
        Origin {
            start,
            end: start + mark.chars().count(),
            ..origin
        }
    }

    fn open(&mut self, shape: Shape, origin: Origin, anchor: usize) -> Result<(), Stop> {
        if self.frames.len() >= DEEPEST_NESTING {
            return self.stop(origin, "the YAML is nested too deeply");
        }
        if self.frames.last().is_some_and(Frame::expects_key) {
            return self.stop(origin, "a mapping key must be a single text");
        }
        self.frames.push(Frame {
            origin,
            anchor,
            shape,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Stop> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let kind = match frame.shape {
            Shape::Sequence(items) => Kind::Sequence(items),
            Shape::Mapping { entries, .. } => {
                let entries = self.reject_duplicates(entries);
                let entries = if self.closes_macros() {
                    entries
                } else {
                    self.dissolve(entries)?
                };
                Kind::Mapping(entries)
            }
        };
        self.place(
            Node {
                kind,
                origin: frame.origin,
            },
            frame.anchor,
        )
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        self.nodes += 1;
        self.text += node.scalar().map_or(0, |scalar| scalar.text.len());
        if self.nodes > MOST_NODES || self.text > MOST_TEXT {
            return self.stop(node.origin, "the YAML is too large once its aliases are resolved");
        }
        if anchor != 0 {
            if let Some(Frame {
                shape: Shape::Mapping {
                    key: Some((home, _)), ..
                },
                ..
            }) = self.frames.first()
            {
                self.anchor_homes.insert(anchor, home.text.clone());
            }
            self.nodes += 1;
            self.measure(&node);
            self.anchors.insert(anchor, node.clone());
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.shape {
            Shape::Sequence(items) => items.push(node),
            Shape::Mapping { entries, key } => match key.take() {
                Some((key, key_origin)) => entries.push(Entry {
                    key,
                    key_origin,
                    value: node,
                }),
                None => match node.kind {
                    Kind::Scalar(scalar) => *key = Some((scalar, node.origin)),
                    Kind::Lost => *key = Some((Scalar::default(), node.origin)),
                    Kind::Sequence(_) | Kind::Mapping(_) => {
                        return self.stop(node.origin, "a mapping key must be a single text");
                    }
                },
            },
        }
        Ok(())
    }

    /// Counts a copied value against the limits and returns its depth.
    fn measure(&mut self, node: &Node) -> usize {
        self.nodes += 1;
        match &node.kind {
            Kind::Scalar(scalar) => {
                self.text += scalar.text.len();
                0
            }
            Kind::Lost => 0,
            Kind::Sequence(items) => 1 + items.iter().map(|item| self.measure(item)).max().unwrap_or(0),
            Kind::Mapping(entries) => {
                1 + entries
                    .iter()
                    .map(|entry| self.measure(&entry.value))
                    .max()
                    .unwrap_or(0)
            }
        }
    }

    /// The entries whose key is new.
    fn reject_duplicates(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut seen: BTreeMap<String, Origin> = BTreeMap::new();
        let mut unique = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(first) = seen.get(&entry.key.text) {
                let message = format!("mapping key \"{}\" already defined", entry.key.text);
                self.report
                    .error(ErrorClass::Yaml, message)
                    .at(entry.key_origin)
                    .advise(|| {
                        Some(format!(
                            "the first one is in line {}; keep one",
                            self.sources.location(*first).line
                        ))
                    });
            } else {
                seen.insert(entry.key.text.clone(), entry.key_origin);
                unique.push(entry);
            }
        }
        unique
    }

    /// Whether the mapping just closed is a `macros` block: there `<<` is a (bad) macro name and not a merge key
    /// (spec/config.md 2.1). Blocks stand at the top, in a model, or in a parked template of either depth.
    fn closes_macros(&self) -> bool {
        self.frames.len() <= 3
            && self
                .frames
                .last()
                .is_some_and(|frame| frame.pending_key() == Some("macros"))
    }

    /// Replaces `<<` by the entries it stands for: explicit keys win, then the first of a list.
    fn dissolve(&mut self, mut entries: Vec<Entry>) -> Result<Vec<Entry>, Stop> {
        let Some(position) = entries
            .iter()
            .position(|entry| !entry.key.quoted && entry.key.text == "<<")
        else {
            return Ok(entries);
        };
        let merge = entries.remove(position);
        let mappings = match merge.value.kind {
            Kind::Mapping(merged) => vec![merged],
            Kind::Sequence(items) => {
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    match item.kind {
                        Kind::Mapping(merged) => all.push(merged),
                        Kind::Lost => {}
                        Kind::Scalar(_) | Kind::Sequence(_) => return self.reject_merge(item.origin),
                    }
                }
                all
            }
            Kind::Lost => Vec::new(),
            Kind::Scalar(_) => return self.reject_merge(merge.value.origin),
        };
        let mut known: BTreeSet<String> = entries.iter().map(|entry| entry.key.text.clone()).collect();
        for entry in mappings.into_iter().flatten() {
            if known.insert(entry.key.text.clone()) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn reject_merge(&mut self, origin: Origin) -> Result<Vec<Entry>, Stop> {
        self.stop(origin, "map merge requires map or sequence of maps as the value")
    }

    fn stop<T>(&mut self, origin: Origin, message: &str) -> Result<T, Stop> {
        self.report.error(ErrorClass::Yaml, message).at(origin);
        Err(Stop)
    }
}

impl Frame {
    fn pending_key(&self) -> Option<&str> {
        match &self.shape {
            Shape::Mapping {
                key: Some((key, _)), ..
            } => Some(&key.text),
            Shape::Mapping { key: None, .. } | Shape::Sequence(_) => None,
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.shape, Shape::Mapping { key: None, .. })
    }

    fn expects_command(&self) -> bool {
        matches!(self.pending_key(), Some("cmd" | "cmdStop"))
    }
}

/// What is probably wrong with a line that is no YAML.
fn advice(line: &str) -> Option<String> {
    let indent = &line[..line.len() - line.trim_start().len()];
    if indent.contains('\t') {
        return Some("indent with blanks; YAML does not take tabs there".to_owned());
    }
    (line.contains("${") && line.contains(['{', '[']))
        .then(|| "put a text with ${...} in quotes when it stands inside { } or [ ]".to_owned())
}
