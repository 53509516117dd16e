//! `/api/version`: which herder answers.

use axum::body::Body;
use axum::http::Response;
use serde::Serialize;

use super::reply;
use crate::cli::version::{BUILD_DATE, COMMIT, VERSION};

/// Which herder answers: exactly these three texts (spec/http-api.md 1.12).
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Version {
    /// When it was built; `unknown` for an own build.
    build_date: &'static str,
    /// From which commit.
    commit: &'static str,
    /// Its version.
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
