//! `GET /api/plan`: what would become of a request. `GET /api/swaps`: which models were loaded lately, for whom and at what
//! cost. Both are herder's own.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde::Serialize;

use super::{query, reply};
use crate::driver::{KEPT_SWAPS, Swap};
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// Swaps that are listed unless the client wants more or less of them.
pub(super) const DEFAULT_LIMIT: usize = 50;

/// The swaps under way and the last ones that ended.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SwapList"))]
pub(super) struct List {
    /// The latest first.
    swaps: Vec<Swap>,
}

/// What would become of a request for `model` if it came now. Profiles and selectors are not applied.
pub(super) fn plan(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let name = query::parameter(context, "model")
        .ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "the query names no model: add ?model=ID"))?;
    let model = query::local_model(&context.snapshot, &name)?;
    Ok(reply::json(&context.app.driver.foresee(model)))
}

/// The last swaps, at most `limit`.
pub(super) fn list(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let limit = match query::parameter(context, "limit") {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=KEPT_SWAPS).contains(limit))
            .ok_or_else(|| {
                let message = format!("limit must be between 1 and {KEPT_SWAPS}");
                ApiError::new(StatusCode::BAD_REQUEST, message)
            })?,
    };
    let swaps = context.app.driver.swaps(limit);
    Ok(reply::json(&List { swaps }))
}
