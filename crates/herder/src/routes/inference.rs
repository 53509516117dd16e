//! The routes whose request names its model (spec/http-api.md 1.1 and 1.4): chat, completions, embeddings, audio,
//! images and the rest. All of them are transparent; only the path differs.

use axum::body::Body;
use axum::http::Response;

use crate::error::ApiError;
use crate::pipeline::{self, RequestContext};

/// Forwards on the path that the client used.
pub(super) async fn same_path(context: Box<RequestContext>, body: Body) -> Result<Response<Body>, ApiError> {
    let uri = context.head.uri.clone();
    pipeline::infer(context, uri.path(), body).await
}

/// Forwards on the path without its first segment: `/v/…` for servers whose base path carries another version, and
/// `/audioapi/…`.
pub(super) async fn without_prefix(
    context: Box<RequestContext>,
    body: Body,
) -> Result<Response<Body>, ApiError> {
    let uri = context.head.uri.clone();
    let path = uri.path();
    let behind = path
        .get(1..)
        .and_then(|path| path.find('/'))
        .map_or(path, |slash| &path[slash + 1..]);
    pipeline::infer(context, behind, body).await
}
