//! Headers as people are shown them: in the list of open requests and in captures (spec/http-api.md 1.16 and 5.4).

use std::collections::BTreeMap;

use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};

/// What stands in place of a secret.
const REDACTED: &str = "[REDACTED]";

/// Headers whose values are secrets.
const SECRET: [HeaderName; 5] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    SET_COOKIE,
    HeaderName::from_static("x-api-key"),
];

/// The first value of each header under its usual spelling, without secrets and without `Host`.
#[must_use]
pub fn shown(headers: &HeaderMap) -> BTreeMap<String, String> {
    visible(headers)
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value).into_owned();
            (usual_spelling(name.as_str()), value)
        })
        .collect()
}

/// The same as they are in the map: names in lower case, values as bytes.
pub(crate) fn visible(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &[u8])> {
    let mut before = None;
    headers
        .iter()
        // All values of a name come one after the other.
        .filter(move |(name, _)| before.replace(*name) != Some(*name))
        .filter(|(name, _)| *name != HOST)
        .map(|(name, value)| {
            let value = if SECRET.contains(name) {
                REDACTED.as_bytes()
            } else {
                value.as_bytes()
            };
            (name, value)
        })
}

/// `content-type` as `Content-Type`.
pub(crate) fn usual_spelling(name: &str) -> String {
    let mut begins = true;
    name.chars()
        .map(|letter| {
            let spelt = if begins {
                letter.to_ascii_uppercase()
            } else {
                letter
            };
            begins = letter == '-';
            spelt
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn http_5_4_headers_are_shown_without_secrets() {
        let table = [
            ("authorization", "Bearer k", Some(("Authorization", REDACTED))),
            (
                "proxy-authorization",
                "Basic k",
                Some(("Proxy-Authorization", REDACTED)),
            ),
            ("cookie", "a=b", Some(("Cookie", REDACTED))),
            ("set-cookie", "a=b", Some(("Set-Cookie", REDACTED))),
            ("x-api-key", "k", Some(("X-Api-Key", REDACTED))),
            ("user-agent", "demo/1", Some(("User-Agent", "demo/1"))),
            ("x-1a-b", "v", Some(("X-1a-B", "v"))),
            ("host", "h", None),
        ];
        for (name, value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.append(name, HeaderValue::from_static(value));
            headers.append(name, HeaderValue::from_static("second"));
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(shown(&headers), expected.into_iter().collect(), "{name}");
        }
    }
}
