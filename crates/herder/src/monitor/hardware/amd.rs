//! What Linux knows about graphics cards without a tool: AMD's compute nodes (KFD) and the list of cards (DRM). A card
//! without a render node cannot compute and is left out (spec/runtime.md 5.5).

use std::fs;
use std::path::Path;

use super::accelerators::{ByAddress, Found, merge};
use super::snapshot::{Versioned, fact};

/// Every card below `class`, which is `/sys/class`. Blocks.
pub(super) fn detect(class: &Path) -> ByAddress {
    let mut found = compute_nodes(&class.join("kfd/kfd/topology/nodes"), &class.join("drm"));
    merge(&mut found, cards(&class.join("drm")));
    found
}

fn compute_nodes(nodes: &Path, drm: &Path) -> ByAddress {
    let Ok(entries) = fs::read_dir(nodes) else {
        return ByAddress::new();
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("properties")).ok())
        .filter_map(|properties| compute_node(&properties, drm))
        .collect()
}

/// `None` for a processor, which is a node too, and for a node that may not be used.
fn compute_node(properties: &str, drm: &Path) -> Option<(String, Found)> {
    let property = |name: &str| -> Option<u64> {
        let mut lines = properties.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(key, _)| *key == name)?.1.trim().parse().ok()
    };
    let target = property("gfx_target_version").filter(|version| *version > 0)?;
    let minor = property("drm_render_minor")?;
    if !drm.join(format!("renderD{minor}")).exists() {
        return None;
    }
    let location = property("location_id")?;
    let address = format!(
        "{:04x}:{:02x}:{:02x}.{}",
        property("domain").unwrap_or(0),
        location >> 8 & 0xff,
        location >> 3 & 0x1f,
        location & 7
    );
    let found = Found {
        vendor: Some("AMD".to_owned()),
        architecture: Some(gfx(target)),
        ..Found::default()
    };
    Some((address, found))
}

/// `110501` is `gfx1151`: major, minor and stepping, the last one hexadecimal.
fn gfx(target: u64) -> String {
    format!("gfx{}{:x}{:x}", target / 10_000, target / 100 % 100, target % 100)
}

fn cards(drm: &Path) -> ByAddress {
    let Ok(entries) = fs::read_dir(drm) else {
        return ByAddress::new();
    };
    entries
        .flatten()
        .filter(|entry| {
            // `card0`, and not its connectors, `card0-DP-1`.
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("card"));
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        })
        .filter_map(|entry| card(&entry.path().join("device")))
        .collect()
}

fn card(device: &Path) -> Option<(String, Found)> {
    let mut nodes = fs::read_dir(device.join("drm")).ok()?.flatten();
    nodes.find(|node| node.file_name().to_string_lossy().starts_with("renderD"))?;
    let text = |name: &str| fs::read_to_string(device.join(name)).ok();
    let vendor = match text("vendor")?.trim() {
        "0x1002" => Some("AMD"),
        "0x10de" => Some("NVIDIA"),
        "0x8086" => Some("Intel"),
        _ => None,
    };
    let last = |path: &Path| {
        let target = fs::canonicalize(path).ok()?;
        fact(target.file_name()?.to_str()?)
    };
    let sensors = fs::read_dir(device.join("hwmon"))
        .ok()
        .and_then(|mut folders| folders.next()?.ok());
    let power = sensors.and_then(|folder| fs::read_to_string(folder.path().join("power1_cap")).ok());
    let found = Found {
        vendor: vendor.map(str::to_owned),
        model: text("product_name").and_then(fact),
        memory: text("mem_info_vram_total").and_then(|text| text.trim().parse().ok()),
        driver: last(&device.join("driver")).map(|name| Versioned { name, version: None }),
        // Millionths of a watt.
        power_limit: power
            .and_then(|text| text.trim().parse().ok())
            .map(|microwatts: f64| microwatts / 1e6),
        ..Found::default()
    };
    Some((last(device)?, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_5_gfx_targets() {
        for (target, expected) in [
            (110_501, "gfx1151"),
            (100_300, "gfx1030"),
            (90_010, "gfx90a"),
            (90_402, "gfx942"),
        ] {
            assert_eq!(gfx(target), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn runtime_5_5_cards_and_compute_nodes_are_joined() {
        let folder = tempfile::tempdir().unwrap();
        let class = folder.path();
        assert_eq!(detect(class), ByAddress::new());
        for line in include_str!("../gpu/recorded/amd_class.txt").lines() {
            let (path, value) = line.split_once(' ').unwrap();
            let path = class.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, value.replace('|', "\n")).unwrap();
        }
        // As in /sys: a card is a link to its place on the bus.
        for (card, address) in [("card0", "0000:03:00.0"), ("card1", "0000:0a:00.0")] {
            fs::create_dir_all(class.join("drm").join(card)).unwrap();
            std::os::unix::fs::symlink(
                class.join("bus").join(address),
                class.join("drm").join(card).join("device"),
            )
            .unwrap();
        }
        std::os::unix::fs::symlink(
            class.join("drivers/amdgpu"),
            class.join("bus/0000:03:00.0/driver"),
        )
        .unwrap();
        let found = detect(class);
        let radeon = Found {
            vendor: Some("AMD".to_owned()),
            model: Some("Radeon RX 6800".to_owned()),
            architecture: Some("gfx1030".to_owned()),
            memory: Some(17_163_091_968),
            driver: Some(Versioned {
                name: "amdgpu".to_owned(),
                version: None,
            }),
            power_limit: Some(203.0),
            unified: false,
        };
        assert_eq!(found, ByAddress::from([("0000:03:00.0".to_owned(), radeon)]));
    }
}
