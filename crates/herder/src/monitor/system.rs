//! Processors, memory, load and network, as the operating system tells.

use jiff::Timestamp;
use sysinfo::{Networks, System};

use super::sample::{NetworkSample, SystemSample};

/// Bytes of the unit in which sizes are reported (spec/runtime.md 5.2).
const MIB: u64 = 1 << 20;

/// Interfaces in one sample. A machine full of containers has hundreds of virtual ones, and each is kept for an hour.
const MAX_INTERFACES: usize = 64;

/// Looks at the machine. It remembers the last look, because processor load is a difference.
pub(super) struct SystemReader {
    system: System,
    /// `None` where the system does not list its interfaces.
    networks: Option<Networks>,
}

impl SystemReader {
    /// Takes the first look.
    ///
    /// # Errors
    ///
    /// When the system tells nothing.
    pub(super) fn new() -> Result<Self, sysinfo::Error> {
        let mut system = System::new()?;
        system.refresh_cpu_usage();
        Ok(Self {
            system,
            networks: Networks::new().ok(),
        })
    }

    /// Looks again. Blocks for as long as the system takes to answer, usually well under a millisecond.
    pub(super) fn read(&mut self, timestamp: Timestamp) -> SystemSample {
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        if let Some(networks) = &mut self.networks {
            networks.refresh(true);
        }
        // Windows has none; the shape wants a number.
        let (load_avg_1, load_avg_5, load_avg_15) =
            System::load_average().map_or((0.0, 0.0, 0.0), |load| (load.one, load.five, load.fifteen));
        let total = self.system.total_memory();
        let used = self.system.used_memory().min(total);
        SystemSample {
            timestamp,
            cpu_util_per_core: self
                .system
                .cpus()
                .iter()
                .map(|cpu| percent(cpu.usage()))
                .collect(),
            mem_total_mb: total / MIB,
            mem_used_mb: used / MIB,
            mem_free_mb: (total - used) / MIB,
            swap_total_mb: self.system.total_swap() / MIB,
            swap_used_mb: self.system.used_swap() / MIB,
            load_avg_1,
            load_avg_5,
            load_avg_15,
            net_io: interfaces(
                self.networks
                    .iter()
                    .flatten()
                    .map(|(name, traffic)| NetworkSample {
                        name: name.to_string_lossy().into_owned(),
                        bytes_recv: traffic.total_received(),
                        bytes_sent: traffic.total_transmitted(),
                    })
                    .collect(),
            ),
        }
    }
}

/// One decimal is more than anybody reads, and NaN is no JSON.
fn percent(usage: f32) -> f64 {
    let percent = f64::from(usage);
    if percent.is_finite() {
        (percent.clamp(0.0, 100.0) * 10.0).round() / 10.0
    } else {
        0.0
    }
}

/// Without the loopback, ordered, and not too many.
fn interfaces(mut all: Vec<NetworkSample>) -> Vec<NetworkSample> {
    all.retain(|interface| interface.name != "lo");
    all.sort_by(|left, right| left.name.cmp(&right.name));
    all.truncate(MAX_INTERFACES);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_processors_and_memory() {
        let mut reader = SystemReader::new().unwrap();
        let sample = reader.read(Timestamp::UNIX_EPOCH);
        assert!(!sample.cpu_util_per_core.is_empty());
        assert!(sample.mem_total_mb > 0);
        assert!(sample.mem_used_mb <= sample.mem_total_mb, "{sample:?}");
        assert!(
            sample.mem_total_mb - sample.mem_used_mb - sample.mem_free_mb <= 1,
            "{sample:?}"
        );
    }

    #[test]
    fn percentages_are_numbers_between_0_and_100() {
        for (usage, expected) in [
            (0.0, 0.0),
            (12.345, 12.3),
            (99.99, 100.0),
            (140.0, 100.0),
            (-1.0, 0.0),
            (f32::NAN, 0.0),
            (f32::INFINITY, 0.0),
        ] {
            assert!((percent(usage) - expected).abs() < 1e-9, "{usage}");
        }
    }

    #[test]
    fn interfaces_are_ordered_and_bounded() {
        let named = |name: &str| NetworkSample {
            name: name.to_owned(),
            bytes_recv: 1,
            bytes_sent: 2,
        };
        let names = |kept: Vec<NetworkSample>| -> Vec<String> {
            kept.into_iter().map(|interface| interface.name).collect()
        };
        let few = ["wlan0", "lo", "eth0"].map(named);
        assert_eq!(names(interfaces(few.into())), ["eth0", "wlan0"]);
        let many = (0..300).map(|number| named(&format!("veth{number:03}")));
        assert_eq!(interfaces(many.collect()).len(), MAX_INTERFACES);
    }
}
