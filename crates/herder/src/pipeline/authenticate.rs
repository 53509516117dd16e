//! API keys (spec/http-api.md section 2, with decisions.md: every candidate is tried, in constant time).

use axum::http::header::{HeaderMap, HeaderName};
use herder_config::Secret;
use herder_wire::credentials;
use subtle::{Choice, ConstantTimeEq};

use crate::error::ApiError;

/// Checks the request's credentials and returns the headers in which a key of ours was found. Without configured
/// keys everybody is welcome and nothing is ours.
///
/// # Errors
///
/// 401 when no candidate is one of `keys`.
pub(crate) fn authenticate(keys: &[Secret], headers: &HeaderMap) -> Result<Vec<HeaderName>, ApiError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut proven = Vec::new();
    for candidate in credentials::candidates(headers) {
        if is_key(keys, &candidate.secret) {
            proven.push(candidate.source.header_name());
        }
    }
    if proven.is_empty() {
        Err(ApiError::unauthorized())
    } else {
        Ok(proven)
    }
}

/// Compares with every key, so that the time says nothing about which one came near. The length of a key is not
/// hidden.
fn is_key(keys: &[Secret], candidate: &[u8]) -> bool {
    let known = keys.iter().fold(Choice::from(0), |known, key| {
        known | key.expose().as_bytes().ct_eq(candidate)
    });
    known.into()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Number of the row, headers, and the headers in which a key is found.
    type Row = (
        &'static str,
        Vec<(&'static str, String)>,
        Option<Vec<&'static str>>,
    );

    fn attempt(headers: &[(&'static str, String)]) -> Option<Vec<String>> {
        let keys = [Secret::new("k-alpha"), Secret::new("k-beta")];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::try_from(value).expect("a header value"));
        }
        match authenticate(&keys, &map) {
            Ok(proven) => Some(proven.iter().map(ToString::to_string).collect()),
            Err(error) => {
                assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
                None
            }
        }
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    /// Rows of spec/http-api.md 7.2. Row 18 has the outcome of decisions.md: a wrong Bearer is rescued.
    #[test]
    fn candidates_are_tried_one_after_the_other() {
        let authorization = |value: &str| ("authorization", value.to_owned());
        let key = |value: &str| ("x-api-key", value.to_owned());
        let table: [Row; 12] = [
            ("13", vec![], None),
            (
                "14",
                vec![authorization("Bearer k-beta")],
                Some(vec!["authorization"]),
            ),
            (
                "15",
                vec![authorization("bEaReR k-alpha")],
                Some(vec!["authorization"]),
            ),
            (
                "16",
                vec![("authorization", basic("any:k-alpha"))],
                Some(vec!["authorization"]),
            ),
            ("17", vec![key("k-alpha")], Some(vec!["x-api-key"])),
            (
                "18",
                vec![authorization("Bearer nope"), key("k-alpha")],
                Some(vec!["x-api-key"]),
            ),
            (
                "19",
                vec![authorization("Basic %%%"), key("k-alpha")],
                Some(vec!["x-api-key"]),
            ),
            ("20", vec![("authorization", basic("k-alpha:"))], None),
            ("prefix", vec![key("k-alph")], None),
            ("longer", vec![key("k-alphaa")], None),
            ("case", vec![key("K-ALPHA")], None),
            (
                "both",
                vec![authorization("Bearer k-beta"), key("k-alpha")],
                Some(vec!["authorization", "x-api-key"]),
            ),
        ];
        for (row, headers, expected) in table {
            let expected = expected.map(|names| names.into_iter().map(str::to_owned).collect());
            assert_eq!(attempt(&headers), expected, "row {row}");
        }
    }

    #[test]
    fn without_keys_everybody_is_welcome_and_keeps_the_own_credentials() {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_static("for-the-model"));
        assert_eq!(authenticate(&[], &headers), Ok(Vec::new()));
    }
}
