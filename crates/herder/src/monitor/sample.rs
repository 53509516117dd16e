//! What one look at the machine sees, in the shapes of spec/runtime.md 5.2.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// One look at processors, memory and network.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SystemSample {
    /// When.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub timestamp: Timestamp,
    /// Percent of time that each logical processor was busy since the previous sample, 0 to 100.
    pub cpu_util_per_core: Vec<f64>,
    /// Memory of the machine, in MiB rounded down, as all sizes here.
    pub mem_total_mb: u64,
    /// What is in use and cannot be had without taking it from somebody.
    pub mem_used_mb: u64,
    /// The rest: free, or a cache that gives way.
    pub mem_free_mb: u64,
    /// Swap space.
    pub swap_total_mb: u64,
    /// Used swap space.
    pub swap_used_mb: u64,
    /// Mean number of processes that run or want to, over 1 minute; 0 where the system does not count.
    pub load_avg_1: f64,
    /// Over 5 minutes.
    pub load_avg_5: f64,
    /// Over 15 minutes.
    pub load_avg_15: f64,
    /// Each network interface but the loopback, in order of name.
    pub net_io: Vec<NetworkSample>,
}

/// What has passed a network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NetworkSample {
    /// The system's name for it.
    pub name: String,
    /// Bytes since the interface came up.
    pub bytes_recv: u64,
    /// Bytes since the interface came up.
    pub bytes_sent: u64,
}

/// One look at one GPU. Unknown numbers are 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GpuSample {
    /// When; the same for all GPUs of one look.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub timestamp: Timestamp,
    /// The number that the vendor's tool gives it.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// What it is, over restarts; empty when the source does not say.
    pub uuid: String,
    /// Degrees Celsius.
    pub temp_c: u32,
    /// Degrees Celsius of its memory.
    pub vram_temp_c: u32,
    /// Percent of time that it was busy, 0 to 100.
    pub gpu_util_pct: u32,
    /// Percent of its memory that is in use.
    pub mem_util_pct: u32,
    /// In MiB, rounded down.
    pub mem_used_mb: u64,
    /// In MiB, rounded down.
    pub mem_total_mb: u64,
    /// Percent of its fan's full speed.
    pub fan_speed_pct: u32,
    /// Watts.
    pub power_draw_w: f64,
}

fn as_text<S: Serializer>(timestamp: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(timestamp)
}
