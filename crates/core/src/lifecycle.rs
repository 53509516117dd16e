//! One model: what its process is doing, and how often its starts have failed in a row.

use std::time::Duration;

use crate::{Cause, Generation, ModelState, Timestamp};

/// Failed starts in a row after which a model fails fast (decisions.md, W09).
pub const FAIL_FAST_AFTER: u32 = 3;
/// The first pause; every further failure doubles it.
pub const FAIL_FAST_SHORTEST: Duration = Duration::from_secs(5);
/// The longest pause.
pub const FAIL_FAST_LONGEST: Duration = Duration::from_secs(5 * 60);

/// What the model's process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No process. Next: `Starting`.
    Stopped,
    /// Spawned, not ready. Next: `Ready`, `Aborting`, `Stopped` (the start failed).
    Starting {
        generation: Generation,
        deadline: Timestamp,
    },
    /// Told to stop before it was ready. Next: `Stopped`.
    Aborting { generation: Generation, cause: Cause },
    /// Serving. Next: `Draining`, `Leaving`, `Stopping`, `Stopped` (it crashed).
    Ready {
        generation: Generation,
        idle_since: Timestamp,
    },
    /// Ready, but it does not fit a configuration that was loaded since: it serves to their end, or to the deadline,
    /// those requests that it has granted, and nobody new. Next: `Ready` (it fits again), `Leaving`, `Stopping`,
    /// `Stopped`.
    Draining {
        generation: Generation,
        deadline: Timestamp,
    },
    /// Ready, but a staged unload has named it: it serves nobody new and will be stopped when its stage comes.
    /// Next: `Stopping`, `Stopped`.
    Leaving { generation: Generation },
    /// Was ready, told to stop. Next: `Stopped`.
    Stopping { generation: Generation },
}

impl Phase {
    /// The live start, if any.
    pub(crate) fn generation(self) -> Option<Generation> {
        match self {
            Self::Stopped => None,
            Self::Starting { generation, .. }
            | Self::Aborting { generation, .. }
            | Self::Ready { generation, .. }
            | Self::Draining { generation, .. }
            | Self::Leaving { generation }
            | Self::Stopping { generation } => Some(generation),
        }
    }

    /// How clients see it: a start that is given up never shows as `stopping` (runtime.md 2.1).
    pub(crate) fn visible(self) -> ModelState {
        match self {
            Self::Stopped => ModelState::Stopped,
            Self::Starting { .. } | Self::Aborting { .. } => ModelState::Starting,
            Self::Ready { .. } | Self::Draining { .. } | Self::Leaving { .. } => ModelState::Ready,
            Self::Stopping { .. } => ModelState::Stopping,
        }
    }

    pub(crate) fn is_live(self) -> bool {
        self != Self::Stopped
    }
}

/// Consecutive failed starts and the pause they earn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BackOff {
    failures: u32,
    retry_at: Option<Timestamp>,
}

impl BackOff {
    /// Counts a failed start.
    pub(crate) fn record_failure(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if let Some(doublings) = self.failures.checked_sub(FAIL_FAST_AFTER) {
            let pause = FAIL_FAST_SHORTEST
                .checked_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
                .map_or(FAIL_FAST_LONGEST, |pause| pause.min(FAIL_FAST_LONGEST));
            self.retry_at = Some(now + pause);
        }
    }

    /// A start succeeded, or an operator wants a clean slate.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Failed starts in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The failures so far and the end of the pause, while the pause lasts.
    pub(crate) fn failing_fast(&self, now: Timestamp) -> Option<(u32, Timestamp)> {
        self.retry_at
            .filter(|&retry_at| now < retry_at)
            .map(|retry_at| (self.failures, retry_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w09_the_pause_doubles_from_five_seconds_to_five_minutes() {
        let now = Timestamp::default();
        let mut back_off = BackOff::default();
        let mut pauses = Vec::new();
        for _ in 0..45 {
            back_off.record_failure(now);
            pauses.push(
                back_off
                    .failing_fast(now)
                    .map_or(0, |(_, retry_at)| retry_at.since(now).as_secs()),
            );
        }
        assert_eq!(pauses[..11], [0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert!(pauses[11..].iter().all(|&pause| pause == 300));
    }
}
