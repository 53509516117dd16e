//! `rocm-smi`: CSV whose columns differ between versions, so they are found by their headers (spec/runtime.md 5.3).

use super::reading::{Reading, number, size};

/// What it is asked for.
pub(super) const ARGUMENTS: [&str; 9] = [
    "--showid",
    "--showproductname",
    "--showtemp",
    "--showuse",
    "--showmeminfo",
    "vram",
    "--showfan",
    "--showpower",
    "--csv",
];

/// Rows that are not of this table, and cards without a number, are dropped.
pub(super) fn parse(output: &str) -> Vec<Reading> {
    let mut lines = output.lines().map(columns);
    // Warnings may come first.
    let Some(header) = lines.find(|columns| columns.first().is_some_and(|first| first == "device")) else {
        return Vec::new();
    };
    lines
        .filter(|row| row.len() == header.len())
        .filter_map(|row| parse_row(&header, &row))
        .collect()
}

fn parse_row(header: &[String], row: &[String]) -> Option<Reading> {
    let device = row.first()?;
    let id = device.strip_prefix("card")?.parse().ok()?;
    let column = |names: &[&str]| -> &str {
        let wanted = |name: &&str| header.iter().position(|title| title.eq_ignore_ascii_case(name));
        let mut texts = names
            .iter()
            .filter_map(wanted)
            .map(|position| row[position].as_str());
        texts.find(|text| !is_unknown(text)).unwrap_or_default()
    };
    Some(Reading {
        id,
        name: name(
            device,
            column(&["Card Series", "Device Name"]),
            column(&["GFX Version"]),
        ),
        uuid: column(&["GUID"]).to_owned(),
        temperature: number(column(&[
            "Temperature (Sensor edge) (C)",
            "Temperature (Sensor junction) (C)",
        ])),
        memory_temperature: number(column(&["Temperature (Sensor memory) (C)"])),
        utilisation: number(column(&["GPU use (%)"])),
        memory_used: size(column(&["VRAM Total Used Memory (B)"])),
        memory_total: size(column(&["VRAM Total Memory (B)"])),
        fan: number(column(&["Fan speed (%)", "Fan Speed (%)"])),
        power: number(column(&[
            "Average Graphics Package Power (W)",
            "Current Socket Graphics Package Power (W)",
        ])),
    })
}

/// `<series or device name> cardN (<gfx>)`, or just `cardN`.
fn name(device: &str, series: &str, gfx: &str) -> String {
    match (series, gfx) {
        ("", _) => device.to_owned(),
        (series, "") => format!("{series} {device}"),
        (series, gfx) => format!("{series} {device} ({gfx})"),
    }
}

fn is_unknown(text: &str) -> bool {
    ["", "n/a", "unknown"]
        .iter()
        .any(|unknown| text.eq_ignore_ascii_case(unknown))
}

/// The columns of a line; quotes protect commas.
fn columns(line: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => columns.push(String::new()),
            other => {
                if let Some(column) = columns.last_mut() {
                    column.push(other);
                }
            }
        }
    }
    for column in &mut columns {
        *column = column.trim().to_owned();
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_3_rocm_smi() {
        let readings = parse(include_str!("recorded/rocm_smi.csv"));
        let discrete = Reading {
            id: 0,
            name: "Navi 21 [Radeon RX 6800/6800 XT / 6900 XT] card0 (gfx1030)".to_owned(),
            uuid: "45534".to_owned(),
            temperature: 45.0,
            memory_temperature: 60.0,
            utilisation: 7.0,
            memory_used: 2_145_386_496,
            memory_total: 17_163_091_968,
            fan: 20.0,
            power: 32.0,
        };
        let integrated = Reading {
            id: 1,
            name: "card1".to_owned(),
            uuid: "31337".to_owned(),
            temperature: 41.0,
            utilisation: 0.0,
            memory_used: 21_807_104,
            memory_total: 536_870_912,
            power: 11.1,
            ..Reading::default()
        };
        assert_eq!(readings, [discrete, integrated]);
    }

    #[test]
    fn runtime_5_3_rocm_smi_says_something_else() {
        for output in [
            "",
            "WARNING: No AMD GPUs specified\n",
            "device,GPU use (%)\n",
            "device,GPU use (%)\nsystem,5\n",
            "device,GPU use (%)\ncard0,5,6\n",
            "device,GPU use (%)\ncardX,5\n",
        ] {
            assert_eq!(parse(output), [], "{output:?}");
        }
        let other =
            parse("device,Current Socket Graphics Package Power (W),Device Name\ncard2,250.5,MI300X\n");
        assert_eq!((other[0].name.as_str(), other[0].id), ("MI300X card2", 2));
        assert!((other[0].power - 250.5).abs() < 1e-9);
    }
}
