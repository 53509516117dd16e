//! `ioreg`: what Apple's kernel says about its GPU (spec/runtime.md 5.3). It knows no power, temperature or fan.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::reading::{Reading, size};

/// What it is asked for: all properties of each GPU, on lines that are not cut.
pub(in super::super) const ARGUMENTS: [&str; 7] = ["-r", "-d", "1", "-w", "0", "-c", "IOGPU"];

/// The memory that the GPU shares, in bytes.
pub(super) fn physical_memory() -> u64 {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    System::new_with_specifics(memory).map_or(0, |system| system.total_memory())
}

/// Entries that show neither utilisation nor memory are no devices.
pub(in super::super) fn parse(output: &str, physical_memory: u64) -> Vec<Reading> {
    // Every entry begins with a line of its own: `+-o AGXAcceleratorG13X  <class …>`.
    let entries = output.split("+-o ").skip(1);
    (0..)
        .zip(entries.filter_map(|entry| parse_entry(entry, physical_memory)))
        .map(|(id, reading)| Reading { id, ..reading })
        .collect()
}

fn parse_entry(entry: &str, physical_memory: u64) -> Option<Reading> {
    let utilisation = property(entry, "Device Utilization %").map(size);
    let used = property(entry, "In use system memory").map(size);
    if utilisation.is_none() && used.is_none() {
        return None;
    }
    let model = property(entry, "model").unwrap_or("Apple GPU");
    let name = match property(entry, "gpu-core-count") {
        Some(cores) => format!("{model} ({cores}-core GPU)"),
        None => model.to_owned(),
    };
    Some(Reading {
        name,
        utilisation: utilisation.map_or(0.0, |percent| {
            f64::from(u32::try_from(percent).unwrap_or(u32::MAX))
        }),
        memory_used: used.unwrap_or(0),
        memory_total: physical_memory,
        ..Reading::default()
    })
}

/// The value of `"key" = value`, with or without blanks and quotes.
fn property<'a>(entry: &'a str, key: &str) -> Option<&'a str> {
    let quoted = format!("\"{key}\"");
    let (_, behind) = entry.split_once(&quoted)?;
    let value = behind.trim_start().strip_prefix('=')?.trim_start();
    match value.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => value.split([',', '}', '\n', ' ']).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_3_ioreg() {
        let readings = parse(include_str!("recorded/ioreg.txt"), 34_359_738_368);
        let expected = Reading {
            id: 0,
            name: "Apple M1 Pro (16-core GPU)".to_owned(),
            utilisation: 37.0,
            memory_used: 2_011_578_368,
            memory_total: 34_359_738_368,
            ..Reading::default()
        };
        assert_eq!(readings, [expected]);
    }

    #[test]
    fn runtime_5_3_ioreg_says_something_else() {
        for output in [
            "",
            "+-o ",
            "+-o X <class X>\n{\n  \"model\" = \"Y\"\n}\n",
            "\"Device Utilization %\"=5",
        ] {
            assert_eq!(parse(output, 1), [], "{output:?}");
        }
        let nameless = parse(
            "+-o X\n{ \"PerformanceStatistics\" = {\"Device Utilization %\"=5} }",
            1,
        );
        assert_eq!(nameless[0].name, "Apple GPU");
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(physical_memory() > 0);
    }
}
