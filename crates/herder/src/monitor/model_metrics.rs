//! What herder counts about each model of its own: its requests, and its loads and ends.
//!
//! Everybody counts with atomics; nothing here is locked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use arc_swap::ArcSwap;
use herder_core::{Cause, ModelId, ModelState, StartFailure, Timestamp};

use super::histogram::Histogram;
use super::request_metrics::RequestMetrics;

/// The counters of all models that were ever configured.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By [`ModelId`]. Only grows.
    models: ArcSwap<Vec<Arc<ModelMetrics>>>,
}

/// The counters of one model.
#[derive(Debug)]
pub(crate) struct ModelMetrics {
    /// Shared with the requests that are being answered.
    pub(crate) requests: Arc<RequestMetrics>,
    /// From the wish to the grant.
    pub(super) wait: Histogram,
    /// From the start to readiness.
    pub(super) load: Histogram,
    /// When the start in progress began, on the core's clock, in microseconds.
    started: AtomicU64,
    /// Its last process ended by itself.
    crashed: AtomicBool,
    pub(super) restarts: AtomicU64,
    pub(super) stops: [AtomicU64; StopCause::ALL.len()],
    /// The leader of its process tree; 0 for none.
    process: AtomicU32,
}

/// Why a model has no process any more, or will have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopCause {
    Evicted,
    Idle,
    Unloaded,
    Reloaded,
    Shutdown,
    Crashed,
    SpawnFailed,
    ExitedEarly,
    TimedOut,
}

impl Metrics {
    /// Makes room for so many models. For one caller at a time.
    pub fn grow(&self, models: usize) {
        let mut counters = Vec::clone(&self.models.load());
        while counters.len() < models {
            counters.push(Arc::new(ModelMetrics::new()));
        }
        self.models.store(Arc::new(counters));
    }

    /// The counters of this model.
    ///
    /// # Panics
    ///
    /// When there is no room for it yet.
    pub(crate) fn model(&self, model: ModelId) -> Arc<ModelMetrics> {
        Arc::clone(&self.models.load()[model.index()])
    }
}

impl ModelMetrics {
    fn new() -> Self {
        Self {
            requests: Arc::default(),
            wait: Histogram::default(),
            load: Histogram::default(),
            started: AtomicU64::new(0),
            crashed: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
            stops: [const { AtomicU64::new(0) }; StopCause::ALL.len()],
            process: AtomicU32::new(0),
        }
    }

    /// The leader of the process tree of the start that lives.
    pub(crate) fn process(&self) -> Option<u32> {
        Some(self.process.load(Relaxed)).filter(|&pid| pid != 0)
    }

    /// A request may be sent to the model.
    pub(crate) fn granted(&self, after: Duration) {
        self.wait.observe(after);
    }

    /// The model's process runs.
    pub(crate) fn spawned(&self, pid: u32) {
        self.process.store(pid, Relaxed);
    }

    /// The model has changed its visible state. The driver calls this under its lock, in order.
    pub(crate) fn changed(&self, now: Timestamp, to: ModelState, cause: Cause) {
        match to {
            ModelState::Starting => {
                if self.crashed.swap(false, Relaxed) {
                    self.restarts.fetch_add(1, Relaxed);
                }
                self.started.store(microseconds(now), Relaxed);
            }
            ModelState::Ready => {
                let started = self.started.load(Relaxed);
                let took = microseconds(now).saturating_sub(started);
                self.load.observe(Duration::from_micros(took));
            }
            ModelState::Stopping => {}
            ModelState::Stopped => self.process.store(0, Relaxed),
        }
        if let Some(cause) = StopCause::of(cause) {
            self.stops[cause as usize].fetch_add(1, Relaxed);
            self.crashed.store(cause == StopCause::Crashed, Relaxed);
        }
    }
}

impl StopCause {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 9] = [
        Self::Evicted,
        Self::Idle,
        Self::Unloaded,
        Self::Reloaded,
        Self::Shutdown,
        Self::Crashed,
        Self::SpawnFailed,
        Self::ExitedEarly,
        Self::TimedOut,
    ];

    /// The value of the label.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Evicted => "evicted",
            Self::Idle => "idle",
            Self::Unloaded => "unloaded",
            Self::Reloaded => "reloaded",
            Self::Shutdown => "shutdown",
            Self::Crashed => "crashed",
            Self::SpawnFailed => "spawn_failed",
            Self::ExitedEarly => "exited_early",
            Self::TimedOut => "timed_out",
        }
    }

    /// `None` for changes that begin a process, and for the end of one whose cause has been counted already.
    fn of(cause: Cause) -> Option<Self> {
        match cause {
            Cause::Evicted { by: _ } => Some(Self::Evicted),
            Cause::Idle => Some(Self::Idle),
            Cause::Unloaded => Some(Self::Unloaded),
            Cause::Reloaded => Some(Self::Reloaded),
            Cause::ShuttingDown => Some(Self::Shutdown),
            Cause::Crashed => Some(Self::Crashed),
            Cause::StartFailed(StartFailure::Spawn) => Some(Self::SpawnFailed),
            Cause::StartFailed(StartFailure::Exited) => Some(Self::ExitedEarly),
            Cause::StartFailed(StartFailure::TimedOut) => Some(Self::TimedOut),
            Cause::Requested | Cause::BecameReady | Cause::Stopped => None,
        }
    }
}

fn microseconds(time: Timestamp) -> u64 {
    u64::try_from(time.0.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_timed_and_a_start_after_a_crash_is_a_restart() {
        let model = ModelMetrics::new();
        let at = |seconds| Timestamp(Duration::from_secs(seconds));
        let restarts = || model.restarts.load(Relaxed);
        model.spawned(7);
        for (seconds, to, cause, expected) in [
            (1, ModelState::Starting, Cause::Requested, 0),
            (4, ModelState::Ready, Cause::BecameReady, 0),
            (5, ModelState::Stopping, Cause::Idle, 0),
            (6, ModelState::Stopped, Cause::Stopped, 0),
            (7, ModelState::Starting, Cause::Requested, 0),
            (8, ModelState::Ready, Cause::BecameReady, 0),
            (9, ModelState::Stopped, Cause::Crashed, 0),
            (9, ModelState::Starting, Cause::Requested, 1),
            (
                10,
                ModelState::Stopped,
                Cause::StartFailed(StartFailure::TimedOut),
                1,
            ),
            (11, ModelState::Starting, Cause::Requested, 1),
        ] {
            model.changed(at(seconds), to, cause);
            assert_eq!(restarts(), expected, "at {seconds}");
        }
        let stops: Vec<u64> = model.stops.iter().map(|count| count.load(Relaxed)).collect();
        assert_eq!(stops, [0, 1, 0, 0, 0, 1, 0, 0, 1]);
        assert_eq!(model.process.load(Relaxed), 0);
        for (position, cause) in StopCause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, position);
        }
    }
}
