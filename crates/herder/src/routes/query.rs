//! What a request to one of herder's own routes asks about: a value of its query, a model of herder's own.

use axum::http::StatusCode;
use herder_core::ModelId;

use crate::app::Snapshot;
use crate::error::ApiError;
use crate::foresight::subject::{self, NotAModel};
use crate::pipeline::RequestContext;

/// The first value of this name in the query; an empty one counts as absent.
pub(super) fn parameter(context: &RequestContext, name: &str) -> Option<String> {
    let query = context.head.uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

/// The model of this id or alias.
///
/// # Errors
///
/// 404 when nobody has the name, 400 when it is something else than a model of herder's own; the message says what.
pub(super) fn local_model(snapshot: &Snapshot, name: &str) -> Result<ModelId, ApiError> {
    subject::find(&snapshot.config, snapshot.roster(), name).map_err(|other| {
        let status = match other {
            NotAModel::Unknown { .. } => StatusCode::NOT_FOUND,
            NotAModel::Selector { .. }
            | NotAModel::Peer { .. }
            | NotAModel::Profile(_)
            | NotAModel::Pin { .. } => StatusCode::BAD_REQUEST,
        };
        ApiError::new(status, other.to_string())
    })
}
