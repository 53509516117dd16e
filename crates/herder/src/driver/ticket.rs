//! What a request gets from the driver: a lease at once, a place to wait, or a refusal.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use herder_core::{Failure, Refusal, RequestId, Timestamp};
use tokio::sync::oneshot;

use super::Driver;
use crate::error::{ApiError, FailedStart};
use crate::upstream::Upstream;

/// The driver's answer to a request.
#[derive(Debug)]
pub enum Ticket {
    /// The model is ready and has room.
    Granted(Lease),
    /// The model must be loaded, or others must leave first.
    Waiting(Waiting),
    /// Not admitted.
    Refused(Refused),
}

impl Ticket {
    /// Waits for the lease, if it must. `router` is the router's name in error texts.
    ///
    /// # Errors
    ///
    /// Why the model does not serve, as its client is to read it (spec/http-api.md 0.4).
    pub async fn lease(self, router: &str) -> Result<Lease, ApiError> {
        match self {
            Self::Granted(lease) => Ok(lease),
            Self::Waiting(waiting) => waiting
                .await
                .map_err(|failed| ApiError::from_failed(&failed, router)),
            Self::Refused(refused) => Err(ApiError::from_refused(&refused, router)),
        }
    }
}

/// The right to use one start of a model. It travels with the response body; dropping it, at any moment and for
/// whatever reason, ends the request.
pub struct Lease {
    driver: Arc<Driver>,
    request: RequestId,
    upstream: Arc<Upstream>,
}

impl Lease {
    pub(super) fn new(driver: Arc<Driver>, request: RequestId, upstream: Arc<Upstream>) -> Self {
        Self {
            driver,
            request,
            upstream,
        }
    }

    /// The server that answers.
    #[must_use]
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// Ends the request, which has only wanted the model to be ready: nothing is learnt from how short it was.
    pub fn give_back(self) {
        // What the drop says after this is about a request that is over.
        self.driver.unused(self.request);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.driver.done(self.request);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Lease")
            .field(&self.request)
            .field(&self.upstream)
            .finish()
    }
}

/// A request that was admitted and waits for its turn. Dropping it before the outcome gives its place back.
pub struct Waiting {
    driver: Arc<Driver>,
    request: RequestId,
    outcome: oneshot::Receiver<Outcome>,
}

/// How a wait ends.
pub(super) type Outcome = Result<Lease, Box<Failed>>;

impl Waiting {
    pub(super) fn new(driver: Arc<Driver>, request: RequestId, outcome: oneshot::Receiver<Outcome>) -> Self {
        Self {
            driver,
            request,
            outcome,
        }
    }
}

impl Waiting {
    /// Whether the outcome is known already.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.outcome.is_empty()
    }

    /// Looks at the request while it waits.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            driver: Arc::clone(&self.driver),
            request: self.request,
        }
    }
}

/// Where a waiting request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the queue, at this place counted from 1: over all models, or with `fair` among those who wait for the same model.
    Queued(usize),
    /// Its model is being loaded, or as soon as others have left for it: it waits for that, not for its turn.
    Loading,
}

/// A view of a waiting request.
#[derive(Debug)]
pub struct Place {
    driver: Arc<Driver>,
    request: RequestId,
}

impl Place {
    /// Where it waits now. `None` when it waits no more: who asked for it knows already, or is about to, what became of it.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.driver.standing(self.request)
    }

    /// How long it probably waits from now on (scheduling.md rule 10). `None` when that is not known, with `fifo`, or
    /// when it waits no more.
    #[must_use]
    pub fn estimate(&self) -> Option<Duration> {
        self.driver.estimate(self.request)
    }

    /// How long the last load of its model took.
    #[must_use]
    pub fn last_load(&self) -> Option<Duration> {
        self.driver.last_load(self.request)
    }
}

impl Future for Waiting {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        Pin::new(&mut self.outcome)
            .poll(context)
            .map(|outcome| outcome.expect("the driver drops no waiter without an outcome"))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Without effect when the outcome is on its way: a lease that nobody takes is dropped, which ends it.
        self.driver.cancel(self.request);
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Waiting").field(&self.request).finish()
    }
}

/// Why a request was not admitted.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The core's reason.
    pub refusal: Refusal,
    /// The model's last failed start, with [`Refusal::FailFast`].
    pub last: Option<FailedStart>,
    /// The queue that has no room, with [`Refusal::QueueFull`] of the scheduler `fair`.
    pub queue: Option<FullQueue>,
    /// The time on the core's clock, from which a `retry_at` counts.
    pub now: Timestamp,
}

/// A queue that has no room (scheduling.md rules 8 and 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullQueue {
    /// The place that the request would have had, counted from 1.
    pub position: u32,
    /// How long it would probably have waited; `None` when that is not known.
    pub wait: Option<Duration>,
}

/// Why an admitted request was not served.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The core's reason.
    pub failure: Failure,
    /// The failed start behind it, with [`Failure::Start`] and [`Failure::FailFast`].
    pub last: Option<FailedStart>,
    /// The time on the core's clock, from which a `retry_at` counts.
    pub now: Timestamp,
}
