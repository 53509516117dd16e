//! CORS (spec/http-api.md 0.5, with decisions.md, Q5).

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use herder_wire::cors;

/// The answer to `OPTIONS` on any path, known or not: never forwarded, never authenticated.
pub(crate) fn preflight(request: &HeaderMap) -> Response<Body> {
    let requested = request
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .and_then(|value| value.to_str().ok());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    if let Ok(allowed) = HeaderValue::try_from(cors::allow_headers(requested)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    response
}

/// Marks a response to a page of some origin whose headers are a model server's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FromModel;

/// Lets a page of another origin read herder's own JSON answers. What a model server says about origins stays as it
/// is, and what it does not say is not added.
pub(crate) fn allow(response: &mut Response<Body>, origin: HeaderValue) {
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if is_json && response.extensions().get::<FromModel>().is_none() {
        response
            .headers_mut()
            .entry(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .or_insert(origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(content_type: &'static str, from_model: bool) -> Option<String> {
        let mut response = Response::new(Body::empty());
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if from_model {
            response.extensions_mut().insert(FromModel);
        }
        allow(&mut response, HeaderValue::from_static("https://app.test"));
        let origin = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN)?;
        Some(origin.to_str().expect("text").to_owned())
    }

    #[test]
    fn only_our_own_json_is_opened_to_other_origins() {
        assert_eq!(
            after("application/json", false).as_deref(),
            Some("https://app.test")
        );
        assert_eq!(after("text/plain", false), None);
        assert_eq!(after("application/json", true), None);
    }
}
