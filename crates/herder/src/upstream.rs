//! The server side of one process generation: its base URL and the HTTP client that belongs to it.
//!
//! A client is never shared between two starts of a model, so a pooled connection can never lead to a process that
//! is gone. What is sent and what comes back is the business of [`crate::proxy`]; when a server is started and
//! stopped is the core's.

mod base_url;
mod connector;
mod outspoken;
mod pool;
mod server;

use std::sync::Arc;

use axum::body::Body;
use herder_config::Model;
use herder_core::Generation;
use herder_supervisor::Probe;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use base_url::{BaseUrl, BaseUrlError};
pub use pool::Answer;
pub(crate) use pool::IDLE_CONNECTIONS;
pub use server::{SendError, Server, with_causes};

/// Bytes of a health answer that are read, so that its connection can be used again. Health pages are tiny; a
/// larger one costs its connection and nothing else.
const PROBE_BODY_LIMIT: usize = 64 * 1024;

/// One running model server as the proxy sees it.
#[derive(Debug)]
pub struct Upstream {
    model: String,
    generation: Generation,
    preserve_host: bool,
    server: Server,
    tunnels: TaskTracker,
    ended: CancellationToken,
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
            preserve_host: model.preserve_host,
            server: Server::new(BaseUrl::parse(&model.proxy)?, &model.timeouts),
            tunnels,
            ended,
        })
    }

    /// The client of the same start under settings that differ in how it connects.
    #[must_use]
    pub fn reconnected(&self, model: &Model) -> Self {
        Self {
            model: self.model.clone(),
            generation: self.generation,
            preserve_host: model.preserve_host,
            server: self.server.reconnected(&model.timeouts),
            tunnels: self.tunnels.clone(),
            ended: self.ended.clone(),
        }
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

    /// The connections to it.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// One readiness attempt: `GET` of the check endpoint, healthy only on status 200, no redirects
    /// (spec/runtime.md 2.4). Deadline and schedule are the supervisor's.
    ///
    /// # Errors
    ///
    /// When the endpoint cannot be appended to the base URL.
    pub fn probe(self: &Arc<Self>, endpoint: &str) -> Result<Probe, SendError> {
        let target = Uri::from(self.server.joined(endpoint)?);
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
        let Ok(response) = self.server.send_without_limit(Box::new(request)).await else {
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
