//! `GET /metrics`: numbers for Prometheus (spec/http-api.md 1.13).

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::reply;
use crate::monitor::{self, Exposition};
use crate::pipeline::RequestContext;

/// The content type of the format's version 0.0.4.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The newest sample. 503 when the monitor is disabled, as in the reference.
pub(super) fn exposition(context: &RequestContext) -> Response<Body> {
    let Some(monitor) = &context.app.monitor else {
        let body = Body::from("# performance monitor not available\n");
        let mut response = reply::with_type(body, TEXT_FORMAT);
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return response;
    };
    let mut exposition = Exposition::default();
    monitor::write_seed_metrics(
        &mut exposition,
        monitor.newest_system_sample().as_deref(),
        monitor.newest_gpu_samples().as_deref().map(Vec::as_slice),
    );
    reply::with_type(Body::from(exposition.into_text()), TEXT_FORMAT)
}
