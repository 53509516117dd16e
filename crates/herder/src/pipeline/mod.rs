//! What happens to a request between its route and the model server: key, body, model name, edits, admission.
//!
//! Each step is a small function over what is known of the request. Which model runs when is the core's decision,
//! reached through [`crate::driver`]; how bytes flow afterwards is the business of [`crate::proxy`].

mod authenticate;
mod body;
pub(crate) mod cross_origin;
mod dispatch;
mod filter;
mod read_ahead;
mod resolve;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response};
use herder_wire::model;

use crate::app::{App, Snapshot};
use crate::error::ApiError;
use crate::proxy::{Client, Payload};

pub(crate) use authenticate::authenticate;
pub(crate) use dispatch::{Tracking, dispatch};

/// A request as it is known when its route is found.
pub(crate) struct RequestContext {
    /// The running herder.
    pub(crate) app: Arc<App>,
    /// The configuration that this request sees from its beginning to its end.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Everything but the body, as the client sent it.
    pub(crate) head: Parts,
    /// Headers whose value was one of herder's own keys. They are not sent on (decisions.md, Q10).
    pub(crate) proven: Vec<HeaderName>,
}

impl RequestContext {
    /// A request that has proven nothing yet.
    pub(crate) fn new(app: Arc<App>, head: Parts) -> Self {
        let snapshot = app.snapshot.load_full();
        Self {
            app,
            snapshot,
            head,
            proven: Vec::new(),
        }
    }

    /// What the model server may learn about the client.
    fn client(&mut self) -> Client {
        let socket = self.head.extensions.get::<ConnectInfo<SocketAddr>>();
        Client {
            address: socket.map(|ConnectInfo(address)| address.ip().to_canonical()),
            matched_credentials: std::mem::take(&mut self.proven),
        }
    }

    fn content_type(&self) -> Option<&str> {
        self.head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| HeaderValue::to_str(value).ok())
    }
}

/// Serves a request that names its model in body or query (spec/http-api.md 3.1). `target` is the path and query for
/// the model server.
pub(crate) async fn infer(
    context: RequestContext,
    target: String,
    body: Body,
) -> Result<Response<Body>, ApiError> {
    let body = body::read(
        body,
        &context.head.headers,
        context.snapshot.config.max_body_bytes,
    )
    .await?;
    let head = &context.head;
    let found = model::extract(&head.method, head.uri.query(), context.content_type(), &body)
        .ok_or_else(ApiError::no_model)?;
    let model = resolve::resolve(&context.snapshot, &found.name)?;
    let (_, settings) = context.snapshot.model(model);
    let logger = context.app.logs.logger();
    let pieces = filter::edit(
        settings,
        &found.name,
        &head.method,
        context.content_type(),
        body,
        logger,
    )?;
    dispatch(
        context,
        model,
        target,
        Payload::Pieces(pieces),
        Tracking::InFlight,
    )
    .await
}
