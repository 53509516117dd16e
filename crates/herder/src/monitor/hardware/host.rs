//! Everything but the GPUs.

use jiff::Timestamp;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use super::super::gpu::Tool;
use super::accelerators::Found;
use super::linux;
use super::snapshot::{
    Architecture, Capture, Cpu, Environment, Memory, OperatingSystem, Snapshot, Versioned, fact,
};
use crate::cli::version::VERSION;

/// What systemd says about virtual machines and containers: a word, `none` for neither.
pub(super) async fn virtualisation() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    match Tool::new("systemd-detect-virt").run(&[]).await {
        Ok(word) => Some(word.trim().to_owned()),
        // It ends with a failure when there is neither.
        Err(complaint) => complaint.ends_with(" none").then(|| "none".to_owned()),
    }
}

/// Blocks.
pub(super) fn describe(virtualisation: Option<&str>, accelerators: Vec<Found>) -> Result<Snapshot, String> {
    let wanted = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(wanted).map_err(|error| error.to_string())?;
    let capacity = linux::memory_capacity(system.total_memory());
    if capacity == 0 {
        return Err("the system does not say how much memory it has".to_owned());
    }
    Ok(Snapshot {
        schema_version: 1,
        captured_at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        capture: Capture {
            scope: "inference_host",
            method: "detected",
            detector: Versioned {
                name: "herder".to_owned(),
                version: Some(VERSION.to_owned()),
            },
        },
        architecture: architecture(std::env::consts::ARCH, cfg!(target_endian = "little")),
        operating_system: operating_system(),
        environment: linux::environment(virtualisation),
        cpu: cpu(&system),
        memory: Memory {
            capacity_bytes: capacity,
        },
        accelerators: (0..)
            .zip(accelerators)
            .map(|(index, found)| found.at(index, capacity))
            .collect(),
    })
}

fn architecture(arch: &'static str, little_endian: bool) -> Architecture {
    let name = match arch {
        "x86_64" => "x86_64",
        "aarch64" => "arm64",
        "arm" => "armv7",
        "powerpc64" if little_endian => "ppc64le",
        "riscv64" => "riscv64",
        "s390x" => "s390x",
        _ => "other",
    };
    Architecture {
        name,
        raw_name: Some(arch),
    }
}

fn operating_system() -> OperatingSystem {
    let os = std::env::consts::OS;
    let family = match os {
        "linux" | "macos" | "windows" | "freebsd" => os,
        _ => "other",
    };
    OperatingSystem {
        family,
        raw_family: (family == "other").then_some(os),
        name: fact(System::distribution_id()),
        version: System::os_version().ok().and_then(fact),
        kernel: System::kernel_version().ok().and_then(fact),
    }
}

fn cpu(system: &System) -> Cpu {
    let first = system.cpus().first();
    let threads = Some(system.cpus().len()).filter(|count| *count > 0);
    // More cores than threads is a misunderstanding.
    let cores = System::physical_core_count()
        .ok()
        .filter(|cores| *cores > 0 && threads.is_none_or(|threads| threads >= *cores));
    Cpu {
        vendor: first.and_then(|cpu| fact(cpu.vendor_id())),
        model: first.and_then(|cpu| fact(cpu.brand())),
        socket_count: linux::socket_count(),
        physical_core_count: cores,
        logical_thread_count: threads,
    }
}

impl Environment {
    /// Of this kind, and nothing more is known.
    pub(super) fn of_kind(kind: &'static str) -> Self {
        Self {
            kind,
            name: None,
            version: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_1_15_architectures() {
        for (arch, little, name) in [
            ("x86_64", true, "x86_64"),
            ("aarch64", true, "arm64"),
            ("powerpc64", true, "ppc64le"),
            ("powerpc64", false, "other"),
            ("loongarch64", true, "other"),
        ] {
            let architecture = architecture(arch, little);
            assert_eq!((architecture.name, architecture.raw_name), (name, Some(arch)));
        }
    }

    #[test]
    fn this_machine_can_be_described() {
        let snapshot = describe(None, Vec::new()).unwrap();
        assert!(snapshot.memory.capacity_bytes > 0);
        assert!(snapshot.cpu.logical_thread_count > Some(0), "{snapshot:?}");
        assert_eq!(snapshot.accelerators, []);
    }
}
