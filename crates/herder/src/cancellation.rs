//! Breaking off what goes on: a request, a connection.
//!
//! Whoever waits for the next piece of an answer is woken for each piece, and asks each time whether it is cancelled. So to
//! ask must cost next to nothing: here it is two atomic operations that nobody contends for, where a `CancellationToken`, which
//! can wake many and has children, takes a lock.

use std::convert::Infallible;
use std::future::{Pending, pending};

use futures_util::future::{AbortHandle, Abortable};

/// Cancels. Clones cancel the same thing, and it stays cancelled.
#[derive(Debug, Clone)]
pub struct Canceller(AbortHandle);

/// Ends when it is cancelled. It is never ready with anything else.
pub type Cancelled = Abortable<Pending<Infallible>>;

impl Canceller {
    /// Something new that can be cancelled, which one task waits for at a time.
    pub fn new() -> (Self, Cancelled) {
        let (handle, registration) = AbortHandle::new_pair();
        (Self(handle), Abortable::new(pending(), registration))
    }

    /// Cancels it.
    pub fn cancel(&self) {
        self.0.abort();
    }

    /// Whether it is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_aborted()
    }
}
