//! A model's `proxy` value as something a request target can be appended to.

use herder_wire::path;
use http::header::HeaderValue;
use http::uri::{InvalidUri, PathAndQuery, Scheme};
use http::{Uri, uri};

/// Scheme, authority and base path of a model server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// `http://host:port/`.
    origin: Uri,
    /// Host, and port unless it is the scheme's own.
    host: HeaderValue,
    /// Path as written; may be empty.
    path: String,
    /// Query as written, without the question mark.
    query: Option<String>,
}

/// Why a `proxy` value cannot be used. The load accepts such values (spec/config.md 2.7); each start then fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// The value is empty.
    #[error("upstream proxy missing")]
    Missing,
    /// The value is no `http` or `https` URL with a host.
    #[error("invalid proxy URL '{url}': {reason}")]
    Invalid {
        /// The value.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl BaseUrl {
    /// Reads a `proxy` value.
    ///
    /// # Errors
    ///
    /// See [`BaseUrlError`].
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        if text.is_empty() {
            return Err(BaseUrlError::Missing);
        }
        let invalid = |reason: &str| BaseUrlError::Invalid {
            url: text.to_owned(),
            reason: reason.to_owned(),
        };
        let uri: Uri = text
            .parse()
            .map_err(|error: InvalidUri| invalid(&error.to_string()))?;
        let Some(scheme) = uri
            .scheme()
            .filter(|scheme| [&Scheme::HTTP, &Scheme::HTTPS].contains(scheme))
        else {
            return Err(invalid("the scheme must be http or https"));
        };
        let Some(authority) = uri.authority() else {
            return Err(invalid("the host is missing"));
        };
        // A user and password in the URL are no part of the host.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let origin = uri::Builder::new()
            .scheme(scheme.clone())
            .authority(host)
            .path_and_query("/")
            .build()
            .map_err(|error| invalid(&error.to_string()))?;
        let named = HeaderValue::from_str(without_usual_port(&origin, host));
        Ok(Self {
            host: named.map_err(|error| invalid(&error.to_string()))?,
            origin,
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// Scheme, host and port, with the path `/`.
    #[must_use]
    pub fn origin(&self) -> &Uri {
        &self.origin
    }

    /// What the server is called in `Host`.
    #[must_use]
    pub fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// Whether targets stay as they are: there is neither a base path nor a base query.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        matches!(self.path.as_str(), "" | "/") && self.query.as_deref().is_none_or(str::is_empty)
    }

    /// The target at the server of a request target (path and query as the client spelt them, starting with a slash):
    /// appended to the base path with exactly one joining slash, the base query in front (spec/http-api.md 1.3).
    ///
    /// # Errors
    ///
    /// When the result is no request target.
    pub fn join(&self, target: &str) -> Result<PathAndQuery, InvalidUri> {
        let (forwarded, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut joined = path::join(&self.path, forwarded);
        if let Some(query) = path::join_query(self.query.as_deref(), query) {
            joined.push('?');
            joined.push_str(&query);
        }
        PathAndQuery::from_maybe_shared(joined)
    }
}

/// `host` without a port that its scheme implies.
fn without_usual_port<'a>(origin: &Uri, host: &'a str) -> &'a str {
    let usual = if origin.scheme() == Some(&Scheme::HTTPS) {
        ":443"
    } else {
        ":80"
    };
    host.strip_suffix(usual).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_appended_with_one_slash() {
        let cases = [
            ("http://localhost:5800", "/health", "http://localhost:5800/health"),
            ("http://localhost:5800/", "/", "http://localhost:5800/"),
            (
                "http://10.0.0.2:81/v",
                "/chat?x=1",
                "http://10.0.0.2:81/v/chat?x=1",
            ),
            ("http://10.0.0.2:81/v/", "/chat", "http://10.0.0.2:81/v/chat"),
            ("https://h/v?key=k", "/chat", "https://h/v/chat?key=k"),
            ("https://h/v?key=k", "/chat?x=%2F", "https://h/v/chat?key=k&x=%2F"),
            ("http://user:word@h:1", "/a%2Fb//c", "http://h:1/a%2Fb//c"),
            ("http://h:1", "health", "http://h:1/health"),
        ];
        for (base, target, expected) in cases {
            let base = BaseUrl::parse(base).unwrap();
            let joined = format!(
                "{}{}",
                base.origin().to_string().trim_end_matches('/'),
                base.join(target).unwrap()
            );
            assert_eq!(joined, expected, "{base:?} + {target}");
        }
    }

    #[test]
    fn the_host_is_named_without_the_port_of_its_scheme() {
        let cases = [
            ("http://localhost:5800/v", "localhost:5800"),
            ("http://h:80", "h"),
            ("https://h:443", "h"),
            ("https://h:80", "h:80"),
            ("http://[::1]:80/", "[::1]"),
            ("http://[::80]/", "[::80]"),
            ("http://user:word@h", "h"),
        ];
        for (base, host) in cases {
            assert_eq!(BaseUrl::parse(base).unwrap().host(), host, "{base}");
        }
    }

    #[test]
    fn unusable_values_name_the_reason() {
        assert_eq!(
            BaseUrl::parse("").unwrap_err().to_string(),
            "upstream proxy missing"
        );
        for text in ["localhost:80", "/p", "ftp://h", "http://h x/"] {
            let error = BaseUrl::parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("invalid proxy URL '{text}'")),
                "{error}"
            );
        }
    }
}
