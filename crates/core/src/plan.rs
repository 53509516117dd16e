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
    /// Where the concurrency limit is enforced.
    pub limit: Limit,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPlan {
    /// Requests that may be admitted ([`Limit::Arrival`]) or served ([`Limit::Grant`]) at once; at least 1.
    pub concurrency_limit: u32,
    /// Place in the wait queue; higher first, default 0.
    pub priority: i64,
    /// Idle time after which a ready model is stopped; `None` = never.
    pub ttl: Option<Duration>,
    /// Grace between stop signal and kill, for every kind of stop (decisions.md, T1).
    pub unload_timeout: Duration,
    /// Longest time from `Start` to ready; after it the start has failed.
    pub start_timeout: Duration,
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
