//! One HTTP server that requests are sent to: its base URL, its connections and their timeouts. Whether it is a model
//! server of our own or a peer makes no difference here.

use std::error::Error;
use std::time::Duration;

use axum::body::Body;
use herder_config::Timeouts;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{Request, Response};

use super::BaseUrl;
use super::connector::Connector;
use super::pool::{Answer, Pool};

/// Life of a pooled idle connection, unless `timeouts.idleConn` is shorter. A connection that the server closes in the
/// moment when we send costs a request: llama-server (cpp-httplib) and uvicorn close after 5 s, gunicorn after 2 s. A
/// new one on the same machine costs microseconds, so this is well below all of them.
const POOL_IDLE: Duration = Duration::from_secs(1);

/// A server and the pool of connections to it.
#[derive(Debug)]
pub struct Server {
    base: BaseUrl,
    response_header: Option<Duration>,
    pool: Pool,
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
        let idle_time = timeouts
            .idle_connection
            .map_or(POOL_IDLE, |limit| limit.min(POOL_IDLE));
        Self {
            response_header: timeouts.response_header,
            pool: Pool::new(base.origin().clone(), Connector::new(timeouts), idle_time),
            base,
        }
    }

    /// The same server with other timeouts, and with connections of its own.
    #[must_use]
    pub fn reconnected(&self, timeouts: &Timeouts) -> Self {
        Self::new(self.base.clone(), timeouts)
    }

    /// The request target at the server for one that the client spelt (path and query, starting with a slash).
    ///
    /// # Errors
    ///
    /// When both together are no request target.
    pub fn target(&self, path_and_query: PathAndQuery) -> Result<PathAndQuery, SendError> {
        if self.base.is_bare() {
            return Ok(path_and_query);
        }
        self.joined(path_and_query.as_str())
    }

    /// As [`Server::target`], for a target that nobody has read yet and that may lack the slash.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn joined(&self, target: &str) -> Result<PathAndQuery, SendError> {
        self.base
            .join(target)
            .map_err(|error| SendError::Target(error.to_string()))
    }

    /// Sends a request, whose URI is a [`Server::target`], and waits for the response head. Without a `Host` it gets the
    /// server's own. A request that met a pooled connection which had just been closed is sent once more, provided that
    /// none of its bytes had left. It is boxed because each step of its way would carry room for it otherwise.
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing has reached the client then.
    pub async fn send(&self, request: Box<Request<Body>>) -> Result<Response<Answer>, SendError> {
        let Some(limit) = self.response_header else {
            return self.send_without_limit(request).await;
        };
        let answer = tokio::time::timeout(limit, self.send_without_limit(request));
        answer.await.unwrap_or(Err(SendError::HeaderTimeout(limit)))
    }

    /// Sends a request as [`Server::send`] does, without the limit for the response head.
    pub(super) async fn send_without_limit(
        &self,
        mut request: Box<Request<Body>>,
    ) -> Result<Response<Answer>, SendError> {
        request
            .headers_mut()
            .entry(HOST)
            .or_insert_with(|| self.base.host().clone());
        let answer = self.pool.send(request).await;
        answer.map_err(|error| SendError::Broken(with_causes(&*error)))
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
