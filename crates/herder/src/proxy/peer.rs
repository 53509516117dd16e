//! Peers: other hosts that serve models (spec/config.md 7.6), how a request must look to them, and the requests that
//! they are answering.
//!
//! Which names lead to a peer is decided before. A peer is not ours to start or to limit; its answers are relayed like
//! those of a model server.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use herder_config::Secret;
use herder_wire::form;
use http::StatusCode;
use http::header::{AUTHORIZATION, FORWARDED, HeaderMap, HeaderName, HeaderValue};
use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::error::ApiError;
use crate::monitor::RequestMetrics;
use crate::upstream::{BaseUrl, BaseUrlError, Server};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a client, or a proxy before us, says about the way of a request. It is no business of a third party.
const FORWARDING: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];

/// One configured peer, with one pool of connections for all its models.
#[derive(Debug)]
pub struct Peer {
    server: Result<Arc<Server>, PeerError>,
    credentials: Credentials,
    /// Of each model that the configuration names.
    counters: IndexMap<String, Arc<RequestMetrics>>,
}

/// Why no request can be sent to a peer. The load accepts such values (spec/config.md 2.7).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// `proxy` is no usable URL.
    #[error(transparent)]
    Url(#[from] BaseUrlError),
    /// `apiKey` holds a character that no header may hold.
    #[error("the apiKey of this peer cannot be sent in a header")]
    Key,
}

/// What a peer gets to see in `Authorization` and `x-api-key` (decisions.md, Q10 and N7).
#[derive(Debug, Clone)]
enum Credentials {
    /// The peer's own key, in both.
    Own { bearer: HeaderValue, key: HeaderValue },
    /// Those of the client (`forwardCredentials`).
    OfClient,
    /// None.
    Withheld,
}

impl Peer {
    /// Prepares a peer. Opens no connection; what makes it unusable is said to each request.
    #[must_use]
    pub fn new(settings: &herder_config::Peer) -> Self {
        let credentials = Credentials::of(settings);
        let server = BaseUrl::parse(&settings.proxy)
            .map(|base| Arc::new(Server::new(base, &settings.timeouts)))
            .map_err(PeerError::from);
        let (server, credentials) = match credentials {
            Ok(credentials) => (server, credentials),
            Err(error) => (Err(error), Credentials::Withheld),
        };
        let models = settings.models.iter();
        Self {
            server,
            credentials,
            counters: models.map(|model| (model.clone(), Arc::default())).collect(),
        }
    }

    /// The same peer, whose models go on with the counters that `previous` has for them.
    #[must_use]
    pub(crate) fn counting_on(mut self, previous: &Self) -> Self {
        for (model, counters) in &mut self.counters {
            if let Some(known) = previous.counters.get(model) {
                *counters = Arc::clone(known);
            }
        }
        self
    }

    /// The counters of a model of its own name. `None` when the configuration does not name it.
    pub(crate) fn counters(&self, model: &str) -> Option<&Arc<RequestMetrics>> {
        self.counters.get(model)
    }

    /// The models that the configuration names, with their counters.
    pub(crate) fn models(&self) -> impl Iterator<Item = (&str, &RequestMetrics)> {
        let counters = self.counters.iter();
        counters.map(|(model, counters)| (model.as_str(), &**counters))
    }

    /// Makes the headers of a request those that the peer may see.
    fn edit_headers(&self, fields: &mut HeaderMap) {
        for name in FORWARDING {
            fields.remove(name);
        }
        match &self.credentials {
            Credentials::Own { bearer, key } => {
                fields.insert(AUTHORIZATION, bearer.clone());
                fields.insert(X_API_KEY, key.clone());
            }
            Credentials::OfClient => {}
            Credentials::Withheld => {
                fields.remove(AUTHORIZATION);
                fields.remove(X_API_KEY);
            }
        }
    }
}

impl Credentials {
    fn of(settings: &herder_config::Peer) -> Result<Self, PeerError> {
        let value = |text: String| -> Result<HeaderValue, PeerError> {
            let mut value = HeaderValue::try_from(text).map_err(|_| PeerError::Key)?;
            value.set_sensitive(true);
            Ok(value)
        };
        match settings.api_key.as_ref().map(Secret::expose) {
            Some(key) => Ok(Self::Own {
                bearer: value(format!("Bearer {key}"))?,
                key: value(key.to_owned())?,
            }),
            None if settings.forward_credentials => Ok(Self::OfClient),
            None => Ok(Self::Withheld),
        }
    }
}

/// The requests that peers are answering. There is no limit but that of the open connections (spec/http-api.md 6.1).
#[derive(Debug, Default)]
pub struct Peers {
    open: TaskTracker,
    closing: CancellationToken,
}

/// One request at a peer.
#[derive(Debug)]
pub struct Exchange {
    peer: Arc<Peer>,
    server: Arc<Server>,
    open: TaskTracker,
    closing: CancellationToken,
    _counted: TaskTrackerToken,
}

impl Peers {
    /// No request is open.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A request wants to go to this peer.
    ///
    /// # Errors
    ///
    /// 500 when herder ends, 502 when the peer's configuration cannot be used.
    pub fn begin(&self, peer: &Arc<Peer>) -> Result<Exchange, ApiError> {
        if self.closing.is_cancelled() {
            return Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "unspecific error: peer proxy is shutting down",
            ));
        }
        let server = match &peer.server {
            Ok(server) => Arc::clone(server),
            Err(error) => return Err(ApiError::new(StatusCode::BAD_GATEWAY, fault(error))),
        };
        Ok(Exchange {
            peer: Arc::clone(peer),
            server,
            open: self.open.clone(),
            closing: self.closing.clone(),
            _counted: self.open.token(),
        })
    }

    /// Takes no more requests, ends upgraded connections, and waits for the others, at most `budget`.
    pub async fn shutdown(&self, budget: Duration) {
        self.closing.cancel();
        self.open.close();
        // What is open after that ends with the program.
        let _ = tokio::time::timeout(budget, self.open.wait()).await;
    }
}

impl Exchange {
    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn tunnels(&self) -> &TaskTracker {
        &self.open
    }

    pub(super) fn ended(&self) -> &CancellationToken {
        &self.closing
    }

    /// See [`Peer::edit_headers`].
    pub(super) fn edit_headers(&self, fields: &mut HeaderMap) {
        self.peer.edit_headers(fields);
    }
}

/// The request target for a peer: pairs that another server might read differently from us are dropped
/// (spec/http-api.md 1.3).
pub(super) fn target(path_and_query: &str) -> Cow<'_, str> {
    let Some((path, query)) = path_and_query.split_once('?') else {
        return Cow::Borrowed(path_and_query);
    };
    match form::well_formed(query) {
        Cow::Borrowed(_) => Cow::Borrowed(path_and_query),
        Cow::Owned(kept) if kept.is_empty() => Cow::Borrowed(path),
        Cow::Owned(kept) => Cow::Owned(format!("{path}?{kept}")),
    }
}

/// What the client is told when a peer fails (spec/http-api.md 0.4).
pub(super) fn fault(error: &impl Display) -> String {
    with_hint(format!("peer proxy error: {error}"), cfg!(target_os = "macos"))
}

/// macOS answers so when the user has not allowed the program to reach the local network.
fn with_hint(mut text: String, macos: bool) -> String {
    if macos && text.to_ascii_lowercase().contains("no route to host") {
        text.push_str(
            " (if the peer is in the local network: allow herder under System Settings, Privacy & Security, Local Network)",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use herder_config::Filters;

    use super::*;
    use crate::fixtures::model;

    fn settings(proxy: &str, api_key: Option<&str>, forward_credentials: bool) -> herder_config::Peer {
        herder_config::Peer {
            proxy: proxy.to_owned(),
            api_key: api_key.map(Secret::new),
            models: vec!["m".to_owned()],
            filters: Filters::default(),
            timeouts: model("", "").timeouts,
            forward_credentials,
        }
    }

    fn header_map(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn quirk_q10_and_http_1_3_headers_for_a_peer() {
        let sent = [
            ("authorization", "Bearer mine"),
            ("x-api-key", "mine"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-host", "h"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=10.0.0.1"),
            ("user-agent", "demo/1"),
        ];
        type Row = (
            Option<&'static str>,
            bool,
            &'static [(&'static str, &'static str)],
        );
        let table: [Row; 4] = [
            (
                Some("k"),
                false,
                &[
                    ("authorization", "Bearer k"),
                    ("x-api-key", "k"),
                    ("user-agent", "demo/1"),
                ],
            ),
            (
                Some("k"),
                true,
                &[
                    ("authorization", "Bearer k"),
                    ("x-api-key", "k"),
                    ("user-agent", "demo/1"),
                ],
            ),
            (
                None,
                true,
                &[
                    ("authorization", "Bearer mine"),
                    ("x-api-key", "mine"),
                    ("user-agent", "demo/1"),
                ],
            ),
            (None, false, &[("user-agent", "demo/1")]),
        ];
        for (key, forward, expected) in table {
            let mut fields = header_map(&sent);
            Peer::new(&settings("http://h", key, forward)).edit_headers(&mut fields);
            assert_eq!(fields, header_map(expected), "{key:?} {forward}");
        }
    }

    #[tokio::test]
    async fn unusable_settings_are_said_to_each_request() {
        let table = [
            (
                settings("localhost:80", None, false),
                "peer proxy error: invalid proxy URL 'localhost:80': the scheme must be http or https",
            ),
            (
                settings("http://h", Some("line\nbreak"), false),
                "peer proxy error: the apiKey of this peer cannot be sent in a header",
            ),
        ];
        for (settings, expected) in table {
            let error = Peers::new().begin(&Arc::new(Peer::new(&settings))).unwrap_err();
            assert_eq!(
                (error.status(), error.message()),
                (StatusCode::BAD_GATEWAY, expected)
            );
        }
    }

    #[test]
    fn q16_counters_outlive_a_change_of_settings() {
        let named = |models: &[&str]| herder_config::Peer {
            models: models.iter().map(|&model| model.to_owned()).collect(),
            ..settings("http://h", None, false)
        };
        let old = Peer::new(&named(&["moon", "sun"]));
        let new = Peer::new(&named(&["sun", "star"])).counting_on(&old);
        let is_shared = |model: &str| Arc::ptr_eq(new.counters(model).unwrap(), old.counters(model).unwrap());
        assert!(is_shared("sun"));
        assert!(new.counters("moon").is_none() && new.counters("star").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_what_is_open_and_takes_no_more() {
        let peers = Peers::new();
        let peer = Arc::new(Peer::new(&settings("http://h", None, false)));
        let open = peers.begin(&peer).unwrap();
        let budget = Duration::from_secs(30);
        let begin = tokio::time::Instant::now();
        peers.shutdown(budget).await;
        assert_eq!(begin.elapsed(), budget);
        assert!(open.ended().is_cancelled());
        let error = peers.begin(&peer).unwrap_err();
        assert_eq!(error.message(), "unspecific error: peer proxy is shutting down");
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        drop(open);
        peers.shutdown(budget).await;
        assert_eq!(begin.elapsed(), budget);
    }

    #[test]
    fn http_1_3_malformed_pairs_are_dropped() {
        for (sent, expected) in [
            ("/x", "/x"),
            ("/x?", "/x?"),
            ("/x?a=%20&b", "/x?a=%20&b"),
            ("/x?a=1;b=2&c=3", "/x?c=3"),
            ("/x?a=1;b=2", "/x"),
            ("/x?c=3&d=%zz&e=?", "/x?c=3&e=?"),
        ] {
            assert_eq!(target(sent), expected, "{sent}");
        }
    }

    #[test]
    fn http_0_4_hint_for_macos() {
        let text = "peer proxy error: tcp connect error: No route to host (os error 65)";
        assert!(with_hint(text.to_owned(), true).contains("Local Network"));
        assert_eq!(with_hint(text.to_owned(), false), text);
        assert_eq!(
            with_hint("peer proxy error: x".to_owned(), true),
            "peer proxy error: x"
        );
    }
}
