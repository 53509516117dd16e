//! `GET /api/openapi.json`: what herder's own routes take and give.
//!
//! The document is a file that a test generates from the route table, the Rust types of the answers and the words in
//! `operations`; the program only hands it out.

#[cfg(test)]
mod document;
#[cfg(test)]
mod operation;
#[cfg(test)]
mod operations;

use axum::body::Body;
use axum::http::Response;

use super::reply::with_type;

/// OpenAPI 3.1.
const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");

/// The document.
pub(super) fn document() -> Response<Body> {
    with_type(Body::from(DOCUMENT), "application/json")
}
