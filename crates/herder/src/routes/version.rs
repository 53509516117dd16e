//! `/api/version`: which herder answers.

use axum::body::Body;
use axum::http::Response;
use serde::Serialize;

use super::reply;
use crate::cli::version::{BUILD_DATE, COMMIT, VERSION};

/// Exactly these three texts (spec/http-api.md 1.12).
#[derive(Serialize)]
struct Version {
    build_date: &'static str,
    commit: &'static str,
    version: &'static str,
}

/// The same values as `herder -version`.
pub(super) fn version() -> Response<Body> {
    reply::json(&Version {
        build_date: BUILD_DATE,
        commit: COMMIT,
        version: VERSION,
    })
}
