//! Waiting for a condition with a deadline.

use std::time::{Duration, Instant};

/// How long to wait for something that should take well under a second: test machines are slow and loaded.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `condition` holds.
///
/// # Panics
/// It does not hold within `limit`; the message says `what` was waited for.
pub async fn wait_until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    poll_until(limit, what, async || condition().then_some(())).await;
}

/// Waits until `attempt` returns something, and returns it.
///
/// # Panics
/// It does not within `limit`; the message says `what` was waited for.
pub async fn poll_until<T>(limit: Duration, what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(INTERVAL).await;
    }
}

/// As [`wait_until`], outside a runtime.
///
/// # Panics
/// It does not hold within `limit`; the message says `what` was waited for.
pub fn wait_until_blocking(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::sleep(INTERVAL);
    }
}
