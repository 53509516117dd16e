//! `GET /api/profiles` and `PUT /api/profiles/active` (spec/http-api.md 1.7). What a profile does to a request is the
//! business of `pipeline`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::reply;
use crate::error::ApiError;
use crate::pipeline::{self, RequestContext};

/// The longest request to switch profiles, in bytes. It holds one name.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;

#[derive(Serialize)]
struct List<'a> {
    active: Option<&'a str>,
    profiles: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    description: &'a str,
    /// Requested name to target; an empty target disables the name.
    pins: IndexMap<&'a str, &'a str>,
}

/// In ascending order of id.
pub(super) fn list(context: &RequestContext) -> Response<Body> {
    let profiles = &context.snapshot.config.profiles;
    let mut entries: Vec<Entry<'_>> = profiles
        .iter()
        .map(|(id, profile)| Entry {
            id,
            description: &profile.description,
            pins: profile
                .pins
                .iter()
                .map(|(name, target)| (name.as_str(), target.as_deref().unwrap_or_default()))
                .collect(),
        })
        .collect();
    entries.sort_unstable_by_key(|entry| entry.id);
    reply::json(&List {
        active: context.profile().map(|(id, _)| id),
        profiles: entries,
    })
}

/// Makes a profile the active one, or none. It counts for requests that come later.
///
/// # Errors
///
/// 400 when the body is not what it should be, 404 for an unknown profile; the active one stays then.
pub(super) async fn switch(context: &RequestContext, body: Body) -> Result<Response<Body>, ApiError> {
    let body = pipeline::read_body(body, &context.head.headers, MAX_REQUEST_BYTES).await?;
    let name = parse(&body)?;
    if let Some(name) = &name
        && !context.snapshot.config.profiles.contains_key(name)
    {
        let message = format!("profile \"{name}\" not found");
        return Err(ApiError::new(StatusCode::NOT_FOUND, message));
    }
    let answer = reply::json(&json!({ "active": name }));
    context.app.active_profile.send_if_modified(|active| {
        let differs = active.as_deref() != name.as_deref();
        *active = name.map(Arc::from);
        differs
    });
    Ok(answer)
}

/// The profile that a request names; `None` for none.
fn parse(body: &[u8]) -> Result<Option<String>, ApiError> {
    let bad = |message| ApiError::new(StatusCode::BAD_REQUEST, message);
    let Ok(Value::Object(mut request)) = serde_json::from_slice(body) else {
        return Err(bad("invalid profile request"));
    };
    match request.remove("name") {
        None => Err(bad("profile name is required")),
        Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(Some(name).filter(|name| !name.is_empty())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(bad("profile name must be a string or null"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_1_7_bad_input() {
        for (body, expected) in [
            (r#"{"name":"nightly"}"#, Ok(Some("nightly"))),
            (r#"{"x":1, "name":"a b"}"#, Ok(Some("a b"))),
            (r#"{"name":null}"#, Ok(None)),
            (r#"{"name":""}"#, Ok(None)),
            ("{}", Err("profile name is required")),
            (r#"{"Name":"x"}"#, Err("profile name is required")),
            (r#"{"name":5}"#, Err("profile name must be a string or null")),
            (r#"{"name":["x"]}"#, Err("profile name must be a string or null")),
            ("[", Err("invalid profile request")),
            ("[]", Err("invalid profile request")),
            ("null", Err("invalid profile request")),
            ("\"nightly\"", Err("invalid profile request")),
            ("", Err("invalid profile request")),
            (r#"{"name":"x"} x"#, Err("invalid profile request")),
        ] {
            let parsed = parse(body.as_bytes());
            let parsed = parsed.as_ref().map(Option::as_deref).map_err(ApiError::message);
            assert_eq!(parsed, expected, "{body}");
        }
    }
}
