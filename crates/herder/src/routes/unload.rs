//! Stops models on request (spec/http-api.md 1.6). Order and grace are the core's business.

use axum::body::Body;
use axum::http::Response;
use herder_core::ModelId;
use percent_encoding::percent_decode_str;

use super::reply;
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// Stops every model and gives `answer` when all are gone.
pub(super) async fn every(context: &RequestContext, answer: Response<Body>) -> Response<Body> {
    let models: Vec<ModelId> = context.snapshot.models().collect();
    context.app.driver.unload(&models, None).await;
    answer
}

/// Stops the model of this id or alias; slashes in it may be spelt `/` or `%2F`. Done, too, when it does not run.
pub(super) async fn one(context: &RequestContext, name: &str) -> Result<Response<Body>, ApiError> {
    let name = percent_decode_str(name).decode_utf8_lossy();
    let model = context
        .snapshot
        .resolve(&name)
        .ok_or_else(ApiError::model_not_found)?;
    context.app.driver.unload(&[model], None).await;
    Ok(reply::text("OK"))
}
