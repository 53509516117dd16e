//! From the name in a request to the model that serves it (spec/http-api.md 3.2).
//!
//! This is the one place that knows the order. Today it is: local model id, alias. Profiles and selectors will stand
//! before it, peers behind it.

use herder_core::ModelId;

use crate::app::Snapshot;
use crate::error::ApiError;

/// The local model of this name. Names are compared exactly.
///
/// # Errors
///
/// 404 when nobody serves it.
pub(super) fn resolve(snapshot: &Snapshot, name: &str) -> Result<ModelId, ApiError> {
    snapshot.resolve(name).ok_or_else(ApiError::no_router)
}
