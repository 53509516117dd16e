//! Time that two processes on one machine agree on, and what this process has cost.

use std::fs;

use anyhow::{Context, Result};

/// Nanoseconds of the monotonic clock. std's `Instant` is the same clock, but cannot be sent to another process.
#[cfg(unix)]
pub(crate) fn now() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Nanoseconds of the wall clock. Nothing is measured here, because costs are read from Linux's `/proc`.
#[cfg(not(unix))]
pub(crate) fn now() -> u64 {
    let time = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Seconds of processor time that this process, which has one thread, has used so far.
///
/// # Errors
/// Not Linux, or a kernel without these counters.
pub(crate) fn processor_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/schedstat").context("no processor time")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
