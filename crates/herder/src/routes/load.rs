//! Loads a model because an operator wants it ready: `POST /api/models/load/{model}`, herder's own. When it may be loaded,
//! and who leaves for it, is the core's business, as for a request.

use axum::body::Body;
use axum::http::Response;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::time::Instant;

use super::{query, reply};
use crate::driver::Purpose;
use crate::error::ApiError;
use crate::pipeline::{self, RequestContext};
use crate::state_word::state_word;

/// The longest body of such a request, in bytes. None is needed; some clients send one all the same.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;

/// A model that was wanted ready and is.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LoadedModel"))]
pub(super) struct Loaded<'a> {
    /// Its id.
    model: &'a str,
    /// Always `ready`.
    #[cfg_attr(test, schemars(extend("const" = "ready")))]
    state: &'static str,
    /// From the wish until it was ready.
    seconds: f64,
}

/// Waits until the model of this id or alias is ready; slashes in it may be spelt `/` or `%2F`. Its server is asked
/// nothing. A client that leaves gives up its place, as with any request.
///
/// # Errors
///
/// 404 or 400 when the name is no model of herder's own, 413 for a long body, else what a request for the model would be answered with.
pub(super) async fn one(
    context: &RequestContext,
    name: &str,
    body: Body,
) -> Result<Response<Body>, ApiError> {
    // Says nothing, but a connection with an unread body does not tell when its client leaves.
    pipeline::read_body(body, &context.head.headers, MAX_REQUEST_BYTES).await?;
    let snapshot = &context.snapshot;
    let name = percent_decode_str(name).decode_utf8_lossy();
    let model = query::local_model(snapshot, &name)?;
    let asked = Instant::now();
    let ticket = context.app.driver.request(model, Purpose::Operator);
    let lease = ticket.lease(snapshot.router_name()).await?;
    lease.give_back();
    Ok(reply::json(&Loaded {
        model: snapshot.roster().name(model),
        state: state_word(herder_core::ModelState::Ready),
        seconds: asked.elapsed().as_secs_f64(),
    }))
}
