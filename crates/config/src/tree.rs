//! The spanned tree: a YAML document whose every part knows where it was written.
//!
//! Merging, macros and typed reading all work on it. Scalars keep their written text; what type YAML gives them
//! is asked for when it matters ([`crate::scalar`]).

use crate::diagnostic::Origin;
use crate::duration::parse_duration;
use crate::scalar::{Typed, type_of};

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The value.
    pub(crate) kind: Kind,
    /// Where it was written.
    pub(crate) origin: Origin,
}

/// The kinds of value.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A single text.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in written order, without duplicate keys.
    Mapping(Vec<Entry>),
    /// A value that was lost in an error already reported. Readers keep silent about it.
    Lost,
}

/// One key of a mapping with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Scalar,
    /// Where the key was written.
    pub(crate) key_origin: Origin,
    /// The value.
    pub(crate) value: Node,
}

/// A scalar as written, escapes resolved.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scalar {
    /// The text.
    pub(crate) text: String,
    /// It was quoted, a block, or the result of interpolation: always a string.
    pub(crate) quoted: bool,
    /// Values from the environment that are part of the text; they are secrets.
    pub(crate) secrets: Vec<String>,
}

impl Scalar {
    /// The type YAML gives it.
    pub(crate) fn typed(&self) -> Typed {
        if self.quoted {
            Typed::Text
        } else {
            type_of(&self.text)
        }
    }
}

impl Node {
    /// Whether this is a null, as opposed to a value or a lost one.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(scalar) if scalar.typed() == Typed::Null)
    }

    /// Whether the value was lost in an earlier error.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.kind, Kind::Lost)
    }

    /// Forgets the value after an error about it has been reported.
    pub(crate) fn lose(&mut self) {
        self.kind = Kind::Lost;
    }

    /// The entry of a mapping.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    /// The value under a key; null counts as absent.
    pub(crate) fn child(&self, key: &str) -> Option<&Node> {
        self.entry(key)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    /// The value under a key, for editing; null counts as absent.
    pub(crate) fn child_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Kind::Mapping(entries) = &mut self.kind else {
            return None;
        };
        let entry = entries.iter_mut().find(|entry| entry.key.text == key)?;
        (!entry.value.is_null()).then_some(&mut entry.value)
    }

    /// The value at the end of a path.
    pub(crate) fn descend(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.child(key))
    }

    /// The entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            Kind::Scalar(_) | Kind::Sequence(_) | Kind::Lost => &[],
        }
    }

    /// The items of a list that are not null; none for anything else.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Node> {
        let items: &[Node] = match &self.kind {
            Kind::Sequence(items) => items,
            Kind::Scalar(_) | Kind::Mapping(_) | Kind::Lost => &[],
        };
        items.iter().filter(|item| !item.is_null())
    }

    /// The scalar, null included.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Sequence(_) | Kind::Mapping(_) | Kind::Lost => None,
        }
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        self.scalar()
            .filter(|_| !self.is_null())
            .map(|scalar| scalar.text.as_str())
    }

    /// An integer; a float loses its fraction (spec/config.md 2.1).
    pub(crate) fn integer(&self) -> Option<i64> {
        match self.scalar()?.typed() {
            Typed::Integer(number) => Some(number),
            Typed::Float(number) => truncate(number),
            Typed::Null | Typed::Boolean(_) | Typed::Unsigned(_) | Typed::Timestamp | Typed::Text => None,
        }
    }

    /// A number with its fraction; never one that is not finite.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.scalar()?.typed() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "who asks has a range that is exact in both"
            )]
            Typed::Integer(number) => Some(number as f64),
            Typed::Float(number) => Some(number).filter(|number| number.is_finite()),
            Typed::Null | Typed::Boolean(_) | Typed::Unsigned(_) | Typed::Timestamp | Typed::Text => None,
        }
    }

    /// A time of [`crate::keys::Shape::Span`] in nanoseconds; a plain 0 is one.
    pub(crate) fn span(&self) -> Option<i64> {
        match self.scalar()?.typed() {
            Typed::Integer(0) => Some(0),
            Typed::Text => parse_duration(self.text()?),
            Typed::Null
            | Typed::Boolean(_)
            | Typed::Integer(_)
            | Typed::Unsigned(_)
            | Typed::Float(_)
            | Typed::Timestamp => None,
        }
    }

    /// A boolean, also in the words of YAML 1.1 (spec/config.md 2.1).
    pub(crate) fn boolean(&self) -> Option<bool> {
        let scalar = self.scalar()?;
        match (scalar.typed(), scalar.text.as_str()) {
            (Typed::Boolean(value), _) => Some(value),
            (Typed::Text, "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON") => Some(true),
            (Typed::Text, "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF") => Some(false),
            _ => None,
        }
    }

    /// The tag of the value's type, for messages.
    pub(crate) fn tag(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.typed().tag(),
            Kind::Sequence(_) => "!!seq",
            Kind::Mapping(_) => "!!map",
            Kind::Lost => "!!null",
        }
    }
}

fn truncate(number: f64) -> Option<i64> {
    // 2^63 is exactly representable; everything below it and down to -2^63 fits.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction is cut off on purpose, the range is checked"
    )]
    (-BOUND..BOUND).contains(&number).then_some(number as i64)
}
