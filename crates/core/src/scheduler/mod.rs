//! Who waits for what. [`fifo`] decides about one request; the other files are the tables it reads:
//! [`ledger`] counts, [`loads`] are in progress, [`queue`] holds those that cannot proceed.

pub(crate) mod fifo;
pub(crate) mod ledger;
pub(crate) mod loads;
pub(crate) mod queue;

/// Most requests that may wait at once, over all models. With [`crate::Limit::Arrival`] the concurrency limits
/// keep the number far lower; with [`crate::Limit::Grant`] nothing else does, and each waiting request holds a
/// body in memory.
pub const MAX_WAITING: usize = 16_384;
