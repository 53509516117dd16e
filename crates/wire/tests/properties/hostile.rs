//! Bytes that no honest client sends: nothing panics, and what comes back fits the input.

use bytes::Bytes;
use herder_wire::filters::{Edits, apply};
use herder_wire::model::Renamed;
use herder_wire::{MAX_REPEATED_FIELDS, form, json, model, multipart, path};
use http::Method;
use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::Value;

/// Random bytes, and random sequences of the tokens that mean something.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let tokens = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just("\""),
        Just(","),
        Just(":"),
        Just("\\"),
        Just("\\u00"),
        Just("\"model\""),
        Just("\"stream\""),
        Just("\"koi\""),
        Just("1"),
        Just("-"),
        Just("true"),
        Just(" "),
        Just("\r\n"),
        Just("--B"),
        Just("--"),
        Just("Content-Disposition: form-data; name=\"model\""),
        Just("model"),
        Just("="),
        Just("&"),
        Just(";"),
        Just("%"),
        Just("%6d"),
        Just("+"),
        Just("\u{feff}"),
    ];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        prop::collection::vec(tokens, 0..24).prop_map(|tokens| tokens.concat().into_bytes()),
    ]
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.:|*?#@\\\\-]{0,12}", ".{0,8}"]
}

proptest! {
    #[test]
    fn any_body_is_survived(body in bytes()) {
        let body = Bytes::from(body);
        if let Some(field) = json::model_field(&body) {
            prop_assert!(field.span.end <= body.len());
            let renamed = json::replace_model(&body, "new").to_vec();
            prop_assert_eq!(json::model_field(&renamed).map(|field| field.name), Some("new".to_owned()));
        } else {
            prop_assert!(json::replace_model(&body, "new").len() <= body.len() + MAX_REPEATED_FIELDS * 5);
        }
        for part in multipart::parts(&body, "B") {
            prop_assert!(part.value.end <= body.len());
        }
        if let Some((_, span)) = multipart::field(&body, "B", "model") {
            prop_assert!(span.end <= body.len());
            let renamed = multipart::replace_model(&body, "B", "new").to_vec();
            prop_assert_eq!(multipart::field(&renamed, "B", "model").map(|(name, _)| name), Some("new".to_owned()));
        }
        if let Some(field) = form::find(&body, "model") {
            prop_assert!(field.span.end <= body.len());
        }
        let query = String::from_utf8_lossy(&body);
        for content_type in [None, Some("application/json"), Some("multipart/form-data; boundary=B"), Some("application/x-www-form-urlencoded"), Some(&*query)] {
            if let Some(found) = model::extract(&Method::POST, Some(&query), content_type, &body) {
                prop_assert!(!found.name.is_empty());
                match model::rename(&found.place, &body, Some(&query), "new") {
                    Renamed::Body(pieces) => prop_assert_eq!(pieces.len(), pieces.to_bytes().len()),
                    Renamed::Query(query) => prop_assert!(query.contains("new")),
                }
            }
        }
    }

    #[test]
    fn any_filter_on_any_body_is_survived(body in bytes(), strip in keys(), set in keys(), rename in any::<bool>()) {
        let body = Bytes::from(body);
        let strip = [strip];
        let set = IndexMap::from([(set, Value::from(1))]);
        let edits = Edits { rename: rename.then_some("new"), strip: &strip, set: Some(&set), set_by_id: None };
        let is_object = serde_json::from_slice::<Value>(&body).is_ok_and(|value| value.is_object());
        match apply(&body, &edits) {
            Ok(pieces) if is_object => {
                prop_assert!(serde_json::from_slice::<Value>(&pieces.to_vec()).is_ok_and(|value| value.is_object()));
            }
            Ok(_) | Err(_) => {}
        }
    }

    #[test]
    fn any_path_is_survived(raw in "[a-z/.%2Ff]{0,24}") {
        if let Some(cleaned) = path::clean(&raw) {
            prop_assert_eq!(path::clean(&cleaned), None);
            prop_assert!(cleaned.starts_with('/') && !cleaned.starts_with("//"));
        }
        let matched = path::match_model(&raw, |name| name.len() % 3 == 1);
        if let Some(path::Matched { rest: path::Rest::Path(rest), .. }) = matched {
            prop_assert!(raw.ends_with(rest));
        }
    }
}
