//! Which model a request names, and how that place is rewritten (spec/http-api.md 1.2, 3.2).
//!
//! Where the name is looked for depends on method and `Content-Type` only, never on the route. What the name means is
//! decided by the caller.

use bytes::Bytes;
use http::Method;

use crate::pieces::Pieces;
use crate::{MAX_NAME_BYTES, form, json, multipart};

/// The model that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name as the client means it, decoded, never empty; compared exactly, neither trimmed nor folded.
    pub name: String,
    /// Whether the request asks for a streamed answer.
    pub stream: bool,
    /// Where the name was read.
    pub place: Place,
}

/// Where a name was read, and so what [`rename`] edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Top-level member of a JSON body.
    Json,
    /// Field of a multipart body.
    Multipart {
        /// The boundary of the body.
        boundary: String,
    },
    /// Pair of a urlencoded body.
    Form,
    /// Pair of the query.
    Query,
}

/// The part of a request that [`rename`] changed.
#[derive(Debug, Clone)]
pub enum Renamed {
    /// The new body; `Content-Length` changes with it.
    Body(Pieces),
    /// The new query, without `?`.
    Query(String),
}

/// What a `Content-Type` says about the body, as far as names are concerned; compared without regard to case (Q6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyKind {
    /// Contains `application/json`.
    Json,
    /// Contains `multipart/form-data`; without a usable boundary the body cannot be read.
    Multipart {
        /// The boundary, when there is a usable one.
        boundary: Option<String>,
    },
    /// `application/x-www-form-urlencoded`, with or without parameters.
    Form,
    /// Anything else, or nothing.
    Other,
}

impl BodyKind {
    /// Reads a `Content-Type`.
    #[must_use]
    pub fn of(content_type: Option<&str>) -> Self {
        let Some(content_type) = content_type else {
            return Self::Other;
        };
        let names = |part: &str| {
            let mut places = content_type.as_bytes().windows(part.len());
            places.any(|place| place.eq_ignore_ascii_case(part.as_bytes()))
        };
        if names("application/json") {
            return Self::Json;
        }
        if names("multipart/form-data") {
            return Self::Multipart {
                boundary: multipart::boundary(content_type),
            };
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Self::Form
        } else {
            Self::Other
        }
    }
}

/// The model that a request names; `None` is the answer 404 `no model id could be identified`. Names longer than
/// [`MAX_NAME_BYTES`] are none.
#[must_use]
pub fn extract(
    method: &Method,
    query: Option<&str>,
    content_type: Option<&str>,
    body: &[u8],
) -> Option<Found> {
    let query = query.unwrap_or_default();
    let found = if method == Method::GET {
        from_query(query)
    } else {
        match BodyKind::of(content_type) {
            BodyKind::Json => from_json(body),
            BodyKind::Multipart { boundary } => from_multipart(query, body, boundary?),
            BodyKind::Form => from_form(query, body),
            BodyKind::Other => from_query(query),
        }
    };
    found.filter(|found| found.name.len() <= MAX_NAME_BYTES)
}

/// Writes `new` where the name was read; every other byte stays. `body` and `query` may have been edited since.
#[must_use]
pub fn rename(place: &Place, body: &Bytes, query: Option<&str>, new: &str) -> Renamed {
    match place {
        Place::Json => Renamed::Body(json::replace_model(body, new)),
        Place::Multipart { boundary } => Renamed::Body(multipart::replace_model(body, boundary, new)),
        Place::Form => Renamed::Body(form::replace(body, "model", new)),
        Place::Query => Renamed::Query(form::replace_in_query(query.unwrap_or_default(), "model", new)),
    }
}

fn from_json(body: &[u8]) -> Option<Found> {
    let (model, stream) = json::model_and_stream(body);
    Some(Found {
        name: model?.name,
        stream,
        place: Place::Json,
    })
}

fn from_query(query: &str) -> Option<Found> {
    let name = pair(query.as_bytes(), "model")?;
    let stream = pair(query.as_bytes(), "stream").as_deref() == Some("true");
    Some(Found {
        name,
        stream,
        place: Place::Query,
    })
}

/// The query beats the field (Q7, kept).
fn from_multipart(query: &str, body: &[u8], boundary: String) -> Option<Found> {
    let field = |name| {
        multipart::field(body, &boundary, name)
            .map(|(value, _)| value)
            .filter(|value| !value.is_empty())
    };
    let from_query = pair(query.as_bytes(), "model");
    let in_query = from_query.is_some();
    let name = from_query.or_else(|| field("model"))?;
    let stream = pair(query.as_bytes(), "stream")
        .or_else(|| field("stream"))
        .as_deref()
        == Some("true");
    let place = if in_query {
        Place::Query
    } else {
        Place::Multipart { boundary }
    };
    Some(Found { name, stream, place })
}

/// The field beats the query.
fn from_form(query: &str, body: &[u8]) -> Option<Found> {
    let (name, place) = match pair(body, "model") {
        Some(name) => (name, Place::Form),
        None => (pair(query.as_bytes(), "model")?, Place::Query),
    };
    let stream = pair(body, "stream")
        .or_else(|| pair(query.as_bytes(), "stream"))
        .as_deref()
        == Some("true");
    Some(Found { name, stream, place })
}

/// A pair with an empty value counts as missing.
fn pair(text: &[u8], name: &str) -> Option<String> {
    form::find(text, name)
        .map(|field| field.value)
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&str> = Some("application/json");
    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=B");
    const UPLOAD: &str = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nscribe\r\n\
        --B\r\nContent-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n--B--\r\n";

    fn multipart_place() -> Place {
        Place::Multipart {
            boundary: "B".to_owned(),
        }
    }

    #[test]
    fn http_1_2_extraction_table() {
        type Row = (
            &'static str,
            &'static str,
            Option<&'static str>,
            &'static str,
            Option<(&'static str, bool, Place)>,
        );
        let rows: [Row; 24] = [
            (
                "GET",
                "model=koi&stream=true",
                None,
                "",
                Some(("koi", true, Place::Query)),
            ),
            (
                "GET",
                "model=koi&stream=1",
                JSON,
                r#"{"model":"no"}"#,
                Some(("koi", false, Place::Query)),
            ),
            ("GET", "x=1", None, "", None),
            (
                "POST",
                "model=no",
                JSON,
                r#"{"model":"koi","stream":1}"#,
                Some(("koi", true, Place::Json)),
            ),
            ("POST", "model=koi", JSON, "{}", None),
            (
                "POST",
                "",
                Some("Application/JSON; charset=utf-8"),
                r#"{"model":"koi"}"#,
                { Some(("koi", false, Place::Json)) },
            ),
            (
                "POST",
                "",
                MULTIPART,
                UPLOAD,
                Some(("scribe", true, multipart_place())),
            ),
            (
                "POST",
                "",
                Some("MULTIPART/Form-Data; Boundary=B"),
                UPLOAD,
                Some(("scribe", true, multipart_place())),
            ),
            (
                "POST",
                "model=koi&stream=false",
                MULTIPART,
                UPLOAD,
                Some(("koi", false, Place::Query)),
            ),
            (
                "POST",
                "model=",
                MULTIPART,
                UPLOAD,
                Some(("scribe", true, multipart_place())),
            ),
            ("POST", "model=koi", Some("multipart/form-data"), UPLOAD, None),
            ("POST", "", MULTIPART, "--B--", None),
            (
                "POST",
                "model=no",
                FORM,
                "model=koi&stream=true",
                Some(("koi", true, Place::Form)),
            ),
            (
                "POST",
                "model=koi&stream=true",
                FORM,
                "x=1",
                Some(("koi", true, Place::Query)),
            ),
            ("POST", "", FORM, "model=a;b", None),
            (
                "POST",
                "",
                Some("application/x-www-form-urlencoded; charset=UTF-8"),
                "model=koi",
                { Some(("koi", false, Place::Form)) },
            ),
            (
                "POST",
                "model=koi",
                Some("text/plain"),
                r#"{"model":"no"}"#,
                Some(("koi", false, Place::Query)),
            ),
            (
                "POST",
                "model=koi",
                None,
                r#"{"model":"no"}"#,
                Some(("koi", false, Place::Query)),
            ),
            ("POST", "", None, r#"{"model":"koi"}"#, None),
            ("POST", "", Some("text/plain"), "", None),
            ("POST", "model=a;b", None, "", None),
            ("HEAD", "model=koi", None, "", Some(("koi", false, Place::Query))),
            (
                "PUT",
                "",
                JSON,
                r#"{"model":"koi"}"#,
                Some(("koi", false, Place::Json)),
            ),
            ("POST", "", JSON, "nonsense", None),
        ];
        for (method, query, content_type, body, expected) in rows {
            let method: Method = method.parse().expect("a method");
            let found = extract(&method, Some(query), content_type, body.as_bytes());
            let found = found.map(|found| (found.name, found.stream, found.place));
            let expected = expected.map(|(name, stream, place)| (name.to_owned(), stream, place));
            assert_eq!(found, expected, "{method} ?{query} {content_type:?} {body}");
        }
    }

    #[test]
    fn a_name_of_absurd_length_is_none() {
        let body = format!(r#"{{"model":"{}"}}"#, "k".repeat(MAX_NAME_BYTES + 1));
        assert_eq!(extract(&Method::POST, None, JSON, body.as_bytes()), None);
    }

    #[test]
    fn the_place_is_rewritten_and_read_back() {
        for (query, content_type, body) in [
            ("x=%20&model=koi", None, "untouched"),
            ("x=1", JSON, r#"{ "model": "koi" }"#),
            ("x=1", FORM, "a=+&model=koi"),
            ("x=1", MULTIPART, UPLOAD),
        ] {
            let body = Bytes::from_static(body.as_bytes());
            let found = extract(&Method::POST, Some(query), content_type, &body).expect("a name");
            let again = match rename(&found.place, &body, Some(query), "org/moon é") {
                Renamed::Body(pieces) => {
                    extract(&Method::POST, Some(query), content_type, &pieces.to_bytes())
                }
                Renamed::Query(query) => extract(&Method::POST, Some(&query), content_type, &body),
            };
            assert_eq!(
                again,
                Some(Found {
                    name: "org/moon é".to_owned(),
                    ..found
                })
            );
        }
    }
}
