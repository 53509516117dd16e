//! One HTTP server that requests are sent to: its base URL, its connections and their timeouts. Whether it is a model
//! server of our own or a peer makes no difference here.

use std::error::Error;
use std::time::Duration;

use axum::body::Body;
use herder_config::Timeouts;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::BaseUrl;
use super::connector::Connector;

/// Life of a pooled idle connection, unless `timeouts.idleConn` is shorter. A connection that the server closes in the
/// moment when we send costs a request: llama-server (cpp-httplib) and uvicorn close after 5 s, gunicorn after 2 s. A
/// new one on the same machine costs microseconds, so this is well below all of them.
const POOL_IDLE: Duration = Duration::from_secs(1);

/// Idle connections kept per model server (spec/runtime.md 2.5).
const POOL_CONNECTIONS: usize = 10;

/// A server and the pool of connections to it.
#[derive(Debug)]
pub struct Server {
    base: BaseUrl,
    response_header: Option<Duration>,
    client: Client<Connector, Body>,
}

/// Why a server gave no response head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The connection could not be made, or broke before the head was complete.
    #[error("{0}")]
    Broken(String),
    /// `timeouts.responseHeader` has passed.
    #[error("no response headers within {} s", .0.as_secs())]
    HeaderTimeout(Duration),
    /// The client's target cannot be appended to the base URL.
    #[error("invalid request target: {0}")]
    Target(String),
}

impl Server {
    /// Prepares the connections. Opens none.
    #[must_use]
    pub fn new(base: BaseUrl, timeouts: &Timeouts) -> Self {
        Self {
            base,
            response_header: timeouts.response_header,
            client: client(timeouts),
        }
    }

    /// The same server with other timeouts, and with connections of its own.
    #[must_use]
    pub fn reconnected(&self, timeouts: &Timeouts) -> Self {
        Self::new(self.base.clone(), timeouts)
    }

    /// The URL for a request target as the client spelt it (path and query, starting with a slash).
    ///
    /// # Errors
    ///
    /// When both together are no URI.
    pub fn target(&self, path_and_query: &str) -> Result<Uri, SendError> {
        self.base
            .join(path_and_query)
            .map_err(|error| SendError::Target(error.to_string()))
    }

    /// Sends a request and waits for the response head. A request that met a pooled connection which had just
    /// been closed is sent once more by the client, provided that none of its bytes had left.
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing has reached the client then.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        let answer = self.client.request(request);
        let result = match self.response_header {
            None => answer.await,
            Some(limit) => match tokio::time::timeout(limit, answer).await {
                Ok(result) => result,
                Err(_elapsed) => return Err(SendError::HeaderTimeout(limit)),
            },
        };
        result.map_err(|error| SendError::Broken(with_causes(&error)))
    }

    /// Sends a request as [`Server::send`] does, without the limit for the response head.
    pub(super) fn request(&self, request: Request<Body>) -> ResponseFuture {
        self.client.request(request)
    }
}

/// An error and what caused it, outermost first: hyper's own texts name the phase only.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

fn client(timeouts: &Timeouts) -> Client<Connector, Body> {
    let idle = timeouts
        .idle_connection
        .map_or(POOL_IDLE, |limit| limit.min(POOL_IDLE));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle)
        .pool_max_idle_per_host(POOL_CONNECTIONS)
        .build(Connector::new(timeouts))
}
