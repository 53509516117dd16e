//! The edits that a model's configuration asks for (spec/http-api.md 1.3): `useModelName` in JSON and multipart
//! bodies, `stripParams`, `setParams` and `setParamsByID` in JSON bodies. Everything else passes untouched.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use herder_config::Model;
use herder_wire::filters::{self, Edits};
use herder_wire::model::BodyKind;
use herder_wire::{Pieces, multipart};

use crate::error::ApiError;
use crate::logs::Logger;
use crate::upstream::with_causes;

/// The body for the model server. `requested` is the name that the client used: `setParamsByID` goes by it.
///
/// # Errors
///
/// 500 when a filter cannot be applied to this body.
pub(super) fn edit(
    model: &Model,
    requested: &str,
    method: &Method,
    content_type: Option<&str>,
    body: Bytes,
    logger: &Logger,
) -> Result<Pieces, ApiError> {
    if method == Method::GET {
        return Ok(Pieces::whole(body));
    }
    let rename = (!model.use_model_name.is_empty()).then_some(model.use_model_name.as_str());
    match BodyKind::of(content_type) {
        BodyKind::Json => {
            let edits = Edits {
                rename,
                strip: &model.filters.strip_params,
                set: Some(&model.filters.set_params),
                set_by_id: model.filters.set_params_by_id.get(requested),
            };
            filters::apply(&body, &edits).map_err(|error| {
                // The client learns which parameter it is, the log why it does not work.
                logger.warn(format_args!("{requested}: {}", with_causes(&error)));
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            })
        }
        BodyKind::Multipart {
            boundary: Some(boundary),
        } => Ok(match rename {
            Some(name) => multipart::replace_model(&body, &boundary, name),
            None => Pieces::whole(body),
        }),
        BodyKind::Multipart { boundary: None } | BodyKind::Form | BodyKind::Other => Ok(Pieces::whole(body)),
    }
}
