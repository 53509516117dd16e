//! Who waits for what. [`ledger`] counts and [`loads`] are in progress, whatever the strategy is. [`fifo`] decides about
//! one request, [`queue`] holds those that cannot proceed; [`fair`] has tickets in its place.

pub(crate) mod fair;
pub(crate) mod fifo;
pub(crate) mod ledger;
pub(crate) mod loads;
pub(crate) mod queue;

/// Most requests that may wait at once, over all models, with [`crate::Strategy::Fifo`]. With [`crate::Limit::Arrival`] the concurrency limits
/// keep the number far lower; with [`crate::Limit::Grant`] nothing else does. Each waiting request holds a body in
/// memory, and each is looked at again whenever a model falls idle.
pub const MAX_WAITING: usize = 4096;
