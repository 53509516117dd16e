//! The shape of the snapshot, version 1.

use serde::Serialize;

/// What is known of the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Of this shape: 1.
    pub(super) schema_version: u32,
    /// UTC.
    pub(super) captured_at: String,
    pub(super) capture: Capture,
    pub(super) architecture: Architecture,
    pub(super) operating_system: OperatingSystem,
    pub(super) environment: Environment,
    pub(super) cpu: Cpu,
    pub(super) memory: Memory,
    pub(super) accelerators: Vec<Accelerator>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Capture {
    pub(super) scope: &'static str,
    pub(super) method: &'static str,
    pub(super) detector: Versioned,
}

/// Something with a name, and perhaps a version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Versioned {
    pub(super) name: String,
    pub(super) version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Architecture {
    pub(super) name: &'static str,
    pub(super) raw_name: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct OperatingSystem {
    pub(super) family: &'static str,
    /// Only for the family `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) raw_family: Option<&'static str>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) kernel: Option<String>,
}

/// What the machine runs in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Environment {
    pub(super) kind: &'static str,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Cpu {
    pub(super) vendor: Option<String>,
    pub(super) model: Option<String>,
    pub(super) socket_count: Option<usize>,
    pub(super) physical_core_count: Option<usize>,
    pub(super) logical_thread_count: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Memory {
    /// More than 0.
    pub(super) capacity_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Accelerator {
    /// Its place in the list.
    pub(super) index: usize,
    pub(super) kind: &'static str,
    pub(super) vendor: Option<String>,
    pub(super) model: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) memory: AcceleratorMemory,
    pub(super) driver: Option<Versioned>,
    pub(super) power_limit_watts: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct AcceleratorMemory {
    /// `dedicated`, `unified`, `shared_system` or `unknown`.
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
