//! The plain answers that several routes give.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use crate::error::ApiError;

/// What may not stand in a `Location` header as it is. `%` may: the texts are encoded already or hold names.
const NOT_IN_LOCATION: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`');

/// 200 with a line of text.
pub(super) fn text(body: &'static str) -> Response<Body> {
    with_type(Body::from(body), "text/plain; charset=utf-8")
}

/// 200 with JSON, ended by a line feed as in the reference.
pub(super) fn json(value: &impl Serialize) -> Response<Body> {
    match serde_json::to_string(value) {
        Ok(mut body) => {
            body.push('\n');
            with_type(Body::from(body), "application/json")
        }
        // Our own values have string keys and finite numbers, so this cannot happen; if it does, it is our fault.
        Err(error) => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            .respond(herder_wire::accept::ErrorForm::Json),
    }
}

/// It is done.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Done {
    /// Always `ok`.
    msg: &'static str,
}

/// `{"msg":"ok"}`
pub(super) fn done() -> Response<Body> {
    json(&Done { msg: "ok" })
}

/// A redirect with an empty body.
pub(super) fn redirect(status: StatusCode, location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let location = utf8_percent_encode(location, NOT_IN_LOCATION).to_string();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// A redirect that clients may remember; a request with a body is repeated as it is.
pub(super) fn redirect_for_good(method: &Method, location: &str) -> Response<Body> {
    let safe = method == Method::GET || method == Method::HEAD;
    let status = if safe {
        StatusCode::MOVED_PERMANENTLY
    } else {
        StatusCode::PERMANENT_REDIRECT
    };
    redirect(status, location)
}

/// 200 with a body of this type.
pub(super) fn with_type(body: Body, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
