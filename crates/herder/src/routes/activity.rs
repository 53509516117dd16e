//! `GET /api/metrics/activity` and `GET /api/metrics/stats` (spec/http-api.md 5.3).

use axum::body::Body;
use axum::http::{Response, StatusCode};
use jiff::Timestamp;

use super::reply;
use crate::activity::ending::Ending;
use crate::activity::query::{MAX_LIMIT, Query, Sort};
use crate::activity::statistics::Statistics;
use crate::activity::store::QueryError;
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// What a `status` may be.
const STATUS_RULE: &str =
    "status must be failed, succeeded, a class such as 5xx, or a number from 100 to 599";

/// Most values of `status`. More than all classes says nothing new, and each makes the query longer.
const MOST_ENDINGS: usize = 16;

/// A page of finished requests.
pub(super) async fn list(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let query = parse(context.head.uri.query().unwrap_or_default()).map_err(bad_request)?;
    let stored = context.app.activity.view();
    let mut page = stored
        .query(move |connection| query.run(connection))
        .await
        .map_err(|error| unreadable(&error))?;
    for entry in &mut page.data {
        entry.has_capture = stored.captures().contains(entry.id);
    }
    Ok(reply::json(&page))
}

/// Sums and histograms.
pub(super) async fn statistics(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let query = context.head.uri.query().unwrap_or_default();
    let model = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "model")
        .map(|(_, value)| value.into_owned())
        .filter(|model| !model.is_empty());
    let statistics = context
        .app
        .activity
        .query(move |connection| Statistics::read(connection, model.as_deref()))
        .await
        .map_err(|error| unreadable(&error))?;
    Ok(reply::json(&statistics))
}

/// Of a parameter that is repeated the first counts, `model` and `status` apart; empty ones count as absent.
fn parse(text: &str) -> Result<Query, String> {
    let mut query = Query::default();
    let pairs: Vec<_> = url::form_urlencoded::parse(text.as_bytes())
        .filter(|(_, value)| !value.trim().is_empty())
        .collect();
    let models = pairs.iter().filter(|(name, _)| name == "model");
    query.models = models.map(|(_, value)| value.clone().into_owned()).collect();
    let statuses = pairs.iter().filter(|(name, _)| name == "status");
    query.endings = statuses
        .map(|(_, value)| Ending::named(value).ok_or_else(|| STATUS_RULE.to_owned()))
        .collect::<Result<_, _>>()?;
    if query.endings.len() > MOST_ENDINGS {
        return Err(format!("at most {MOST_ENDINGS} 'status' values"));
    }
    let first = |wanted: &str| {
        pairs
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| &**value)
    };
    query.start = first("start").map(|text| time("start", text)).transpose()?;
    query.end = first("end").map(|text| time("end", text)).transpose()?;
    if query.start.zip(query.end).is_some_and(|(start, end)| start > end) {
        return Err("start must be before end".to_owned());
    }
    query.min_id = first("min_id")
        .map(|text| at_least_one("min_id", text))
        .transpose()?;
    query.max_id = first("max_id")
        .map(|text| at_least_one("max_id", text))
        .transpose()?;
    if query.min_id.zip(query.max_id).is_some_and(|(min, max)| min > max) {
        return Err("min_id must be <= max_id".to_owned());
    }
    if let Some(text) = first("limit") {
        let limit: i64 = text.parse().map_err(|_| "invalid limit".to_owned())?;
        query.limit = u64::try_from(limit)
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| format!("limit must be between 1 and {MAX_LIMIT}"))?;
    }
    if let Some(text) = first("page") {
        query.page = at_least_one("page", text)?;
    }
    if let Some(name) = first("sort") {
        query.sort = Sort::named(name).ok_or_else(|| "invalid sort column".to_owned())?;
    }
    if let Some(order) = first("order") {
        query.ascending = order.eq_ignore_ascii_case("asc");
        if !query.ascending && !order.eq_ignore_ascii_case("desc") {
            return Err("order must be asc or desc".to_owned());
        }
    }
    Ok(query)
}

/// RFC 3339 in whole seconds. The parser knows more notations; a zone in brackets is none of this one.
fn time(name: &str, text: &str) -> Result<i64, String> {
    let time = text.parse::<Timestamp>().ok().filter(|_| !text.contains('['));
    time.map(Timestamp::as_second)
        .ok_or_else(|| format!("invalid '{name}' timestamp, use RFC3339 format"))
}

fn at_least_one(name: &str, text: &str) -> Result<u64, String> {
    let number: i64 = text.parse().map_err(|_| format!("invalid {name}"))?;
    u64::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("{name} must be >= 1"))
}

fn bad_request(message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, message)
}

fn unreadable(error: &QueryError) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
