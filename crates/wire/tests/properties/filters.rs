//! Filters against the same edits made on a `serde_json::Value`.

use bytes::Bytes;
use herder_wire::filters::{Edits, apply};
use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::documents::{objects, values};

/// Paths that often lead somewhere in the documents of the generator.
fn paths() -> impl Strategy<Value = Vec<String>> {
    let parts = prop_oneof![
        Just("a"),
        Just("b"),
        Just("1"),
        Just("0"),
        Just("-1"),
        Just("stream"),
        Just("new")
    ];
    prop::collection::vec(parts.prop_map(str::to_owned), 1..4)
}

fn is_number(part: &str) -> bool {
    part == "-1" || part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The reference's answer to `set`, or `None` where it refuses.
fn set(target: &mut Value, path: &[String], new: &Value) -> Option<()> {
    let Some((part, deeper)) = path.split_first() else {
        *target = new.clone();
        return Some(());
    };
    if !target.is_object() && !target.is_array() {
        *target = if is_number(part) {
            Value::Array(Vec::new())
        } else {
            Value::Object(Map::new())
        };
    }
    match target {
        Value::Object(members) => set(members.entry(part.clone()).or_insert(Value::Null), deeper, new),
        Value::Array(elements) => {
            let index = if part == "-1" {
                elements.len()
            } else {
                part.parse().ok()?
            };
            while elements.len() <= index {
                elements.push(Value::Null);
            }
            set(&mut elements[index], deeper, new)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn delete(target: &mut Value, path: &[String]) {
    let Some((part, deeper)) = path.split_first() else {
        return;
    };
    let index = |elements: &[Value]| {
        let index = if part == "-1" {
            elements.len().checked_sub(1)
        } else {
            part.parse().ok()
        };
        index.filter(|&index| index < elements.len())
    };
    match target {
        Value::Object(members) if deeper.is_empty() => drop(members.shift_remove(part)),
        Value::Object(members) => drop(members.get_mut(part).map(|member| delete(member, deeper))),
        Value::Array(elements) => {
            let Some(index) = index(elements) else { return };
            if deeper.is_empty() {
                elements.remove(index);
            } else {
                delete(&mut elements[index], deeper);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #[test]
    fn filters_agree_with_edits_of_the_value(
        document in values(),
        strip in prop::collection::vec(paths(), 0..3),
        settings in prop::collection::vec((paths(), values()), 0..4),
    ) {
        // Serialised from a value, so that no member is written twice: filters hit the first one, serde keeps the last.
        let mut expected = serde_json::json!({ "a": document, "model": "koi", "b": [{"a": 1.50}] });
        let body = Bytes::from(expected.to_string());
        let keys: Vec<String> = strip.iter().map(|path| path.join(".")).collect();
        let map: IndexMap<String, Value> = settings.into_iter().map(|(path, value)| (path.join("."), value)).collect();
        let edits = Edits { rename: Some("up"), strip: &keys, set: Some(&map), set_by_id: None };

        expected["model"] = Value::from("up");
        strip.iter().for_each(|path| delete(&mut expected, path));
        let accepted = map.iter().try_for_each(|(key, value)| {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            set(&mut expected, &path, value)
        });

        let pieces = apply(&body, &edits);
        prop_assert_eq!(pieces.is_ok(), accepted.is_some());
        let Ok(pieces) = pieces else { return Ok(()) };
        let written: Value = serde_json::from_slice(&pieces.to_vec()).expect("still JSON");
        prop_assert_eq!(canonical(&written), canonical(&expected));
        prop_assert_eq!(pieces.len(), pieces.to_vec().len());
    }

    #[test]
    fn slices_of_the_body_come_in_order_and_edits_nowhere_else(text in objects(), value in values()) {
        let body = Bytes::from(text);
        let map = IndexMap::from([("appended".to_owned(), value)]);
        let pieces = apply(&body, &Edits { set: Some(&map), ..Edits::default() }).expect("applicable");
        let kept: Vec<u8> = pieces.into_iter()
            .filter(|piece| body.as_ptr_range().contains(&piece.as_ptr()))
            .flatten()
            .collect();
        prop_assert_eq!(kept, body.to_vec());
    }

    #[test]
    fn stripping_what_is_absent_is_the_same_memory(text in objects()) {
        let body = Bytes::from(text);
        let strip = ["absent".to_owned(), "a.absent".to_owned(), "b.7777.x".to_owned()];
        let pieces = apply(&body, &Edits { strip: &strip, ..Edits::default() }).expect("applicable");
        prop_assert!(pieces.is_single());
        prop_assert_eq!(pieces.to_bytes().as_ptr(), body.as_ptr());
        prop_assert_eq!(pieces.len(), body.len());
    }
}

/// Floats without a fraction are written as integers, so both sides are compared as the numbers they stand for.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => Value::from(float as i64),
            Some(_) | None => value.clone(),
        },
        Value::Array(elements) => elements.iter().map(canonical).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| (key.clone(), canonical(value)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}
