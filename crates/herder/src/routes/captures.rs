//! `GET /api/captures/{id}` (spec/http-api.md 5.4).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::reply;
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// A request and its answer.
pub(super) async fn show(context: &RequestContext, id: &str) -> Result<Response<Body>, ApiError> {
    let id: i64 = id
        .parse()
        .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "invalid capture ID"))?;
    let activity = Arc::clone(&context.app.activity);
    // Decompressing may take a while.
    let found = tokio::task::spawn_blocking(move || activity.captures()?.get(id));
    match found.await {
        Ok(Some(capture)) => Ok(reply::json(&capture)),
        Ok(None) | Err(_) => Err(ApiError::new(StatusCode::NOT_FOUND, "capture not found")),
    }
}
