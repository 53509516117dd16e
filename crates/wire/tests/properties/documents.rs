//! Random JSON documents, written in random style.

use proptest::prelude::*;
use serde_json::Value;

/// Member names that matter, that nearly matter, and that do not.
pub(crate) fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("model".to_owned()),
        2 => Just("stream".to_owned()),
        1 => prop_oneof![Just("Model"), Just("mode"), Just("models"), Just("\"model\""), Just("")].prop_map(str::to_owned),
        2 => prop_oneof![Just("a"), Just("b"), Just("1"), Just("a.b"), Just("é\n")].prop_map(str::to_owned),
        1 => ".{0,8}",
    ]
}

pub(crate) fn values() -> impl Strategy<Value = Value> {
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("model")),
        Just(Value::from("\\\"]},{[")),
    ];
    leaves.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// How a top-level member is written.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    space: &'static str,
    escaped: bool,
}

fn styles() -> impl Strategy<Value = Style> {
    let spaces = prop_oneof![Just(""), Just(" "), Just("\n\t"), Just("\r\n  ")];
    (spaces, any::<bool>()).prop_map(|(space, escaped)| Style { space, escaped })
}

/// The text of an object whose members may repeat a name.
pub(crate) fn objects() -> impl Strategy<Value = String> {
    prop::collection::vec((keys(), values(), styles()), 0..7).prop_map(|members| {
        let members = members.iter().map(|(key, value, Style { space, escaped })| {
            let key = if *escaped {
                escape(key)
            } else {
                Value::from(key.as_str()).to_string()
            };
            format!("{space}{key}{space}:{space}{value}{space}")
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

/// Every UTF-16 unit as `\uXXXX`.
fn escape(key: &str) -> String {
    let units = key.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}
