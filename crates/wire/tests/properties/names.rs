//! The name in a JSON body, against `serde_json`.

use bytes::Bytes;
use herder_wire::json;
use proptest::prelude::*;
use serde_json::Value;

use crate::documents::objects;

/// What `serde_json`, which keeps the last duplicate, reads as the model.
fn model_of(value: &Value) -> Option<String> {
    match &value["model"] {
        Value::String(name) => Some(name.clone()).filter(|name| !name.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn stream_of(value: &Value) -> bool {
    match &value["stream"] {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => ["1", "t", "true"].contains(&text.to_lowercase().as_str()),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

proptest! {
    #[test]
    fn a_valid_document_reads_as_serde_json_reads_it(text in objects()) {
        let value: Value = serde_json::from_str(&text).expect("the generator writes JSON");
        let (field, stream) = json::model_and_stream(text.as_bytes());
        prop_assert_eq!(field.as_ref().map(|field| field.name.clone()), model_of(&value));
        prop_assert_eq!(stream, stream_of(&value));
        prop_assert_eq!(json::model_field(text.as_bytes()), field);
        prop_assert_eq!(json::stream_flag(text.as_bytes()), stream);
    }

    #[test]
    fn replacing_changes_the_model_and_no_other_byte(text in objects(), new in ".{1,12}") {
        let mut expected: Value = serde_json::from_str(&text).expect("the generator writes JSON");
        let body = Bytes::from(text);
        let edited = json::replace_model(&body, &new);
        let written: Value = serde_json::from_slice(&edited.to_vec()).expect("still JSON");
        let named = expected.get("model").is_some();
        if named {
            expected["model"] = Value::from(new.as_str());
        }
        prop_assert_eq!(&written, &expected);
        if !named {
            prop_assert_eq!(edited.to_bytes().as_ptr(), body.as_ptr());
        }
        // What is the client's comes in order, shares its memory, and together with the replaced values is the body.
        let mut offset = 0;
        for piece in edited.into_iter().filter(|piece| body.as_ptr_range().contains(&piece.as_ptr())) {
            let at = piece.as_ptr() as usize - body.as_ptr() as usize;
            prop_assert!(at >= offset);
            prop_assert!(offset == 0 || serde_json::from_slice::<Value>(&body[offset..at]).is_ok());
            offset = at + piece.len();
        }
        prop_assert_eq!(offset, body.len());
    }

    #[test]
    fn a_cut_off_document_names_what_stood_before_the_cut(text in objects(), cut in any::<prop::sample::Index>()) {
        let cut = &text.as_bytes()[..cut.index(text.len() + 1)];
        let Some(field) = json::model_field(cut) else { return Ok(()) };
        let whole = &text.as_bytes()[field.span.clone()];
        let value: Value = serde_json::from_slice(whole).expect("the span covers one value");
        prop_assert_eq!(model_of(&serde_json::json!({ "model": value })), Some(field.name));
        prop_assert!(field.span.end <= cut.len());
    }
}
