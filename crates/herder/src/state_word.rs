//! The words for a model's state, the same in answers, events, metrics and logs (spec/runtime.md 2.1).

use herder_core::ModelState;

/// The state as clients read it.
pub(crate) fn state_word(state: ModelState) -> &'static str {
    match state {
        ModelState::Stopped => "stopped",
        ModelState::Starting => "starting",
        ModelState::Ready => "ready",
        ModelState::Stopping => "stopping",
    }
}
