//! `GET /api/residency`: what the models' processes did lately, and why. herder's own.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{query, reply};
use crate::driver::ModelSpans;
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// Minutes that are shown unless the client wants more or less of them.
pub(super) const DEFAULT_MINUTES: i64 = 60;

/// Most minutes that are shown: half a day, which is what the record holds on a busy machine.
pub(super) const MOST_MINUTES: i64 = 720;

/// The last minutes of every model.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Residency"))]
pub(super) struct List {
    /// The present.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    now: String,
    /// Whatever lasted beyond this moment is there, from its own beginning.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    since: String,
    /// Models that had a process in this time, in ascending order of id.
    models: Vec<ModelSpans>,
}

/// What lasted at some time within the last `minutes`.
pub(super) fn list(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let minutes = match query::parameter(context, "minutes") {
        None => DEFAULT_MINUTES,
        Some(text) => text
            .parse()
            .ok()
            .filter(|minutes| (1..=MOST_MINUTES).contains(minutes))
            .ok_or_else(|| {
                let message = format!("minutes must be between 1 and {MOST_MINUTES}");
                ApiError::new(StatusCode::BAD_REQUEST, message)
            })?,
    };
    // Read before the record, so that nothing in it is later.
    let asked = Timestamp::now();
    let since = asked - SignedDuration::from_mins(minutes);
    let models = context.app.driver.residency(since);
    Ok(reply::json(&List {
        now: format!("{:.3}", Timestamp::now()),
        since: format!("{since:.3}"),
        models,
    }))
}
