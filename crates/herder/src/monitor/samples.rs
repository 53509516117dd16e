//! A thread that measures the machine and a task that measures its GPUs, so that a GPU tool that hangs does not hold back the
//! rest; and what they have measured.
//!
//! The machine has a thread because an idle herder should sleep: a thread wakes once for a sample, a task and its blocking
//! read seven times, between the timer's wheels and the runtime's threads (docs/performance.md).

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::gpu::{self, GpuReader};
use super::history::History;
use super::sample::{GpuSample, SystemSample};
use super::system::SystemReader;
use crate::logs::Logs;

/// How long samples are kept.
pub(super) const RETENTION: Duration = Duration::from_secs(3600);

/// Between the start and the first sample: processor load is a difference between two looks.
const FIRST_LOOK: Duration = Duration::from_millis(300);

/// What has been measured in the last hour.
#[derive(Debug, Default)]
pub struct Samples {
    system: Mutex<History<SystemSample>>,
    /// One entry per look at all GPUs.
    gpus: Mutex<History<Vec<GpuSample>>>,
}

impl Samples {
    /// Samples taken later than `after`, or all of them, oldest first.
    #[must_use]
    pub fn system(&self, after: Option<Timestamp>) -> Vec<Arc<SystemSample>> {
        let history = self.system.lock();
        history.since(|sample| after.is_none_or(|after| sample.timestamp > after))
    }

    /// Looks at the GPUs later than `after`, or all of them, oldest first.
    #[must_use]
    pub fn gpus(&self, after: Option<Timestamp>) -> Vec<Arc<Vec<GpuSample>>> {
        let history = self.gpus.lock();
        history.since(|look| {
            let taken = look.first().map(|gpu| gpu.timestamp);
            after.is_none_or(|after| taken.is_some_and(|taken| taken > after))
        })
    }

    /// The newest sample.
    #[must_use]
    pub fn newest_system(&self) -> Option<Arc<SystemSample>> {
        self.system.lock().newest()
    }

    /// The newest look at the GPUs.
    #[must_use]
    pub fn newest_gpus(&self) -> Option<Arc<Vec<GpuSample>>> {
        self.gpus.lock().newest()
    }
}

/// The thread and the task, which end when this is dropped.
#[derive(Debug)]
pub(super) struct Sampling {
    /// Nothing is sent; the thread hears that it is gone.
    _system: Sender<Infallible>,
    _gpus: AbortOnDropHandle<()>,
}

impl Sampling {
    /// Measures every `every`, at least 5 seconds by configuration.
    pub(super) fn begin(samples: &Arc<Samples>, every: Duration, logs: &Arc<Logs>) -> Self {
        let capacity = capacity(every);
        samples.system.lock().set_capacity(capacity);
        samples.gpus.lock().set_capacity(capacity);
        let gpus = watch_gpus(Arc::clone(samples), every, Arc::clone(logs));
        Self {
            _system: begin_system(samples, every, logs),
            _gpus: AbortOnDropHandle::new(tokio::spawn(gpus)),
        }
    }
}

/// How many samples make an hour.
fn capacity(every: Duration) -> usize {
    let samples = RETENTION.as_millis() / every.as_millis().max(1);
    usize::try_from(samples).unwrap_or(usize::MAX).max(1)
}

/// The time of a sample: clients send it back, and milliseconds are what they can hold.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Starts the thread that measures the machine.
fn begin_system(samples: &Arc<Samples>, every: Duration, logs: &Arc<Logs>) -> Sender<Infallible> {
    let (wanted, ended) = channel();
    let (samples, told) = (Arc::clone(samples), Arc::clone(logs));
    let thread = thread::Builder::new().name("monitor".to_owned());
    if let Err(error) = thread.spawn(move || watch_system(&samples, every, &told, &ended)) {
        tell_failure(logs, &error);
    }
    wanted
}

fn watch_system(samples: &Samples, every: Duration, logs: &Logs, ended: &Receiver<Infallible>) {
    let mut reader = match SystemReader::new() {
        Ok(reader) => reader,
        Err(error) => return tell_failure(logs, &error),
    };
    repeat_system(samples, every, logs, ended, || reader.read(now()));
}

fn repeat_system(
    samples: &Samples,
    every: Duration,
    logs: &Logs,
    ended: &Receiver<Infallible>,
    mut read: impl FnMut() -> SystemSample,
) {
    let mut pause = FIRST_LOOK;
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        // Reads files of the kernel, which may take long on a machine in trouble. Nothing of what has panicked is used
        // again.
        let Ok(sample) = catch_unwind(AssertUnwindSafe(&mut read)) else {
            let logger = logs.logger();
            logger.error("reading the system's load failed; there will be no more samples of it");
            return;
        };
        samples.system.lock().push(Instant::now(), sample);
        pause = every;
    }
}

fn tell_failure(logs: &Logs, error: &dyn std::error::Error) {
    let logger = logs.logger();
    logger.warn(format_args!("the system's load cannot be measured: {error}"));
}

async fn watch_gpus(samples: Arc<Samples>, every: Duration, logs: Arc<Logs>) {
    let mut reader = GpuReader::new(gpu::sources());
    let mut ticks = ticks(every);
    loop {
        ticks.tick().await;
        let look = reader.read(Instant::now(), now(), logs.logger()).await;
        if !look.is_empty() {
            samples.gpus.lock().push(Instant::now(), look);
        }
        // Without a GPU nothing is due for minutes, and an idle herder should sleep.
        if let Some(until) = reader.rests_until() {
            sleep_until(until).await;
        }
    }
}

/// The first tick comes at once. A look that takes longer than `every` delays the next one.
fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_reading_that_panics_is_said_and_is_the_last_one() {
        let samples = Samples::default();
        samples.system.lock().set_capacity(9);
        let logs = Logs::new(&fixtures::config([]));
        // Kept: nothing but the panic ends the loop.
        let (_wanted, ended) = channel();
        let mut reader = SystemReader::new().unwrap();
        let mut readings = 0;
        repeat_system(&samples, Duration::from_millis(1), &logs, &ended, || {
            readings += 1;
            assert!(readings < 3, "as a bug in the reading would");
            reader.read(now())
        });
        assert_eq!((readings, samples.system(None).len()), (3, 2));
        let log = String::from_utf8_lossy(&logs.proxy().history()).into_owned();
        assert_eq!(
            log.matches("there will be no more samples of it").count(),
            1,
            "{log}"
        );
    }

    #[test]
    fn runtime_5_1_an_hour_is_kept() {
        for (every, expected) in [
            (Duration::from_secs(5), 720),
            (Duration::from_secs(90), 40),
            (Duration::from_millis(100), 36_000),
            (Duration::from_secs(7200), 1),
        ] {
            assert_eq!(capacity(every), expected, "{every:?}");
        }
    }
}
