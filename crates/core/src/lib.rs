//! herder's brain: which model runs, who waits, who must leave.
//!
//! This crate **decides** and does nothing else. It has no clock, socket, file, task, thread, randomness, logging
//! or serialisation; the same calls always give the same outputs. The `herder` crate's driver feeds it events and
//! carries out what it says, `herder-sim` does the same with an imagined world.
//!
//! [`Herd`] is the whole brain. Its methods come in four kinds, documented in this order: getters, `handle_*`
//! (events from the world), commands (from an operator), `poll_*` (what the world must now do).

mod costs;
mod herd;
mod ids;
mod lifecycle;
mod output;
mod plan;
pub mod planner;
mod scheduler;
mod timers;
mod unload;

pub use costs::{DEFAULT_LOAD_TIME, Mean, ModelCosts};
pub use herd::{Detail, Herd, Obstacle, Preview, Prospect};
pub use ids::{CommandId, Generation, ModelId, RequestId, Timestamp};
pub use lifecycle::{FAIL_FAST_AFTER, FAIL_FAST_LONGEST, FAIL_FAST_SHORTEST};
pub use output::{Cause, Exit, Failure, ModelState, Output, Refusal, StartFailure};
pub use plan::{Factor, FairPlan, Limit, Linger, ModelPlan, Plan, Strategy};
pub use scheduler::MAX_WAITING;
