//! Samples of the machine: processors, memory, network and GPUs, over the last hour (spec/runtime.md 5); and, in
//! `hardware`, which machine it is. `model_metrics` and `request_metrics` count what herder does for each model.
//!
//! Two tasks measure, each at its own pace, so that a GPU tool that hangs does not hold back the rest. What is kept is
//! in `history`, where numbers come from in `system` and `gpu`, how Prometheus reads them in `exposition` and `seed_metrics`.

mod exposition;
mod gpu;
mod hardware;
mod herder_metrics;
mod histogram;
mod history;
mod measured;
mod model_metrics;
mod request_metrics;
mod resident;
mod sample;
mod seed_metrics;
mod system;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use herder_core::ModelId;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::logs::Logs;
use gpu::GpuReader;
pub use hardware::{Hardware, Snapshot};
use history::History;
pub use sample::{GpuSample, NetworkSample, SystemSample};
use system::SystemReader;

pub(crate) use exposition::Exposition;
pub(crate) use herder_metrics::{ModelNow, PeerModelNow, write_herder_metrics};
pub(crate) use measured::Measured;
pub use model_metrics::Metrics;
pub(crate) use model_metrics::ModelMetrics;
pub use request_metrics::RequestMetrics;
pub(crate) use seed_metrics::write_seed_metrics;

/// How long samples are kept.
const RETENTION: Duration = Duration::from_secs(3600);

/// Between the start and the first sample: processor load is a difference between two looks.
const FIRST_LOOK: Duration = Duration::from_millis(300);

/// Measures until it is dropped.
#[derive(Debug)]
pub struct Monitor {
    record: Arc<Record>,
    _system: AbortOnDropHandle<()>,
    _gpus: AbortOnDropHandle<()>,
}

/// What has been measured.
#[derive(Debug)]
struct Record {
    system: Mutex<History<SystemSample>>,
    /// One entry per look at all GPUs.
    gpus: Mutex<History<Vec<GpuSample>>>,
}

impl Monitor {
    /// Begins to measure every `every`, at least 5 seconds by configuration. Must be called inside a tokio runtime,
    /// which gets two tasks that end with the monitor.
    #[must_use]
    pub fn start(every: Duration, logs: &Arc<Logs>) -> Self {
        let capacity = capacity(every);
        let record = Arc::new(Record {
            system: Mutex::new(History::new(capacity)),
            gpus: Mutex::new(History::new(capacity)),
        });
        let system = watch_system(Arc::clone(&record), every, Arc::clone(logs));
        let gpus = watch_gpus(Arc::clone(&record), every, Arc::clone(logs));
        Self {
            record,
            _system: AbortOnDropHandle::new(tokio::spawn(system)),
            _gpus: AbortOnDropHandle::new(tokio::spawn(gpus)),
        }
    }

    /// Samples taken later than `after`, or all of them, oldest first.
    #[must_use]
    pub fn system_samples(&self, after: Option<Timestamp>) -> Vec<Arc<SystemSample>> {
        let history = self.record.system.lock();
        history.since(|sample| after.is_none_or(|after| sample.timestamp > after))
    }

    /// Looks at the GPUs later than `after`, or all of them, oldest first.
    #[must_use]
    pub fn gpu_samples(&self, after: Option<Timestamp>) -> Vec<Arc<Vec<GpuSample>>> {
        let history = self.record.gpus.lock();
        history.since(|look| {
            let taken = look.first().map(|gpu| gpu.timestamp);
            after.is_none_or(|after| taken.is_some_and(|taken| taken > after))
        })
    }

    /// The newest sample.
    #[must_use]
    pub fn newest_system_sample(&self) -> Option<Arc<SystemSample>> {
        self.record.system.lock().newest()
    }

    /// The newest look at the GPUs.
    #[must_use]
    pub fn newest_gpu_samples(&self) -> Option<Arc<Vec<GpuSample>>> {
        self.record.gpus.lock().newest()
    }
}

/// Memory of the processes of a model, where the system tells. Blocks.
pub(crate) fn resident_bytes(metrics: &Metrics, model: ModelId) -> Option<u64> {
    let pid = metrics.model(model).process.load(Ordering::Relaxed);
    (pid != 0).then(|| resident::resident_bytes(Path::new("/proc"), pid))?
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

async fn watch_system(record: Arc<Record>, every: Duration, logs: Arc<Logs>) {
    let mut reader = match SystemReader::new() {
        Ok(reader) => reader,
        Err(error) => {
            logs.logger()
                .warn(format_args!("the system's load cannot be measured: {error}"));
            return;
        }
    };
    sleep(FIRST_LOOK).await;
    let mut ticks = ticks(every);
    loop {
        ticks.tick().await;
        // Reads files of the kernel, which may take long on a machine in trouble.
        let read = tokio::task::spawn_blocking(move || {
            let sample = reader.read(now());
            (reader, sample)
        });
        let Ok((back, sample)) = read.await else {
            logs.logger()
                .error("reading the system's load failed; there will be no more samples of it");
            return;
        };
        reader = back;
        record.system.lock().push(sample);
    }
}

async fn watch_gpus(record: Arc<Record>, every: Duration, logs: Arc<Logs>) {
    let mut reader = GpuReader::new(gpu::sources());
    let mut ticks = ticks(every);
    loop {
        ticks.tick().await;
        let look = reader.read(Instant::now(), now(), logs.logger()).await;
        if !look.is_empty() {
            record.gpus.lock().push(look);
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
