//! What a client offers as an API key (spec/http-api.md 2).
//!
//! Every candidate present is returned, as every one is tried (decisions, "API keys"). Comparing them with the
//! configured keys, in constant time, is the caller's part, and so is [removing](Source::remove) one that matched.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

/// The most candidates that are returned. A client sends one, seldom two; the bound keeps guessing slow.
pub const MAX_CANDIDATES: usize = 8;

/// A value that may be an API key.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The bytes to compare; never empty.
    pub secret: Vec<u8>,
    /// The header it came from.
    pub source: Source,
}

/// A header that carries credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `Authorization`: the password of `Basic`, or the token of `Bearer`.
    Authorization,
    /// `x-api-key`.
    ApiKey,
}

impl Source {
    /// The header's name.
    #[must_use]
    pub fn header_name(self) -> HeaderName {
        match self {
            Self::Authorization => AUTHORIZATION,
            Self::ApiKey => HeaderName::from_static("x-api-key"),
        }
    }

    /// Takes the header out, all its values: what opened our door is not passed on (Q10).
    pub fn remove(self, headers: &mut HeaderMap) {
        headers.remove(self.header_name());
    }
}

/// The candidates of a request: first those of `Authorization`, then those of `x-api-key`. Undecodable `Basic`
/// values, empty ones and unknown schemes yield none.
#[must_use]
pub fn candidates(headers: &HeaderMap) -> Vec<Candidate> {
    let authorization = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let secret = authorization_secret(value.as_bytes())?;
        Some(Candidate {
            secret,
            source: Source::Authorization,
        })
    });
    let api_key = headers.get_all(Source::ApiKey.header_name()).iter().map(|value| {
        let secret = value.as_bytes().to_vec();
        Candidate {
            secret,
            source: Source::ApiKey,
        }
    });
    authorization
        .chain(api_key)
        .filter(|candidate| !candidate.secret.is_empty())
        .take(MAX_CANDIDATES)
        .collect()
}

fn authorization_secret(value: &[u8]) -> Option<Vec<u8>> {
    let space = value.iter().position(|&byte| byte == b' ')?;
    let (scheme, credentials) = (&value[..space], &value[space + 1..]);
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(credentials.to_vec());
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials).ok()?;
    let colon = decoded.iter().position(|&byte| byte == b':')?;
    Some(decoded[colon + 1..].to_vec())
}

/// Never shows the secret.
impl std::fmt::Debug for Candidate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Candidate")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_map(list: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            let name: HeaderName = name.parse().expect("a header name");
            headers.append(name, value.parse().expect("a header value"));
        }
        headers
    }

    #[test]
    fn http_2_candidates() {
        let password = STANDARD.encode("any:k:alpha");
        let user_only = STANDARD.encode("k-alpha:");
        let no_colon = STANDARD.encode("k-alpha");
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, Source)]);
        let rows: [Row<'_>; 10] = [
            (&[], &[]),
            (
                &[("authorization", "Bearer k-beta")],
                &[("k-beta", Source::Authorization)],
            ),
            (
                &[("authorization", "bEaReR k-alpha")],
                &[("k-alpha", Source::Authorization)],
            ),
            (
                &[("authorization", &format!("BASIC {password}"))],
                &[("k:alpha", Source::Authorization)],
            ),
            (&[("authorization", &format!("Basic {user_only}"))], &[]),
            (
                &[
                    ("authorization", &format!("Basic {no_colon}")),
                    ("x-api-key", "k"),
                ],
                &[("k", Source::ApiKey)],
            ),
            (
                &[("authorization", "Basic %%%"), ("x-api-key", "k-alpha")],
                &[("k-alpha", Source::ApiKey)],
            ),
            (&[("authorization", "Digest abc"), ("x-api-key", "")], &[]),
            (
                &[("authorization", "Bearer"), ("x-api-key", "k")],
                &[("k", Source::ApiKey)],
            ),
            (
                &[("x-api-key", "k-alpha"), ("authorization", "Bearer nope")],
                &[("nope", Source::Authorization), ("k-alpha", Source::ApiKey)],
            ),
        ];
        for (headers, expected) in rows {
            let found = candidates(&header_map(headers));
            let found: Vec<(&[u8], Source)> = found
                .iter()
                .map(|found| (&found.secret[..], found.source))
                .collect();
            let expected: Vec<(&[u8], Source)> = expected
                .iter()
                .map(|(key, from)| (key.as_bytes(), *from))
                .collect();
            assert_eq!(found, expected, "{headers:?}");
        }
    }

    #[test]
    fn candidates_are_bounded_and_do_not_show_their_secret() {
        let many = header_map(&[("x-api-key", "guess"); MAX_CANDIDATES + 3]);
        let found = candidates(&many);
        assert_eq!(found.len(), MAX_CANDIDATES);
        assert!(!format!("{found:?}").contains("guess"));
    }

    #[test]
    fn a_matched_credential_is_taken_out() {
        let mut headers = header_map(&[
            ("authorization", "Bearer a"),
            ("authorization", "Bearer b"),
            ("x-api-key", "k"),
        ]);
        Source::Authorization.remove(&mut headers);
        assert!(!headers.contains_key("authorization"));
        Source::ApiKey.remove(&mut headers);
        assert!(headers.is_empty());
    }
}
