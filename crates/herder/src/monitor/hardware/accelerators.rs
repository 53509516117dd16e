//! The GPUs of this machine, from everybody who knows one, joined by their place on the bus.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::gpu::{Tool, ioreg};
use super::snapshot::{Accelerator, AcceleratorMemory, Versioned};
use super::{amd, nvidia};

/// Where the kernel lists graphics cards and AMD's compute nodes.
const SYS_CLASS: &str = "/sys/class";

/// What is known of a GPU.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Found {
    pub(super) vendor: Option<String>,
    pub(super) model: Option<String>,
    pub(super) architecture: Option<String>,
    /// Bytes of its own. Without, nothing is known of its memory.
    pub(super) memory: Option<u64>,
    /// It has no memory of its own and uses all of the machine's.
    pub(super) unified: bool,
    pub(super) driver: Option<Versioned>,
    pub(super) power_limit: Option<f64>,
}

/// By PCI address, as in `0000:03:00.0`.
pub(super) type ByAddress = BTreeMap<String, Found>;

/// Every GPU, ordered by address.
pub(super) async fn detect() -> Vec<Found> {
    if cfg!(target_os = "macos") {
        return apple().await;
    }
    let mut found = nvidia::detect().await;
    if cfg!(target_os = "linux") {
        let amd = tokio::task::spawn_blocking(|| amd::detect(Path::new(SYS_CLASS))).await;
        merge(&mut found, amd.unwrap_or_default());
    }
    found.into_values().collect()
}

async fn apple() -> Vec<Found> {
    let output = Tool::new("ioreg")
        .run(&ioreg::ARGUMENTS)
        .await
        .unwrap_or_default();
    let gpus = ioreg::parse(&output, 0);
    gpus.into_iter()
        .map(|gpu| Found {
            vendor: Some("Apple".to_owned()),
            model: Some(gpu.name),
            unified: true,
            driver: Some(Versioned {
                name: "Metal".to_owned(),
                version: None,
            }),
            ..Found::default()
        })
        .collect()
}

/// Adds what others know. Of each fact, the first one stands.
pub(super) fn merge(found: &mut ByAddress, others: ByAddress) {
    for (address, other) in others {
        let known = found.entry(address).or_default();
        *known = Found {
            vendor: known.vendor.take().or(other.vendor),
            model: known.model.take().or(other.model),
            architecture: known.architecture.take().or(other.architecture),
            memory: known.memory.or(other.memory),
            unified: known.unified || other.unified,
            driver: known.driver.take().or(other.driver),
            power_limit: known.power_limit.or(other.power_limit),
        };
    }
}

impl Found {
    /// The entry of the snapshot at this place, on a machine with so many bytes of memory.
    pub(super) fn at(self, index: usize, capacity: u64) -> Accelerator {
        let dedicated = self.memory.filter(|bytes| *bytes > 0);
        let (kind, capacity_bytes) = match (dedicated, self.unified) {
            (_, true) => ("unified", Some(capacity)),
            (Some(bytes), false) => ("dedicated", Some(bytes)),
            (None, false) => ("unknown", None),
        };
        Accelerator {
            index,
            kind: "gpu",
            vendor: self.vendor,
            model: self.model,
            architecture: self.architecture,
            memory: AcceleratorMemory { kind, capacity_bytes },
            driver: self.driver,
            power_limit_watts: self.power_limit.filter(|watts| watts.is_finite() && *watts > 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_5_the_first_value_wins_for_each_fact() {
        let gpu = |vendor: &str, model: Option<&str>, memory| Found {
            vendor: Some(vendor.to_owned()),
            model: model.map(str::to_owned),
            memory,
            ..Found::default()
        };
        let mut found = ByAddress::from([("b".to_owned(), gpu("NVIDIA", Some("A2"), None))]);
        let others = ByAddress::from([
            ("a".to_owned(), gpu("AMD", None, Some(5))),
            ("b".to_owned(), gpu("nobody", None, Some(7))),
        ]);
        merge(&mut found, others);
        let all: Vec<Found> = found.into_values().collect();
        assert_eq!(
            all,
            [gpu("AMD", None, Some(5)), gpu("NVIDIA", Some("A2"), Some(7))]
        );
    }

    #[test]
    fn runtime_5_5_kinds_of_memory() {
        for (memory, unified, kind, capacity) in [
            (Some(8), false, "dedicated", Some(8)),
            (Some(0), false, "unknown", None),
            (None, false, "unknown", None),
            (None, true, "unified", Some(64)),
        ] {
            let found = Found {
                memory,
                unified,
                power_limit: Some(0.0),
                ..Found::default()
            };
            let accelerator = found.at(3, 64);
            let expected = AcceleratorMemory {
                kind,
                capacity_bytes: capacity,
            };
            assert_eq!(
                (accelerator.memory, accelerator.power_limit_watts),
                (expected, None)
            );
        }
    }
}
