//! `POST /api/config/reload`: reads the configuration again. herder's own route.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use super::reply;
use crate::error::ApiError;
use crate::pipeline::RequestContext;
use crate::reload::{Difference, ReloadError};

/// The configuration has been read again.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reloaded<'a> {
    /// Always `ok`.
    msg: &'static str,
    #[serde(flatten)]
    difference: &'a Difference,
    /// What works, but probably not as meant, each with its place in the files; and what needs a restart.
    warnings: &'a [String],
}

/// Answers when the new configuration counts. Processes that do not fit it may still serve.
///
/// # Errors
///
/// 422 when the files cannot be used; nothing has changed then.
pub(super) async fn reload(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let report = context.app.reloader.reload().await.map_err(|error| {
        let status = match *error {
            ReloadError::Unusable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ReloadError::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
            ReloadError::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        };
        ApiError::new(status, error.to_string())
    })?;
    Ok(reply::json(&Reloaded {
        msg: "ok",
        difference: &report.difference,
        warnings: &report.warnings,
    }))
}
