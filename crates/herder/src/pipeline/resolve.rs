//! From the name in a request to the one who serves it (spec/http-api.md 3.2).
//!
//! This is the one place that knows the order. Today it is: local model id, alias, peer. Profiles and selectors will
//! stand before it.

use crate::app::{Snapshot, Target};
use crate::error::ApiError;

/// Who serves this name. Names are compared exactly.
///
/// # Errors
///
/// 404 when nobody serves it.
pub(super) fn resolve(snapshot: &Snapshot, name: &str) -> Result<Target, ApiError> {
    snapshot.target(name).ok_or_else(ApiError::no_router)
}
