//! `POST /api/inflight/{id}/cancel` (spec/http-api.md 1.17).

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::reply;
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// Cancels a request that waits or is being answered.
pub(super) fn cancel(context: &RequestContext, id: &str) -> Result<Response<Body>, ApiError> {
    if context.app.in_flight.cancel(id) {
        Ok(reply::done())
    } else {
        Err(ApiError::new(StatusCode::NOT_FOUND, "inflight request not found"))
    }
}
