//! The shape of the snapshot, version 1.

use serde::Serialize;

/// What is known of the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Hardware"))]
pub struct Snapshot {
    /// Of this shape: 1.
    pub(super) schema_version: u32,
    /// When, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub(super) captured_at: String,
    /// How it was taken.
    pub(super) capture: Capture,
    /// Of the processors.
    pub(super) architecture: Architecture,
    /// What runs on it.
    pub(super) operating_system: OperatingSystem,
    /// What it runs in.
    pub(super) environment: Environment,
    /// The processors.
    pub(super) cpu: Cpu,
    /// The main memory.
    pub(super) memory: Memory,
    /// GPUs and the like.
    pub(super) accelerators: Vec<Accelerator>,
}

/// How the snapshot was taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "HardwareCapture"))]
pub(super) struct Capture {
    /// Always `inference_host`.
    pub(super) scope: &'static str,
    /// Always `detected`.
    pub(super) method: &'static str,
    /// Who looked.
    pub(super) detector: Versioned,
}

/// Something with a name, and perhaps a version.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Versioned {
    /// The name.
    pub(super) name: String,
    /// The version.
    pub(super) version: Option<String>,
}

/// The architecture of the processors.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "ProcessorArchitecture")
)]
pub(super) struct Architecture {
    /// Its usual name.
    #[cfg_attr(test, schemars(extend("enum" = ["x86_64", "arm64", "armv7", "ppc64le", "riscv64", "s390x", "other"])))]
    pub(super) name: &'static str,
    /// The system's name for it.
    pub(super) raw_name: Option<&'static str>,
}

/// The operating system.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct OperatingSystem {
    /// Its family.
    #[cfg_attr(test, schemars(extend("enum" = ["linux", "macos", "windows", "freebsd", "other"])))]
    pub(super) family: &'static str,
    /// Only for the family `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) raw_family: Option<&'static str>,
    /// The distribution, or the product.
    pub(super) name: Option<String>,
    /// Its version.
    pub(super) version: Option<String>,
    /// The version of its kernel.
    pub(super) kernel: Option<String>,
}

/// What the machine runs in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Environment {
    /// Its kind.
    #[cfg_attr(test, schemars(extend("enum" = ["native", "container", "virtual_machine", "wsl", "other", "unknown"])))]
    pub(super) kind: &'static str,
    /// Its name, such as `docker`.
    pub(super) name: Option<String>,
    /// Its version.
    pub(super) version: Option<String>,
}

/// The processors.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Cpu {
    /// Who makes it.
    pub(super) vendor: Option<String>,
    /// What it is called.
    pub(super) model: Option<String>,
    /// Processors as one buys them.
    pub(super) socket_count: Option<usize>,
    /// Cores.
    pub(super) physical_core_count: Option<usize>,
    /// What runs at once.
    pub(super) logical_thread_count: Option<usize>,
}

/// The main memory.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Memory {
    /// More than 0.
    pub(super) capacity_bytes: u64,
}

/// A GPU or the like.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Accelerator {
    /// Its place in the list.
    pub(super) index: usize,
    /// Its kind.
    #[cfg_attr(test, schemars(extend("enum" = ["gpu", "npu", "other"])))]
    pub(super) kind: &'static str,
    /// Who makes it.
    pub(super) vendor: Option<String>,
    /// What it is called.
    pub(super) model: Option<String>,
    /// Its generation.
    pub(super) architecture: Option<String>,
    /// The memory that it uses.
    pub(super) memory: AcceleratorMemory,
    /// What drives it.
    pub(super) driver: Option<Versioned>,
    /// What it may draw.
    pub(super) power_limit_watts: Option<f64>,
}

/// The memory of an accelerator.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AcceleratorMemory {
    /// Whose it is.
    #[cfg_attr(test, schemars(extend("enum" = ["dedicated", "unified", "shared_system", "unknown"])))]
    pub(super) kind: &'static str,
    /// `null` or more than 0.
    pub(super) capacity_bytes: Option<u64>,
}

/// A text that says something. Firmware and tools are full of placeholders.
pub(super) fn fact(text: impl AsRef<str>) -> Option<String> {
    let text = text.as_ref().trim();
    let placeholder = ["", "n/a", "[n/a]", "unknown", "none", "[not supported]"];
    let says_nothing = placeholder.iter().any(|word| text.eq_ignore_ascii_case(word));
    (!says_nothing).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_5_placeholders_are_no_facts() {
        for nothing in [
            "",
            "  ",
            "N/A",
            "[N/A]",
            "unknown",
            "Unknown\n",
            "[Not Supported]",
        ] {
            assert_eq!(fact(nothing), None, "{nothing:?}");
        }
        assert_eq!(fact(" Acme 9000\n").as_deref(), Some("Acme 9000"));
    }
}
