//! A JSON document that is taken apart only where an edit leads, and written back as slices of the original.

use std::ops::Range;

use bytes::Bytes;

use super::parameter::{Index, Parameter, Part, Pattern};
use super::{MAX_ENTRIES, Reason};
use crate::pieces::Pieces;
use crate::{json, scan};

/// A body in the course of being edited. The body must be well-formed.
pub(super) struct Document<'a> {
    body: &'a Bytes,
    value: Node,
    span: Range<usize>,
}

impl<'a> Document<'a> {
    pub(super) fn new(body: &'a Bytes) -> Self {
        let start = scan::document_start(body);
        let span = start..body.trim_ascii_end().len();
        Self {
            body,
            value: Node::Untouched(span.clone()),
            span,
        }
    }

    /// Replaces the value of every top-level member called `name`.
    pub(super) fn replace_all(&mut self, name: &str, new: &Bytes) -> Result<(), Reason> {
        if let Some(container) = self.value.open(self.body)? {
            let source = container.source.clone();
            for entry in container
                .entries
                .iter_mut()
                .filter(|entry| entry.label.is(&source, name))
            {
                entry.value = Node::New(new.clone());
            }
        }
        Ok(())
    }

    /// Deletes the first match, if there is one.
    pub(super) fn delete(&mut self, parameter: &Parameter) -> Result<(), Reason> {
        match parameter {
            Parameter::Place(parts) => self.value.delete(self.body, parts),
            Parameter::Match(_) => Err(Reason::Wildcard),
            Parameter::Model => Ok(()),
        }
    }

    /// Replaces the first match, or creates it.
    pub(super) fn set(&mut self, parameter: &Parameter, new: Bytes) -> Result<(), Reason> {
        match parameter {
            Parameter::Place(parts) => self.value.set(self.body, parts, new),
            Parameter::Match(patterns) => self.value.set_match(self.body, patterns, new),
            Parameter::Model => Ok(()),
        }
    }

    pub(super) fn into_pieces(self) -> Pieces {
        let mut pieces = Pieces::default();
        pieces.push_span(self.body, 0..self.span.start);
        self.value.write(self.body, &mut pieces);
        pieces.push_span(self.body, self.span.end..self.body.len());
        pieces
    }
}

/// A value. Its text lies in the source of the container around it, unless it has its own.
enum Node {
    Untouched(Range<usize>),
    New(Bytes),
    Open(Box<Container>),
}

/// An object or an array that was taken apart.
struct Container {
    kind: Kind,
    /// The text that the spans refer to.
    source: Bytes,
    open: Range<usize>,
    entries: Vec<Entry>,
    /// From the end of the last original entry to the end, so that white space before the bracket stays there.
    close: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
}

struct Entry {
    label: Label,
    value: Node,
}

/// What stands before an entry's value.
enum Label {
    /// Everything since the entry before: white space, comma, key, colon.
    Original {
        lead: Range<usize>,
        key: Option<Range<usize>>,
    },
    /// A new member.
    Member(String),
    /// A new element.
    Element,
}

impl Label {
    fn is(&self, source: &Bytes, name: &str) -> bool {
        match self {
            Self::Original { key: Some(key), .. } => scan::key_is(source, key.clone(), name),
            Self::Member(member) => member == name,
            Self::Original { key: None, .. } | Self::Element => false,
        }
    }

    fn matches(&self, source: &Bytes, pattern: &Pattern) -> bool {
        match self {
            Self::Original { key: Some(key), .. } => {
                scan::decode_string(source, key.clone()).is_some_and(|name| pattern.matches(&name))
            }
            Self::Member(member) => pattern.matches(member),
            Self::Original { key: None, .. } | Self::Element => false,
        }
    }
}

impl Node {
    /// Takes the value apart, if it is an object or an array.
    fn open(&mut self, source: &Bytes) -> Result<Option<&mut Container>, Reason> {
        let opened = match self {
            Self::Untouched(span) => Container::parse(source, span.clone())?,
            Self::New(text) => Container::parse(text, 0..text.len())?,
            Self::Open(_) => None,
        };
        if let Some(container) = opened {
            *self = Self::Open(Box::new(container));
        }
        Ok(match self {
            Self::Open(container) => Some(container),
            Self::Untouched(_) | Self::New(_) => None,
        })
    }

    fn delete(&mut self, source: &Bytes, parts: &[Part]) -> Result<(), Reason> {
        let Some((part, deeper)) = parts.split_first() else {
            return Ok(());
        };
        let Some(container) = self.open(source)? else {
            return Ok(());
        };
        let Some(at) = container.existing(part)? else {
            return Ok(());
        };
        if deeper.is_empty() {
            container.entries.remove(at);
            return Ok(());
        }
        let source = container.source.clone();
        container.entries[at].value.delete(&source, deeper)
    }

    fn set(&mut self, source: &Bytes, parts: &[Part], new: Bytes) -> Result<(), Reason> {
        let Some((part, deeper)) = parts.split_first() else {
            *self = Self::New(new);
            return Ok(());
        };
        let Some(container) = self.open(source)? else {
            *self = Self::New(nested(parts, new)?);
            return Ok(());
        };
        match container.place(part)? {
            Place::Existing(at) => {
                let source = container.source.clone();
                container.entries[at].value.set(&source, deeper, new)
            }
            Place::Appended(label) => container.append(label, Self::New(nested(deeper, new)?)),
        }
    }

    fn set_match(&mut self, source: &Bytes, patterns: &[Pattern], new: Bytes) -> Result<(), Reason> {
        let Some((pattern, deeper)) = patterns.split_first() else {
            *self = Self::New(new);
            return Ok(());
        };
        let Some(container) = self.open(source)? else {
            return Ok(());
        };
        let source = container.source.clone();
        let at = match container.kind {
            Kind::Object => container
                .entries
                .iter()
                .position(|entry| entry.label.matches(&source, pattern)),
            Kind::Array => pattern.position().filter(|&at| at < container.entries.len()),
        };
        at.map_or(Ok(()), |at| {
            container.entries[at].value.set_match(&source, deeper, new)
        })
    }

    fn write(self, source: &Bytes, pieces: &mut Pieces) {
        match self {
            Self::Untouched(span) => pieces.push_span(source, span),
            Self::New(text) => pieces.push(text),
            Self::Open(container) => container.write(pieces),
        }
    }
}

/// Where a part leads in a container.
enum Place {
    Existing(usize),
    Appended(Label),
}

impl Container {
    /// Takes apart the object or array at `span`; `None` when the value is neither.
    fn parse(source: &Bytes, span: Range<usize>) -> Result<Option<Self>, Reason> {
        let mut entries = Vec::new();
        let mut end = span.start + 1;
        let mut add = |key: Option<Range<usize>>, value: Range<usize>| {
            if entries.len() == MAX_ENTRIES {
                return Err(Reason::TooManyEntries);
            }
            let lead = end..value.start;
            end = value.end;
            entries.push(Entry {
                label: Label::Original { lead, key },
                value: Node::Untouched(value),
            });
            Ok(())
        };
        let kind = if let Some(mut members) = scan::members(source, span.start) {
            members.try_for_each(|member| add(Some(member.key), member.value))?;
            Kind::Object
        } else if let Some(mut elements) = scan::elements(source, span.start) {
            elements.try_for_each(|element| add(None, element))?;
            Kind::Array
        } else {
            return Ok(None);
        };
        let source = source.clone();
        Ok(Some(Self {
            kind,
            source,
            open: span.start..span.start + 1,
            entries,
            close: end..span.end,
        }))
    }

    /// The entry that `part` names, for deleting. What is no index names nothing in an array.
    fn existing(&self, part: &Part) -> Result<Option<usize>, Reason> {
        Ok(match self.kind {
            Kind::Object => self.member(&part.name),
            Kind::Array => match part.index()? {
                Some(Index::At(at)) => Some(at).filter(|&at| at < self.entries.len()),
                Some(Index::Last) => self.entries.len().checked_sub(1),
                None => None,
            },
        })
    }

    /// The entry that `part` names, for setting. An index past the end makes the array longer.
    fn place(&mut self, part: &Part) -> Result<Place, Reason> {
        if self.kind == Kind::Object {
            let existing = self.member(&part.name).map(Place::Existing);
            return Ok(existing.unwrap_or_else(|| Place::Appended(Label::Member(part.name.clone()))));
        }
        match part.index()? {
            Some(Index::At(at)) if at < self.entries.len() => Ok(Place::Existing(at)),
            Some(Index::At(at)) => {
                for _ in self.entries.len()..at {
                    self.append(Label::Element, Node::New(NULL))?;
                }
                Ok(Place::Appended(Label::Element))
            }
            Some(Index::Last) => Ok(Place::Appended(Label::Element)),
            None => Err(Reason::NotAnIndex {
                part: part.name.clone(),
            }),
        }
    }

    fn member(&self, name: &str) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.label.is(&self.source, name))
    }

    fn append(&mut self, label: Label, value: Node) -> Result<(), Reason> {
        if self.entries.len() >= MAX_ENTRIES {
            return Err(Reason::TooManyEntries);
        }
        self.entries.push(Entry { label, value });
        Ok(())
    }

    fn write(self, pieces: &mut Pieces) {
        pieces.push_span(&self.source, self.open);
        for (position, entry) in self.entries.into_iter().enumerate() {
            match entry.label {
                Label::Original { lead, .. } => {
                    let text = &self.source[lead.clone()];
                    // The entry that had the comma may be the first one now. Nothing but white space precedes it.
                    let comma = text
                        .iter()
                        .position(|byte| !byte.is_ascii_whitespace())
                        .filter(|&at| text[at] == b',');
                    let skipped = comma.filter(|_| position == 0).map_or(0, |at| at + 1);
                    pieces.push_span(&self.source, lead.start + skipped..lead.end);
                }
                Label::Member(name) => {
                    pieces.push(comma_before(position));
                    pieces.push(json::quoted(&name));
                    pieces.push(COLON);
                }
                Label::Element => pieces.push(comma_before(position)),
            }
            entry.value.write(&self.source, pieces);
        }
        pieces.push_span(&self.source, self.close);
    }
}

const NULL: Bytes = Bytes::from_static(b"null");
const COLON: Bytes = Bytes::from_static(b":");

fn comma_before(position: usize) -> Bytes {
    Bytes::from_static(if position == 0 { b"" } else { b"," })
}

/// `new` inside the objects and arrays that `parts` name; a number makes an array, padded with `null`.
fn nested(parts: &[Part], new: Bytes) -> Result<Bytes, Reason> {
    if parts.is_empty() {
        return Ok(new);
    }
    let mut before = Vec::new();
    let mut after = Vec::new();
    for part in parts {
        match part.index()? {
            Some(index) => {
                let padding = match index {
                    Index::At(at) => at,
                    Index::Last => 0,
                };
                before.push(b'[');
                before.extend(b"null,".repeat(padding));
                after.push(b']');
            }
            None => {
                before.push(b'{');
                before.extend_from_slice(&json::quoted(&part.name));
                before.push(b':');
                after.push(b'}');
            }
        }
    }
    before.extend_from_slice(&new);
    before.extend(after.iter().rev());
    Ok(Bytes::from(before))
}
