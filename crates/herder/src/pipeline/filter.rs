//! The edits of a request (spec/http-api.md 1.3): the name that its server knows, wherever the client has written its
//! own; `useModelName` in JSON and multipart bodies; `stripParams`, `setParams` and `setParamsByID` in JSON bodies.
//! Everything else passes untouched.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use herder_config::Filters;
use herder_wire::filters::{self, Edits};
use herder_wire::model::{self, BodyKind, Place, Renamed};
use herder_wire::{Pieces, multipart};

use crate::error::ApiError;
use crate::logs::Logger;
use crate::upstream::with_causes;

/// What is to be edited.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    /// What must stand where the name was read; `None` when it stands there.
    pub(super) name: Option<&'a str>,
    /// `useModelName`: stronger than `name`, but not in queries and forms.
    pub(super) use_model_name: Option<&'a str>,
    /// The filters of the model or peer.
    pub(super) filters: &'a Filters,
    /// The requested name: `setParamsByID` goes by it.
    pub(super) requested: &'a str,
}

/// A request after its edits.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) body: Pieces,
    /// The new query, when it was edited.
    pub(super) query: Option<String>,
}

/// The request as its server must see it. `query` and `content_type` are the client's.
///
/// # Errors
///
/// 500 when a filter cannot be applied to this body.
pub(super) fn edit(
    rules: &Rules<'_>,
    place: &Place,
    method: &Method,
    query: Option<&str>,
    content_type: Option<&str>,
    body: Bytes,
    logger: &Logger,
) -> Result<Edited, ApiError> {
    let (body, renamed_query) = match rules.name.map(|name| (name, place)) {
        // Together with the filters, in one go.
        None | Some((_, Place::Json)) => (body, None),
        Some((_, Place::Multipart { .. })) if rules.use_model_name.is_some() => (body, None),
        Some((name, place)) => match model::rename(place, &body, query, name) {
            Renamed::Query(query) => (body, Some(query)),
            Renamed::Body(body) => return Ok(Edited { body, query: None }),
        },
    };
    let body = if method == Method::GET {
        Pieces::whole(body)
    } else {
        edit_body(rules, content_type, body, logger)?
    };
    Ok(Edited {
        body,
        query: renamed_query,
    })
}

fn edit_body(
    rules: &Rules<'_>,
    content_type: Option<&str>,
    body: Bytes,
    logger: &Logger,
) -> Result<Pieces, ApiError> {
    match BodyKind::of(content_type) {
        BodyKind::Json => {
            let edits = Edits {
                rename: rules.use_model_name.or(rules.name),
                strip: &rules.filters.strip_params,
                set: Some(&rules.filters.set_params),
                set_by_id: rules.filters.set_params_by_id.get(rules.requested),
            };
            filters::apply(&body, &edits).map_err(|error| {
                // The client learns which parameter it is, the log why it does not work.
                logger.warn(format_args!("{}: {}", rules.requested, with_causes(&error)));
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            })
        }
        BodyKind::Multipart {
            boundary: Some(boundary),
        } => Ok(match rules.use_model_name {
            Some(name) => multipart::replace_model(&body, &boundary, name),
            None => Pieces::whole(body),
        }),
        BodyKind::Multipart { boundary: None } | BodyKind::Form | BodyKind::Other => Ok(Pieces::whole(body)),
    }
}
