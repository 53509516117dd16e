//! AMD GPUs as the kernel's amdgpu driver shows them, for machines without any tool.

use std::fs;
use std::path::Path;

use super::reading::{Reading, number, size};

/// AMD's number on the PCI bus.
const AMD: &str = "0x1002";

/// Bytes of one file; they hold a number or a word.
const FILE_LIMIT: usize = 4096;

/// Every AMD card below `drm`, which is `/sys/class/drm`. Blocks. The id is the card's number there.
pub(super) fn read(drm: &Path) -> Vec<Reading> {
    let Ok(entries) = fs::read_dir(drm) else {
        return Vec::new();
    };
    let mut readings: Vec<Reading> = entries
        .flatten()
        .filter_map(|entry| {
            // `card0`, and not its connectors, `card0-DP-1`.
            let id = entry.file_name().to_str()?.strip_prefix("card")?.parse().ok()?;
            read_card(id, &entry.path().join("device"))
        })
        .collect();
    readings.sort_by_key(|reading| reading.id);
    readings
}

fn read_card(id: u32, device: &Path) -> Option<Reading> {
    let text = |name: &str| read_text(&device.join(name));
    if text("vendor").as_deref() != Some(AMD) {
        return None;
    }
    let memory_total = text("mem_info_vram_total")
        .map(|text| size(&text))
        .filter(|total| *total > 0)?;
    let sensors = fs::read_dir(device.join("hwmon"))
        .ok()
        .and_then(|mut folders| folders.next()?.ok());
    let sensor = |name: &str| {
        let folder = sensors.as_ref()?.path();
        read_text(&folder.join(name)).map(|text| number(&text))
    };
    let temperature = |label: &str| {
        (1..=3).find_map(|position| {
            let folder = sensors.as_ref()?.path();
            let found = read_text(&folder.join(format!("temp{position}_label")))? == label;
            // Thousandths of a degree.
            found.then(|| sensor(&format!("temp{position}_input")).map(|value| value / 1000.0))?
        })
    };
    Some(Reading {
        id,
        name: text("product_name")
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| format!("AMD GPU card{id}")),
        uuid: text("unique_id").unwrap_or_default(),
        temperature: temperature("edge")
            .or_else(|| temperature("junction"))
            .unwrap_or(0.0),
        memory_temperature: temperature("mem").unwrap_or(0.0),
        utilisation: text("gpu_busy_percent").map_or(0.0, |text| number(&text)),
        memory_used: text("mem_info_vram_used").map_or(0, |text| size(&text)),
        memory_total,
        fan: sensor("pwm1").unwrap_or(0.0) / 255.0 * 100.0,
        // Millionths of a watt.
        power: sensor("power1_average")
            .or_else(|| sensor("power1_input"))
            .unwrap_or(0.0)
            / 1e6,
    })
}

fn read_text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path)
        .ok()
        .filter(|text| text.len() <= FILE_LIMIT)?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path value`, one file a line.
    fn unfold(recorded: &str, folder: &Path) {
        for line in recorded.lines() {
            let (path, value) = line.split_once(' ').unwrap();
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{value}\n")).unwrap();
        }
    }

    #[test]
    fn runtime_5_3_sysfs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("absent")), []);
        unfold(include_str!("recorded/amd_sysfs.txt"), folder.path());
        let integrated = Reading {
            id: 0,
            name: "AMD GPU card0".to_owned(),
            temperature: 41.0,
            memory_used: 21_807_104,
            memory_total: 536_870_912,
            power: 11.091,
            ..Reading::default()
        };
        let discrete = Reading {
            id: 2,
            name: "Radeon RX 6800".to_owned(),
            uuid: "c1d2e3f405162738".to_owned(),
            temperature: 45.0,
            memory_temperature: 60.0,
            utilisation: 7.0,
            memory_used: 2_145_386_496,
            memory_total: 17_163_091_968,
            fan: 20.0,
            power: 32.0,
        };
        assert_eq!(read(folder.path()), [integrated, discrete]);
    }
}
