//! `GET /api/hardware`: what machine this is (spec/http-api.md 1.15).

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::reply;
use crate::error::ApiError;
use crate::monitor::Snapshot;
use crate::pipeline::RequestContext;

/// The snapshot that was taken at the start.
///
/// # Errors
///
/// 503 when the detection has failed or is not done yet.
pub(super) fn snapshot(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    answer(context.app.hardware.snapshot())
}

fn answer(snapshot: Option<&Snapshot>) -> Result<Response<Body>, ApiError> {
    match snapshot {
        Some(snapshot) => Ok(reply::json(snapshot)),
        None => Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "hardware detection unavailable",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_123_without_detection() {
        let error = answer(None).expect_err("nothing is known");
        assert_eq!(
            (error.status().as_u16(), error.message()),
            (503, "hardware detection unavailable")
        );
    }
}
