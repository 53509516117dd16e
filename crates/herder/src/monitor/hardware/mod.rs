//! What machine this is: a snapshot, taken once at the start (spec/http-api.md 1.15, spec/runtime.md 5.5).
//!
//! Unknown facts are `null`, never a placeholder, and nothing in it identifies the one machine: no bus address, no
//! serial number. The shapes are in `snapshot`, GPUs in `accelerators` and the files beside it, the rest is read by
//! `host`, with what only Linux tells in `linux`.

mod accelerators;
mod amd;
mod host;
mod linux;
mod nvidia;
mod snapshot;

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::timeout;

use crate::logs::Logs;
pub use snapshot::Snapshot;

/// How long the detection may take.
const DETECTION_LIMIT: Duration = Duration::from_secs(10);

/// What is known of the machine: nothing until the detection has ended, and nothing after one that has failed.
#[derive(Debug, Default)]
pub struct Hardware {
    snapshot: OnceLock<Snapshot>,
}

impl Hardware {
    /// The snapshot, when there is one.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.get()
    }

    /// Looks at the machine. A failure is a warning in the log.
    pub async fn detect(&self, logs: &Logs) {
        match timeout(DETECTION_LIMIT, detect()).await {
            Ok(Ok(snapshot)) => {
                self.snapshot.get_or_init(|| snapshot);
            }
            Ok(Err(reason)) => logs
                .logger()
                .warn(format_args!("hardware detection failed: {reason}")),
            Err(_) => logs.logger().warn(format_args!(
                "hardware detection failed: not done within {} s",
                DETECTION_LIMIT.as_secs()
            )),
        }
    }
}

async fn detect() -> Result<Snapshot, String> {
    let virtualisation = host::virtualisation().await;
    let accelerators = accelerators::detect().await;
    tokio::task::spawn_blocking(move || host::describe(virtualisation.as_deref(), accelerators))
        .await
        .map_err(|error| error.to_string())?
}
