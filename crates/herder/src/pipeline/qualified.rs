//! Requests under `/upstream/` to a peer's model by its qualified name. Nothing else is edited there, but the peer knows
//! the model by its own name only (spec/http-api.md 1.9, step 6).

use axum::body::Body;
use axum::http::Method;
use herder_wire::model::{self, BodyKind, Renamed};

use super::{RequestContext, body};
use crate::error::ApiError;
use crate::proxy::Payload;

/// Writes the model's `own` name where the request says `qualified`. Returns the body and, when it was edited, the
/// query. A body that can name a model is read for that, up to `maxBodyBytes`; any other streams through.
///
/// # Errors
///
/// 413 and 400, as for every body that is read.
pub(crate) async fn unqualify(
    context: &RequestContext,
    qualified: &str,
    own: &str,
    body: Body,
) -> Result<(Payload, Option<String>), ApiError> {
    let head = &context.head;
    let query = head.uri.query();
    let content_type = context.content_type();
    let can_name_a_model = match BodyKind::of(content_type) {
        BodyKind::Json | BodyKind::Form | BodyKind::Multipart { boundary: Some(_) } => {
            head.method != Method::GET
        }
        BodyKind::Multipart { boundary: None } | BodyKind::Other => false,
    };
    let says_so = |body: &[u8]| {
        model::extract(&head.method, query, content_type, body).filter(|found| found.name == qualified)
    };
    if !can_name_a_model {
        let found = says_so(&[]);
        let query = found.and_then(
            |found| match model::rename(&found.place, &[][..].into(), query, own) {
                Renamed::Query(query) => Some(query),
                Renamed::Body(_) => None,
            },
        );
        return Ok((Payload::Unread(body), query));
    }
    let body = body::read(body, &head.headers, context.snapshot.config.max_body_bytes).await?;
    Ok(
        match says_so(&body).map(|found| model::rename(&found.place, &body, query, own)) {
            None => (Payload::Pieces(body.into()), None),
            Some(Renamed::Query(query)) => (Payload::Pieces(body.into()), Some(query)),
            Some(Renamed::Body(edited)) => (Payload::Pieces(edited), None),
        },
    )
}
