//! The `model` and `stream` members of a JSON body (spec/http-api.md 1.2).
//!
//! The body is scanned, never validated: a document that is cut off still yields a `model` that was complete before
//! the cut. When a key is written twice the last one counts, as in the servers behind us (decision N6).

use std::ops::Range;

use bytes::Bytes;

use crate::pieces::Pieces;
use crate::{MAX_NAME_BYTES, MAX_REPEATED_FIELDS, scan};

/// The model that a body names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The decoded name, never empty. A number is its text as written.
    pub name: String,
    /// Where the value stands in the body, quotes included.
    pub span: Range<usize>,
}

/// The top-level `model`: `None` when it is missing, empty, longer than [`MAX_NAME_BYTES`], neither string nor number,
/// or repeated more than [`MAX_REPEATED_FIELDS`] times, and when the body is not an object.
#[must_use]
pub fn model_field(body: &[u8]) -> Option<Field> {
    TopLevel::scan(body).model(body)
}

/// The top-level `stream`: set by `true`, by a number other than zero, and by the strings `true`, `t` and `1` in any
/// case.
#[must_use]
pub fn stream_flag(body: &[u8]) -> bool {
    TopLevel::scan(body).stream(body)
}

/// [`model_field`] and [`stream_flag`] in one scan.
#[must_use]
pub fn model_and_stream(body: &[u8]) -> (Option<Field>, bool) {
    let top = TopLevel::scan(body);
    (top.model(body), top.stream(body))
}

/// Writes `new` as the value of every top-level `model`, so that a reader who takes the first one and a reader who
/// takes the last one agree. A body in which [`model_field`] sees no such member, or too many, stays as it is.
#[must_use]
pub fn replace_model(body: &Bytes, new: &str) -> Pieces {
    let spans = model_spans(body);
    let text = quoted(new);
    Pieces::spliced(body, spans.into_iter().map(|span| (span, text.clone())))
}

/// `text` as a JSON string.
pub(crate) fn quoted(text: &str) -> Bytes {
    Bytes::from(serde_json::Value::from(text).to_string())
}

/// The value spans of all top-level `model` members; none when there are more than the limit.
fn model_spans(body: &[u8]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for member in scan::members(body, scan::document_start(body))
        .into_iter()
        .flatten()
    {
        if scan::key_is(body, member.key, "model") {
            if spans.len() == MAX_REPEATED_FIELDS {
                return Vec::new();
            }
            spans.push(member.value);
        }
    }
    spans
}

/// A name of [`MAX_NAME_BYTES`] in which every byte is written as an escape such as `\u006b`, and its quotes.
const LONGEST_WRITTEN_NAME: usize = MAX_NAME_BYTES * 6 + 2;

/// Where the last `model` and the last `stream` stand.
#[derive(Default)]
struct TopLevel {
    model: Option<Range<usize>>,
    models: usize,
    stream: Option<Range<usize>>,
}

impl TopLevel {
    fn scan(body: &[u8]) -> Self {
        let mut top = Self::default();
        for member in scan::members(body, scan::document_start(body))
            .into_iter()
            .flatten()
        {
            if scan::key_is(body, member.key.clone(), "model") {
                top.model = Some(member.value);
                top.models += 1;
            } else if scan::key_is(body, member.key, "stream") {
                top.stream = Some(member.value);
            }
        }
        top
    }

    fn model(&self, body: &[u8]) -> Option<Field> {
        if self.models > MAX_REPEATED_FIELDS {
            return None;
        }
        let span = self
            .model
            .clone()
            .filter(|span| span.len() <= LONGEST_WRITTEN_NAME)?;
        let name = match body[span.start] {
            b'"' => scan::decode_string(body, span.clone())?.into_owned(),
            b'-' | b'0'..=b'9' => str::from_utf8(&body[span.clone()]).ok()?.to_owned(),
            _ => return None,
        };
        (!name.is_empty() && name.len() <= MAX_NAME_BYTES).then_some(Field { name, span })
    }

    fn stream(&self, body: &[u8]) -> bool {
        let Some(span) = self.stream.clone() else {
            return false;
        };
        match body[span.start] {
            b'"' => scan::decode_string(body, span).is_some_and(|text| {
                ["true", "t", "1"]
                    .iter()
                    .any(|yes| text.eq_ignore_ascii_case(yes))
            }),
            b'-' | b'0'..=b'9' => str::from_utf8(&body[span])
                .ok()
                .and_then(|text| text.parse::<f64>().ok())
                .is_some_and(|number| number != 0.0),
            _ => &body[span] == b"true",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_1_2_model_from_json() {
        for (body, expected) in [
            (r#"{"model":"koi"}"#, Some("koi")),
            (" \r\n\t{ \"model\" : \"koi\" }", Some("koi")),
            ("\u{feff}{\"model\":\"koi\"}", Some("koi")),
            (r#"{"a":[{"model":"no"}],"model":"koi"}"#, Some("koi")),
            (r#"{"model":"first","model":"last"}"#, Some("last")),
            (r#"{"model":"first","model":null}"#, None),
            (r#"{"\u006dodel":"k\u006fi\n"}"#, Some("koi\n")),
            (r#"{"model":" Koi "}"#, Some(" Koi ")),
            (r#"{"model":5}"#, Some("5")),
            (r#"{"model":-1.50e3}"#, Some("-1.50e3")),
            (r#"{"model":"koi","messages":["#, Some("koi")),
            (r#"{"model":"koi","messages":[{"content":"cut"#, Some("koi")),
            (r#"{"messages":[{"content":"cut","model":"koi"#, None),
            (r#"{"model":"ko"#, None),
            (r#"{"model":12"#, None),
            (r#"{"model":""}"#, None),
            (r#"{"model":null}"#, None),
            (r#"{"model":true}"#, None),
            (r#"{"model":["koi"]}"#, None),
            (r#"{"model":{"id":"koi"}}"#, None),
            (r#"{"model":"\ud800"}"#, None),
            (r#"{"Model":"koi"}"#, None),
            (r#"["model","koi"]"#, None),
            ("{}", None),
            ("nonsense", None),
            ("", None),
        ] {
            let name = model_field(body.as_bytes()).map(|field| field.name);
            assert_eq!(name.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn http_1_2_stream_from_json() {
        for (value, expected) in [
            ("true", true),
            ("false", false),
            ("1", true),
            ("0", false),
            ("0.0", false),
            ("-2", true),
            (r#""true""#, true),
            (r#""True""#, true),
            (r#""1""#, true),
            (r#""yes""#, false),
            (r#""false""#, false),
            ("null", false),
            ("[true]", false),
            ("{}", false),
        ] {
            let body = format!(r#"{{"model":"koi","stream":{value}}}"#);
            assert_eq!(stream_flag(body.as_bytes()), expected, "{body}");
        }
        assert!(!stream_flag(b"{}"));
        assert!(
            !stream_flag(br#"{"stream":true,"stream":false}"#),
            "the last one counts"
        );
    }

    #[test]
    fn the_span_covers_the_value_that_counts() {
        let body = br#"{"model":"first","n":1, "model": "last" }"#;
        let field = model_field(body).expect("there is a model");
        assert_eq!(&body[field.span], br#""last""#);
    }

    #[test]
    fn every_model_is_replaced_and_nothing_else() {
        for (body, expected) in [
            (
                r#"{ "model" : "koi", "n":1.0 }"#,
                r#"{ "model" : "up/\"x\"", "n":1.0 }"#,
            ),
            (r#"{"model":1,"x":{"model":"koi"},"model":null}"#, {
                r#"{"model":"up/\"x\"","x":{"model":"koi"},"model":"up/\"x\""}"#
            }),
            (
                r#"{"model":"koi","messages":["#,
                r#"{"model":"up/\"x\"","messages":["#,
            ),
            ("{}", "{}"),
            ("nonsense", "nonsense"),
        ] {
            let pieces = replace_model(&Bytes::from_static(body.as_bytes()), "up/\"x\"");
            assert_eq!(String::from_utf8_lossy(&pieces.to_vec()), expected, "{body}");
        }
    }

    #[test]
    fn a_name_repeated_too_often_is_no_name() {
        let repeated = |times: usize| {
            let members = vec![r#""model":"koi""#; times].join(",");
            Bytes::from(format!("{{{members}}}"))
        };
        assert!(model_field(&repeated(MAX_REPEATED_FIELDS)).is_some());
        assert!(!replace_model(&repeated(MAX_REPEATED_FIELDS), "x").is_single());
        assert!(model_field(&repeated(MAX_REPEATED_FIELDS + 1)).is_none());
        assert!(replace_model(&repeated(MAX_REPEATED_FIELDS + 1), "x").is_single());
    }

    #[test]
    fn a_name_of_absurd_length_is_none() {
        for (length, expected) in [
            (MAX_NAME_BYTES, true),
            (MAX_NAME_BYTES + 1, false),
            (MAX_NAME_BYTES * 7, false),
        ] {
            let body = format!(r#"{{"model":"{}"}}"#, "k".repeat(length));
            assert_eq!(model_field(body.as_bytes()).is_some(), expected, "{length}");
        }
        let escaped = format!(r#"{{"model":"{}"}}"#, r"\u006b".repeat(MAX_NAME_BYTES));
        assert!(model_field(escaped.as_bytes()).is_some());
    }

    #[test]
    fn deep_nesting_costs_neither_stack_nor_time() {
        let depth = 1_000_000;
        let mut body = Vec::from(&br#"{"deep":"#[..]);
        body.extend(vec![b'['; depth]);
        assert!(model_field(&body).is_none());
        body.extend(vec![b']'; depth]);
        body.extend(br#","model":"koi"}"#);
        assert_eq!(model_field(&body).map(|field| field.name).as_deref(), Some("koi"));
    }
}
