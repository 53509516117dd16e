//! What NVIDIA's library, or its tool, knows about its GPUs.

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use super::super::gpu::Tool;
use super::accelerators::{ByAddress, Found};
use super::snapshot::{Versioned, fact};

/// What the tool is asked for. The columns are those of [`parse`].
const ARGUMENTS: [&str; 2] = [
    "--query-gpu=pci.bus_id,name,memory.total,driver_version,power.limit,compute_cap",
    "--format=csv,noheader,nounits",
];

/// Bytes of the tool's unit.
const MIB: u64 = 1 << 20;

/// The library's answer, or else the tool's, or else nothing.
pub(super) async fn detect() -> ByAddress {
    if let Ok(Ok(found)) = tokio::task::spawn_blocking(ask_library).await {
        return found;
    }
    let output = Tool::new("nvidia-smi").run(&ARGUMENTS).await;
    output.map_or_else(|_| ByAddress::new(), |output| parse(&output))
}

/// Blocks.
fn ask_library() -> Result<ByAddress, NvmlError> {
    let library = Nvml::init()?;
    let version = library.sys_driver_version().ok();
    (0..library.device_count()?)
        .map(|index| {
            let device = library.device_by_index(index)?;
            let capability = device.cuda_compute_capability().ok();
            let found = Found {
                model: device.name().ok().and_then(fact),
                architecture: capability
                    .and_then(|version| architecture(&format!("{}.{}", version.major, version.minor))),
                memory: device.memory_info().ok().map(|memory| memory.total),
                power_limit: device
                    .power_management_limit()
                    .ok()
                    .map(|milliwatts| f64::from(milliwatts) / 1000.0),
                ..of_nvidia(version.as_deref())
            };
            Ok((address(&device.pci_info()?.bus_id), found))
        })
        .collect()
}

fn of_nvidia(driver: Option<&str>) -> Found {
    Found {
        vendor: Some("NVIDIA".to_owned()),
        driver: Some(Versioned {
            name: "nvidia".to_owned(),
            version: driver.and_then(fact),
        }),
        ..Found::default()
    }
}

fn parse(output: &str) -> ByAddress {
    let lines = output.lines().filter_map(|line| {
        let columns: Vec<&str> = line.split(',').map(str::trim).collect();
        let [bus, name, memory, driver, power, capability] = columns[..] else {
            return None;
        };
        let found = Found {
            model: fact(name),
            architecture: architecture(capability),
            memory: memory.parse::<u64>().ok().map(|size| size.saturating_mul(MIB)),
            power_limit: power.parse().ok(),
            ..of_nvidia(Some(driver))
        };
        Some((address(bus), found))
    });
    lines.collect()
}

/// The kernel writes four digits for the domain, NVIDIA eight: `00000000:0A:00.0`.
fn address(bus: &str) -> String {
    let bus = bus.to_lowercase();
    match bus.split_once(':') {
        Some((domain, rest)) if domain.len() > 4 => format!("{}:{rest}", &domain[domain.len() - 4..]),
        _ => bus,
    }
}

/// The family's name, by compute capability.
fn architecture(capability: &str) -> Option<String> {
    let (major, minor) = capability.split_once('.')?;
    let name = match (major.parse().ok()?, minor.parse().ok()?) {
        (2_u32, _) => "Fermi",
        (3, _) => "Kepler",
        (5, _) => "Maxwell",
        (6, _) => "Pascal",
        (7, 0..=4_u32) => "Volta",
        (7, _) => "Turing",
        (8, 9) => "Ada Lovelace",
        (8, _) => "Ampere",
        (9, _) => "Hopper",
        (10..=12, _) => "Blackwell",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_5_nvidia_smi() {
        let found = parse(
            "00000000:0A:00.0, NVIDIA GeForce RTX 3090, 24576, 550.163.01, 350.00, 8.6\n\
             00000000:02:00.0, NVIDIA Thor, [N/A], 580.00, [N/A], 11.0\n\
             No devices were found\n",
        );
        let thor = Found {
            model: Some("NVIDIA Thor".to_owned()),
            architecture: Some("Blackwell".to_owned()),
            ..of_nvidia(Some("580.00"))
        };
        let geforce = Found {
            model: Some("NVIDIA GeForce RTX 3090".to_owned()),
            architecture: Some("Ampere".to_owned()),
            memory: Some(24576 * MIB),
            power_limit: Some(350.0),
            ..of_nvidia(Some("550.163.01"))
        };
        let expected = [
            ("0000:02:00.0".to_owned(), thor),
            ("0000:0a:00.0".to_owned(), geforce),
        ];
        assert_eq!(found, ByAddress::from(expected));
    }

    #[test]
    fn runtime_5_5_compute_capabilities() {
        for (capability, expected) in [
            ("2.1", Some("Fermi")),
            ("7.0", Some("Volta")),
            ("7.5", Some("Turing")),
            ("8.9", Some("Ada Lovelace")),
            ("9.0", Some("Hopper")),
            ("12.1", Some("Blackwell")),
            ("13.0", None),
            ("4.0", None),
            ("[N/A]", None),
        ] {
            assert_eq!(architecture(capability).as_deref(), expected, "{capability}");
        }
    }
}
