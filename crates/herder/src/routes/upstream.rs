//! `/upstream/{model}/{path}`: any request straight to a model, unread and unedited (spec/http-api.md 1.9).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use herder_core::{ModelId, ModelState};
use herder_wire::path::{self, Rest};
use percent_encoding::percent_decode_str;

use super::reply::redirect_for_good;
use super::table::{self, Endpoint, Found};
use crate::activity::recording::Recording;
use crate::app::Target;
use crate::error::ApiError;
use crate::pipeline::{self, Destination, RequestContext, Tracking, path_and_query};
use crate::proxy::Payload;

/// Forwards what follows the model's name, after the pins of the active profile. `open` is the path behind `/upstream/`,
/// as the client spelt it.
pub(super) async fn pass(
    mut context: Box<RequestContext>,
    open: &str,
    body: Body,
) -> Result<Response<Body>, ApiError> {
    let snapshot = Arc::clone(&context.snapshot);
    let repathed = context
        .profile()
        .and_then(|(_, profile)| pipeline::repath(profile, open));
    let open = repathed.as_deref().unwrap_or(open);
    let named = path::match_model(open, |name| snapshot.target(name).is_some());
    let named = named.ok_or_else(ApiError::model_not_found)?;
    let target = snapshot
        .target(&named.name)
        .ok_or_else(ApiError::model_not_found)?;
    let method = &context.head.method;
    let query = context.head.uri.query();
    let rest = match named.rest {
        Rest::Path(rest) => format!("/{rest}"),
        Rest::Missing => {
            let location = path_and_query(&format!("/upstream/{}/", named.name), query);
            return Ok(redirect_for_good(method, &location));
        }
    };
    let tracking = if is_inference(method, &rest) {
        Tracking::AsForwarded
    } else {
        Tracking::None
    };
    let (payload, edited_query) = match &target {
        Target::Local(model) => {
            refuse_assets(&context, *model, &rest)?;
            (Payload::Unread(body), None)
        }
        Target::Peer(peer) if peer.model == named.name => (Payload::Unread(body), None),
        Target::Peer(peer) => pipeline::unqualify(&context, &named.name, &peer.model, body).await?,
    };
    let path_and_query = pipeline::target(&context.head.uri, &rest, edited_query.as_deref())?;
    if tracking == Tracking::AsForwarded {
        let name = snapshot.recorded_name(&target, &named.name);
        context.recording = Recording::begin(&mut context, name, &rest);
    }
    let destination = Destination {
        path_and_query,
        target,
        reservation: None,
    };
    pipeline::dispatch(context, destination, payload, tracking).await
}

/// A browser that asks for the files of a page must not load the model of a forgotten tab.
fn refuse_assets(context: &RequestContext, model: ModelId, rest: &str) -> Result<(), ApiError> {
    let decoded = percent_decode_str(rest).decode_utf8_lossy();
    let ready = context.app.driver.state(model) == ModelState::Ready;
    if ready || !context.snapshot.ignore_paths.is_match(&decoded) {
        return Ok(());
    }
    let (id, _) = context.snapshot.model(model);
    let message = format!("model {id} is not loaded; path matches upstream.ignorePaths");
    Err(ApiError::new(StatusCode::CONFLICT, message))
}

/// Whether this would be a model-dispatched route without the prefix. Only such requests can be cancelled.
fn is_inference(method: &Method, path: &str) -> bool {
    match table::find(method, path) {
        Found::Route {
            endpoint: Endpoint::Inference | Endpoint::InferenceWithoutPrefix,
            ..
        } => true,
        Found::Route { .. } | Found::WrongMethod(_) | Found::Unknown => false,
    }
}
