//! `/comfyui/…`: a ComfyUI server under a path of its own (spec/http-api.md 1.10).
//!
//! A browser tab with ComfyUI asks for something every few seconds. Only its front page may start the server, so that
//! a forgotten tab does not.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use herder_core::ModelState;

use super::reply::redirect_for_good;
use crate::app::Target;
use crate::error::ApiError;
use crate::pipeline::{self, Destination, RequestContext, Tracking, path_and_query};
use crate::proxy::Payload;

/// The id of the model behind it. The loader gives this id a limit of at least 50 requests and ignored websockets.
const MODEL: &str = "comfyui_auto";

/// `/comfyui`: relative links need the slash.
pub(super) fn home(context: &RequestContext) -> Response<Body> {
    let location = path_and_query("/comfyui/", context.head.uri.query());
    redirect_for_good(&context.head.method, &location)
}

/// Forwards what follows `/comfyui/`, as the client spelt it in `open`.
pub(super) async fn pass(
    context: Box<RequestContext>,
    open: &str,
    body: Body,
) -> Result<Response<Body>, ApiError> {
    let snapshot = &context.snapshot;
    // By its id: neither an alias nor a peer's model of this name is a ComfyUI of ours.
    let model = snapshot
        .resolve(MODEL)
        .filter(|model| snapshot.model(*model).0 == MODEL)
        .ok_or_else(not_found)?;
    if !open.is_empty() && context.app.driver.state(model) != ModelState::Ready {
        return Err(not_loaded());
    }
    let destination = Destination {
        target: Target::Local(model),
        path_and_query: pipeline::target(&context.head.uri, &format!("/{open}"), None)?,
        reservation: None,
    };
    pipeline::dispatch(context, destination, Payload::Unread(body), Tracking::None).await
}

fn not_found() -> ApiError {
    let message = format!("local model {MODEL} not found");
    ApiError::new(StatusCode::NOT_FOUND, message)
}

fn not_loaded() -> ApiError {
    let message = format!("model {MODEL} is not loaded; only /comfyui/ can start it");
    ApiError::new(StatusCode::CONFLICT, message)
}
