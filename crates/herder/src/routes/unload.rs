//! Stops models on request (spec/http-api.md 1.6). Order and grace are the core's business.

use axum::body::Body;
use axum::http::Response;
use herder_core::ModelId;
use percent_encoding::percent_decode_str;

use super::reply;
use crate::app::Target;
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// Stops every model and gives `answer` when all are gone.
pub(super) async fn every(context: &RequestContext, answer: Response<Body>) -> Response<Body> {
    // Those too that are not configured any more and still serve.
    let models: Vec<ModelId> = context.snapshot.roster().ids().collect();
    context.app.driver.unload(&models, None).await;
    answer
}

/// Stops the model of this id or alias; slashes in it may be spelt `/` or `%2F`. Done, too, when it does not run. A model
/// that is not configured any more can be stopped as long as it runs.
pub(super) async fn one(context: &RequestContext, name: &str) -> Result<Response<Body>, ApiError> {
    let name = percent_decode_str(name).decode_utf8_lossy();
    let driver = &context.app.driver;
    let running = driver.running().into_iter().find(|process| process.name == name);
    let model = match (context.snapshot.target(&name), running) {
        (Some(Target::Local(model)), _) => model,
        (Some(Target::Peer(_)) | None, Some(process)) => process.model,
        (Some(Target::Peer(_)), None) => return Err(ApiError::no_local_server()),
        (None, None) => return Err(ApiError::model_not_found()),
    };
    driver.unload(&[model], None).await;
    Ok(reply::text("OK"))
}
