//! From the name in a request to the one who serves it (spec/http-api.md 3.2).
//!
//! This is the one place that knows the order: active profile, selector, local model id, alias, peer.

use herder_config::Profile;
use herder_core::{ModelId, ModelState};

use super::profile::{Pinned, pinned};
use super::selector::{Choice, Reservation};
use crate::app::{Snapshot, Target};
use crate::error::ApiError;

/// Where a request goes.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    /// The name after profile and selector. It replaces the client's in the request, and filters go by it.
    pub(super) name: &'a str,
    /// Who serves it.
    pub(super) target: Target,
    /// The selector that chose, by its id.
    pub(super) selector: Option<&'a str>,
    /// The selector's count of the request.
    pub(super) reservation: Option<Reservation>,
}

/// Why nobody serves a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// The active profile disables this name.
    Disabled,
    /// Nobody has this name.
    Unknown,
    /// The selector of this id finds no target.
    NoTarget(String),
}

impl From<Unresolved> for ApiError {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Disabled => Self::no_model(),
            Unresolved::Unknown => Self::no_router(),
            Unresolved::NoTarget(selector) => Self::no_spillover_target(&selector),
        }
    }
}

/// Who serves this name. Names are compared exactly. `profile` is the active one, `state` tells how a local model is.
///
/// # Errors
///
/// See [`Unresolved`].
pub(super) fn resolve<'a>(
    snapshot: &'a Snapshot,
    profile: Option<&'a Profile>,
    requested: &'a str,
    state: impl Fn(ModelId) -> ModelState,
) -> Result<Resolved<'a>, Unresolved> {
    let name = match pinned(profile, requested) {
        Pinned::Untouched => requested,
        Pinned::To(target) => target,
        Pinned::Disabled => return Err(Unresolved::Disabled),
    };
    if let Some(selector) = snapshot.selector(name) {
        let Choice {
            name: chosen,
            target,
            reservation,
        } = selector
            .choose(state)
            .ok_or_else(|| Unresolved::NoTarget(name.to_owned()))?;
        return Ok(Resolved {
            name: chosen,
            target: target.clone(),
            selector: Some(name),
            reservation,
        });
    }
    Ok(Resolved {
        name,
        target: snapshot.target(name).ok_or(Unresolved::Unknown)?,
        selector: None,
        reservation: None,
    })
}
