//! The server side of one process generation: its base URL and the HTTP client that belongs to it.
//!
//! A client is never shared between two starts of a model, so a pooled connection can never lead to a process that
//! is gone. What is sent and what comes back is the business of [`crate::proxy`]; when a server is started and
//! stopped is the core's.

mod base_url;
mod connector;
mod outspoken;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use herder_config::{Model, Timeouts};
use herder_core::Generation;
use herder_supervisor::Probe;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use base_url::{BaseUrl, BaseUrlError};
use connector::Connector;

/// Life of a pooled idle connection, unless `timeouts.idleConn` is shorter. A connection that the server closes in the
/// moment when we send costs a request: llama-server (cpp-httplib) and uvicorn close after 5 s, gunicorn after 2 s. A
/// new one on the same machine costs microseconds, so this is well below all of them.
const POOL_IDLE: Duration = Duration::from_secs(1);

/// Idle connections kept per model server (spec/runtime.md 2.5).
const POOL_CONNECTIONS: usize = 10;

/// Bytes of a health answer that are read, so that its connection can be used again. Health pages are tiny; a
/// larger one costs its connection and nothing else.
const PROBE_BODY_LIMIT: usize = 64 * 1024;

/// One running model server as the proxy sees it.
#[derive(Debug)]
pub struct Upstream {
    model: String,
    generation: Generation,
    base: BaseUrl,
    preserve_host: bool,
    response_header: Option<Duration>,
    client: Client<Connector, Body>,
    tunnels: TaskTracker,
    ended: CancellationToken,
}

/// Why a model server gave no response head.
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

impl Upstream {
    /// Prepares the client of one start. Opens no connection. Upgraded connections run as tasks of `tunnels` and
    /// end with `ended`, which is cancelled when the process is gone or herder shuts down.
    ///
    /// # Errors
    ///
    /// When the model's `proxy` is missing or no usable URL (spec/runtime.md 2.3, steps 1 and 3).
    pub fn new(
        id: &str,
        model: &Model,
        generation: Generation,
        tunnels: TaskTracker,
        ended: CancellationToken,
    ) -> Result<Self, BaseUrlError> {
        Ok(Self {
            model: id.to_owned(),
            generation,
            base: BaseUrl::parse(&model.proxy)?,
            preserve_host: model.preserve_host,
            response_header: model.timeouts.response_header,
            client: client(&model.timeouts),
            tunnels,
            ended,
        })
    }

    /// The model's id.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Which start of the model this is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether the client's `Host` is sent on (`compat.preserveHost`).
    #[must_use]
    pub fn preserve_host(&self) -> bool {
        self.preserve_host
    }

    /// Owns the tasks of upgraded connections.
    #[must_use]
    pub fn tunnels(&self) -> &TaskTracker {
        &self.tunnels
    }

    /// Cancelled when the process is gone or herder shuts down.
    #[must_use]
    pub fn ended(&self) -> &CancellationToken {
        &self.ended
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

    /// One readiness attempt: `GET` of the check endpoint, healthy only on status 200, no redirects
    /// (spec/runtime.md 2.4). Deadline and schedule are the supervisor's.
    ///
    /// # Errors
    ///
    /// When the endpoint cannot be appended to the base URL.
    pub fn probe(self: &Arc<Self>, endpoint: &str) -> Result<Probe, SendError> {
        let target = self.target(endpoint)?;
        let upstream = Arc::clone(self);
        Ok(Arc::new(move || {
            let (upstream, target) = (Arc::clone(&upstream), target.clone());
            Box::pin(async move { upstream.is_healthy(target).await })
        }))
    }

    async fn is_healthy(&self, target: Uri) -> bool {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = target;
        let Ok(response) = self.client.request(request).await else {
            return false;
        };
        let healthy = response.status() == StatusCode::OK;
        // An unread body would cost the connection; whether it arrives in full says nothing about health.
        let _ = Limited::new(response.into_body(), PROBE_BODY_LIMIT)
            .collect()
            .await;
        healthy
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
