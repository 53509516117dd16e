//! Free content (metadata, parameters) as JSON.

use indexmap::IndexMap;
use serde_json::{Number, Value};

use crate::diagnostic::{ErrorClass, Report};
use crate::scalar::Typed;
use crate::tree::{Kind, Node};

/// Floats without a fraction below this bound are written as integers, as the reference writes them (spec/config.md
/// 7.5, first example): `1.0` goes out as `1`. Every integer below 2^53 is exact.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A mapping of free content; anything else gives an empty one.
pub(super) fn read_map(node: Option<&Node>, report: &mut Report) -> IndexMap<String, Value> {
    let entries = node.into_iter().flat_map(Node::entries);
    entries
        .map(|entry| (entry.key.text.clone(), read(&entry.value, report)))
        .collect()
}

fn read(node: &Node, report: &mut Report) -> Value {
    match &node.kind {
        Kind::Lost => Value::Null,
        Kind::Sequence(items) => items.iter().map(|item| read(item, report)).collect(),
        Kind::Mapping(entries) => entries
            .iter()
            .map(|entry| (entry.key.text.clone(), read(&entry.value, report)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Kind::Scalar(scalar) => match scalar.typed() {
            Typed::Null => Value::Null,
            Typed::Boolean(value) => value.into(),
            Typed::Integer(number) => number.into(),
            Typed::Unsigned(number) => number.into(),
            Typed::Float(number) => float(number).unwrap_or_else(|| {
                report
                    .error(ErrorClass::Value, format!("{} has no JSON form", scalar.text))
                    .at(node.origin)
                    .hint("put it in quotes to keep it as a text");
                Value::Null
            }),
            Typed::Timestamp | Typed::Text => scalar.text.clone().into(),
        },
    }
}

fn float(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() < LARGEST_WHOLE {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "no fraction, and within the range"
        )]
        return Some((number as i64).into());
    }
    Number::from_f64(number).map(Value::Number)
}
