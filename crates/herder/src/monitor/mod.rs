//! Samples of the machine: processors, memory, network and GPUs, over the last hour (spec/runtime.md 5); and, in
//! `hardware`, which machine it is. `model_metrics` and `request_metrics` count what herder does for each model.
//!
//! `samples` measures and keeps what the last hour has brought, in `history`; [`Monitor`] says whether and how often. Where
//! numbers come from in `system` and `gpu`, how Prometheus reads them in `exposition` and `seed_metrics`.

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
mod samples;
mod seed_metrics;
mod system;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use herder_config::Performance;
use herder_core::ModelId;
use parking_lot::Mutex;

use crate::logs::Logs;
pub use hardware::{Hardware, Snapshot};
pub use sample::{GpuSample, NetworkSample, SystemSample};
pub use samples::Samples;
use samples::Sampling;

pub(crate) use exposition::Exposition;
pub(crate) use herder_metrics::{ModelNow, PeerModelNow, write_herder_metrics};
pub(crate) use measured::Measured;
pub use model_metrics::Metrics;
pub(crate) use model_metrics::ModelMetrics;
pub use request_metrics::RequestMetrics;
pub(crate) use seed_metrics::write_seed_metrics;

/// Measures the machine while the configuration wants it (`performance`), until it is dropped.
#[derive(Debug)]
pub struct Monitor {
    logs: Arc<Logs>,
    /// `None` when it is disabled.
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    every: Duration,
    samples: Arc<Samples>,
    _sampling: Sampling,
}

impl Monitor {
    /// Begins to measure, unless it is disabled. Must be called inside a tokio runtime, as [`Self::apply`].
    #[must_use]
    pub fn start(performance: Performance, logs: Arc<Logs>) -> Self {
        let monitor = Self {
            logs,
            running: Mutex::default(),
        };
        monitor.apply(performance);
        monitor
    }

    /// Goes on as another configuration says (spec/config.md 1.4 step 3; quirk C4 mended: what was off at the start can be
    /// switched on). At another pace the samples stay that fit; switched off, they are gone.
    pub fn apply(&self, performance: Performance) {
        let Performance { disabled, every } = performance;
        let mut running = self.running.lock();
        if disabled {
            *running = None;
        } else if running.as_ref().is_none_or(|running| running.every != every) {
            let samples = running
                .take()
                .map_or_else(Arc::default, |running| running.samples);
            *running = Some(Running {
                every,
                _sampling: Sampling::begin(&samples, every, &self.logs),
                samples,
            });
        }
    }

    /// What has been measured; `None` when the monitor is disabled.
    #[must_use]
    pub fn samples(&self) -> Option<Arc<Samples>> {
        let running = self.running.lock();
        running.as_ref().map(|running| Arc::clone(&running.samples))
    }
}

/// Memory of the processes of a model, where the system tells. Blocks.
pub(crate) fn resident_bytes(metrics: &Metrics, model: ModelId) -> Option<u64> {
    let pid = metrics.model(model).process()?;
    resident::resident_bytes(Path::new("/proc"), pid)
}

#[cfg(test)]
mod tests;
