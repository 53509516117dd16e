//! What herder counts about each model: its requests, and its loads and ends.
//!
//! Everybody counts with atomics; nothing here is locked. Labels are ids of configured models, patterns of the route
//! table and a fixed list of statuses, so no client can make a new time series. Requests at peers are not counted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use herder_core::{Cause, ModelId, ModelState, StartFailure, Timestamp};

use super::histogram::Histogram;

/// Statuses with a time series of their own. Others share one per class, such as `4xx`.
pub(super) const STATUSES: [u16; 23] = [
    101, 200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 499, 500, 501, 502,
    503, 504,
];

/// The classes of the other statuses, from 100 on.
pub(super) const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Routes that one model is asked on. The table has fewer that lead to models.
const MAX_ROUTES: usize = 64;

/// The counters of all models of one configuration.
#[derive(Debug)]
pub struct Metrics {
    models: Vec<ModelMetrics>,
}

/// The counters of one model.
#[derive(Debug)]
pub(crate) struct ModelMetrics {
    /// Filled from the front, in the order in which routes are first asked.
    routes: [OnceLock<RouteMetrics>; MAX_ROUTES],
    /// From the wish to the grant.
    pub(super) wait: Histogram,
    /// From the wish to the first byte of the answer's body.
    pub(super) first_byte: Histogram,
    /// From the start to readiness.
    pub(super) load: Histogram,
    /// When the start in progress began, on the core's clock, in microseconds.
    started: AtomicU64,
    /// Its last process ended by itself.
    crashed: AtomicBool,
    pub(super) restarts: AtomicU64,
    pub(super) stops: [AtomicU64; StopCause::ALL.len()],
    /// The leader of its process tree; 0 for none.
    pub(super) process: AtomicU32,
}

/// The counters of one model on one route.
#[derive(Debug)]
pub(super) struct RouteMetrics {
    pub(super) route: &'static str,
    pub(super) statuses: [AtomicU64; STATUSES.len()],
    pub(super) classes: [AtomicU64; CLASSES.len()],
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
    /// For so many models.
    #[must_use]
    pub fn new(models: usize) -> Self {
        Self {
            models: (0..models).map(|_| ModelMetrics::new()).collect(),
        }
    }

    /// The counters of this model of the same configuration.
    pub(crate) fn model(&self, model: ModelId) -> &ModelMetrics {
        &self.models[model.index()]
    }
}

impl ModelMetrics {
    fn new() -> Self {
        Self {
            routes: [const { OnceLock::new() }; MAX_ROUTES],
            wait: Histogram::default(),
            first_byte: Histogram::default(),
            load: Histogram::default(),
            started: AtomicU64::new(0),
            crashed: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
            stops: [const { AtomicU64::new(0) }; StopCause::ALL.len()],
            process: AtomicU32::new(0),
        }
    }

    /// A request has been answered, or its client has left.
    pub(crate) fn answered(&self, route: &'static str, status: u16) {
        let mut places = self
            .routes
            .iter()
            .map(|place| place.get_or_init(|| RouteMetrics::new(route)));
        if let Some(counters) = places.find(|counters| counters.route == route) {
            counters.count(status);
        }
    }

    /// A request may be sent to the model.
    pub(crate) fn granted(&self, after: Duration) {
        self.wait.observe(after);
    }

    /// The first bytes of an answer are on their way.
    pub(crate) fn first_byte(&self, after: Duration) {
        self.first_byte.observe(after);
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

    /// Routes that have been asked on.
    pub(super) fn routes(&self) -> impl Iterator<Item = &RouteMetrics> {
        self.routes.iter().map_while(OnceLock::get)
    }
}

impl RouteMetrics {
    fn new(route: &'static str) -> Self {
        Self {
            route,
            statuses: [const { AtomicU64::new(0) }; STATUSES.len()],
            classes: [const { AtomicU64::new(0) }; CLASSES.len()],
        }
    }

    fn count(&self, status: u16) {
        let counter = match STATUSES.iter().position(|known| *known == status) {
            Some(position) => &self.statuses[position],
            // HTTP libraries let statuses up to 999 through; they count as server errors.
            None => &self.classes[usize::from(status / 100).clamp(1, CLASSES.len()) - 1],
        };
        counter.fetch_add(1, Relaxed);
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
    fn statuses_and_routes_are_bounded() {
        let model = ModelMetrics::new();
        for (route, status) in [
            ("/a", 200),
            ("/b", 418),
            ("/a", 200),
            ("/b", 499),
            ("/b", 777),
            ("/b", 99),
        ] {
            model.answered(route, status);
        }
        let routes: Vec<_> = model.routes().collect();
        assert_eq!(
            routes.iter().map(|route| route.route).collect::<Vec<_>>(),
            ["/a", "/b"]
        );
        let position = |status| STATUSES.iter().position(|known| *known == status).unwrap();
        assert_eq!(routes[0].statuses[position(200)].load(Relaxed), 2);
        assert_eq!(routes[1].statuses[position(499)].load(Relaxed), 1);
        let classes: Vec<u64> = routes[1]
            .classes
            .iter()
            .map(|class| class.load(Relaxed))
            .collect();
        assert_eq!(classes, [1, 0, 0, 1, 1]);
    }

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
