//! `GET /api/profiles` and `PUT /api/profiles/active` (spec/http-api.md 1.7). What a profile does to a request is the
//! business of `pipeline`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use super::reply;
use crate::error::ApiError;
use crate::pipeline::{self, RequestContext};

/// The longest request to switch profiles, in bytes. It holds one name.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;

/// The profiles of the configuration.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Profiles"))]
pub(super) struct List<'a> {
    /// Id of the active one; `null` for none.
    active: Option<&'a str>,
    /// In ascending order of id.
    profiles: Vec<Entry<'a>>,
}

/// A profile.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Profile"))]
struct Entry<'a> {
    /// Its id.
    id: &'a str,
    /// For people; may be empty.
    description: &'a str,
    /// Requested name to target; an empty target disables the name.
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, String>"))]
    pins: IndexMap<&'a str, &'a str>,
}

/// The profile that counts for new requests.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ActiveProfile<'a> {
    /// Its id; `null` for none.
    pub(super) active: Option<&'a str>,
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
    let mut is_known = true;
    let app = &context.app;
    app.active_profile.send_if_modified(|active| {
        // Looked up here, so that a reload at the same moment either knows this profile or ends it.
        let snapshot = app.snapshot.load();
        is_known = name
            .as_ref()
            .is_none_or(|name| snapshot.config.profiles.contains_key(name));
        let differs = is_known && active.as_deref() != name.as_deref();
        if differs {
            *active = name.as_deref().map(Arc::from);
        }
        differs
    });
    if is_known {
        return Ok(reply::json(&ActiveProfile {
            active: name.as_deref(),
        }));
    }
    let message = format!("profile \"{}\" not found", name.unwrap_or_default());
    Err(ApiError::new(StatusCode::NOT_FOUND, message))
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
