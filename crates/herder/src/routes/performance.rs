//! `GET /api/performance`: the samples of the last hour (spec/http-api.md 1.14).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode, Uri};
use jiff::Timestamp;
use serde::Serialize;
use url::form_urlencoded;

use super::reply;
use crate::error::ApiError;
use crate::monitor::{GpuSample, SystemSample};
use crate::pipeline::RequestContext;

/// Samples of the machine, oldest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Performance<'a> {
    /// Whether anything is measured.
    enabled: bool,
    /// Processors, memory and network.
    sys_stats: Vec<&'a SystemSample>,
    /// GPUs.
    gpu_stats: Vec<&'a GpuSample>,
}

/// Samples later than `after`, or all that are kept.
///
/// # Errors
///
/// 400 when `after` is no RFC 3339 time.
pub(super) fn samples(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let Some(samples) = context.app.monitor.samples() else {
        let mut response = reply::json(&serde_json::json!({ "enabled": false }));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return Ok(response);
    };
    let after = after(&context.head.uri)?;
    let system = samples.system(after);
    let gpus = samples.gpus(after);
    Ok(reply::json(&Performance {
        enabled: true,
        sys_stats: system.iter().map(Arc::as_ref).collect(),
        gpu_stats: gpus.iter().flat_map(|look| look.iter()).collect(),
    }))
}

/// The parameter, if it is given and not empty.
fn after(uri: &Uri) -> Result<Option<Timestamp>, ApiError> {
    let query = uri.query().unwrap_or_default();
    let Some((_, value)) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after") else {
        return Ok(None);
    };
    if value.is_empty() {
        return Ok(None);
    }
    let invalid = || {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid 'after' timestamp, use RFC3339 format",
        )
    };
    if !looks_like_rfc3339(&value) {
        return Err(invalid());
    }
    value.parse().map(Some).map_err(|_| invalid())
}

/// `jiff` reads more than RFC 3339; other routers of the same clients do not.
fn looks_like_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let date = bytes.len() > shape.len()
        && bytes.iter().zip(shape).all(|(byte, expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            _ => byte == expected,
        });
    if !date {
        return false;
    }
    let mut rest = &bytes[shape.len()..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    match rest {
        b"Z" => true,
        [b'+' | b'-', offset @ ..] => {
            matches!(offset, [a, b, b':', c, d] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_1_14_after_is_an_rfc3339_time() {
        let time = |text: &str| Some(Some(text.parse::<Timestamp>().unwrap()));
        let table = [
            ("/x", Some(None)),
            ("/x?after=", Some(None)),
            ("/x?before=y", Some(None)),
            ("/x?after=2027-02-03T04:05:06Z", time("2027-02-03T04:05:06Z")),
            (
                "/x?after=2027-02-03T04%3A05%3A06.789Z",
                time("2027-02-03T04:05:06.789Z"),
            ),
            ("/x?after=2027-02-03T04:05:06-01:30", time("2027-02-03T05:35:06Z")),
            (
                "/x?after=2027-02-03T04:05:06%2B01:00",
                time("2027-02-03T03:05:06Z"),
            ),
            // A plus sign in a query is a blank.
            ("/x?after=2027-02-03T04:05:06+01:00", None),
            ("/x?after=bad", None),
            ("/x?after=2027-02-03", None),
            ("/x?after=2027-02-03T04:05:06", None),
            ("/x?after=2027-02-03T04:05:06.Z", None),
            ("/x?after=2027-02-30T04:05:06Z", None),
            ("/x?after=2027-02-03T04:05:06Z[UTC]", None),
            ("/x?after=2027-02-03%2004:05:06Z", None),
            ("/x?after=1801627506", None),
        ];
        for (uri, expected) in table {
            assert_eq!(after(&uri.parse().unwrap()).ok(), expected, "{uri}");
        }
    }
}
