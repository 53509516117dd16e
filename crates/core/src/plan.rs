//! What the edge tells the core about the models: the configuration reduced to what decisions need.

use std::time::Duration;

use crate::planner::Planner;

/// Everything a herd needs to know to decide.
#[derive(Debug)]
pub struct Plan {
    /// The index is the [`crate::ModelId`]. A model keeps its id for as long as the herd lives; `None` stands for
    /// one that is not configured, or not any more.
    pub models: Vec<Option<ModelPlan>>,
    /// Who must leave for whom.
    pub planner: Box<dyn Planner>,
    /// When they must leave.
    pub strategy: Strategy,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPlan {
    /// Requests that may be admitted ([`Limit::Arrival`]) or served ([`Limit::Grant`], [`Strategy::Fair`]) at once; at
    /// least 1.
    pub concurrency_limit: u32,
    /// Requests that may wait at once ([`Strategy::Fair`] only); the excess is refused.
    pub queue_limit: u32,
    /// Place in the wait queue; higher first, default 0.
    pub priority: i64,
    /// Idle time after which a ready model is stopped; `None` = never.
    pub ttl: Option<Duration>,
    /// Grace between stop signal and kill, for every kind of stop (decisions.md, T1).
    pub unload_timeout: Duration,
    /// Longest time from `Start` to ready; after it the start has failed.
    pub start_timeout: Duration,
    /// How long a load probably takes, until one has been measured; `None` = [`crate::DEFAULT_LOAD_TIME`].
    pub load_time: Option<Duration>,
}

/// `routing.scheduler.use`: who is served next when models compete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The seed's: whoever finds a model ready is served; nobody is made to leave while busy (runtime.md 1.7).
    Fifo {
        /// Where the concurrency limit is enforced.
        limit: Limit,
    },
    /// Bounded waits: residents are fenced when those who wait have paid for the swap (scheduling.md).
    Fair(FairPlan),
}

/// `routing.scheduler.settings.fifo.limit` (decisions.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limit {
    /// Waiting requests count; the excess is refused on arrival (runtime.md 1.6).
    #[default]
    Arrival,
    /// Only requests being served count; the excess is refused when its turn comes (runtime.md 1.14).
    Grant,
}

/// `routing.scheduler.settings.fair` (scheduling.md section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FairPlan {
    /// Waiting time, summed over all who wait for a model, that buys its swap, in units of the swap's cost.
    pub price: Factor,
    /// Age of a request at which its model is due whatever the price.
    pub max_wait: Duration,
    /// Least residency, in units of the model's own swap cost.
    pub turn: Factor,
    /// Longest `turn`.
    pub max_turn: Duration,
    /// How long an idle resident is kept from a rival that is not due yet.
    pub linger: Linger,
    /// Waiting time that is worth one step of priority; with zero, priority does not order those who wait.
    pub aging: Duration,
    /// How long requests may hold a model that must leave for one that is due; `None` = until they end.
    pub drain_timeout: Option<Duration>,
}

impl Default for FairPlan {
    fn default() -> Self {
        Self {
            price: Factor::from_thousandths(1_000),
            max_wait: Duration::from_secs(60),
            turn: Factor::from_thousandths(2_000),
            max_turn: Duration::from_secs(60),
            linger: Linger::Auto,
            aging: Duration::from_secs(30),
            drain_timeout: None,
        }
    }
}

/// A number that multiplies a duration. In thousandths, because decisions are made of whole numbers only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor(u32);

impl Factor {
    /// `Factor::from_thousandths(1_500)` is one and a half.
    #[must_use]
    pub const fn from_thousandths(thousandths: u32) -> Self {
        Self(thousandths)
    }

    /// The product; the longest duration if there is none.
    #[must_use]
    pub fn of(self, duration: Duration) -> Duration {
        duration
            .checked_mul(self.0)
            .map_or(Duration::MAX, |product| product / 1_000)
    }
}

/// How long an idle resident is kept from a rival that is not due yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linger {
    /// As long as its clients usually take to come back, if that is short.
    Auto,
    /// Always so long; zero = not at all.
    Fixed(Duration),
}
