//! `/health` and `/wol-health`: herder is alive, whatever its models do.

use axum::body::Body;
use axum::http::Response;

use super::reply;

/// Always `OK`.
pub(super) fn alive() -> Response<Body> {
    reply::text("OK")
}
