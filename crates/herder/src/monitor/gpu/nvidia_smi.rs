//! `nvidia-smi`: one line of CSV per GPU (spec/runtime.md 5.3).

use super::reading::{Reading, number, size};

/// What it is asked for. The columns are those of [`parse`].
pub(super) const ARGUMENTS: [&str; 2] = [
    "--query-gpu=index,name,uuid,temperature.gpu,utilization.gpu,memory.used,memory.total,fan.speed,power.draw",
    "--format=csv,noheader,nounits",
];

/// Bytes of its unit.
const MIB: u64 = 1 << 20;

/// Lines with too few columns are ignored, unreadable numbers are 0.
pub(super) fn parse(output: &str) -> Vec<Reading> {
    output.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Reading> {
    let columns: Vec<&str> = line.split(',').map(str::trim).collect();
    let [
        index,
        name,
        uuid,
        temperature,
        utilisation,
        used,
        total,
        fan,
        power,
        ..,
    ] = columns[..]
    else {
        return None;
    };
    Some(Reading {
        id: index.parse().ok()?,
        name: name.to_owned(),
        uuid: uuid.to_owned(),
        temperature: number(temperature),
        memory_temperature: 0.0,
        utilisation: number(utilisation),
        memory_used: size(used).saturating_mul(MIB),
        memory_total: size(total).saturating_mul(MIB),
        fan: number(fan),
        power: number(power),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_5_3_nvidia_smi() {
        let readings = parse(include_str!("recorded/nvidia_smi.csv"));
        let first = Reading {
            id: 0,
            name: "NVIDIA GeForce RTX 3090".to_owned(),
            uuid: "GPU-5f1c2c5e-7b7d-4a52-9a51-6a2f0f3c9d01".to_owned(),
            temperature: 51.0,
            memory_temperature: 0.0,
            utilisation: 40.0,
            memory_used: 5400 * MIB,
            memory_total: 24576 * MIB,
            fan: 30.0,
            power: 112.4,
        };
        // A card without a fan, in the state of an error.
        let second = Reading {
            id: 1,
            name: "NVIDIA H100 80GB HBM3".to_owned(),
            uuid: "GPU-0c9d9d0a-3f0d-6f0e-8f4c-2f7f1b7a5e02".to_owned(),
            temperature: 33.0,
            memory_used: 0,
            memory_total: 81559 * MIB,
            ..Reading::default()
        };
        assert_eq!(readings, [first, second]);
    }

    #[test]
    fn runtime_5_3_nvidia_smi_says_something_else() {
        for output in [
            "",
            "\n\n",
            "No devices were found\n",
            "0, NVIDIA A2, GPU-1, 40, 3, 10, 20, 30\n",
            "x, NVIDIA A2, GPU-1, 40, 3, 10, 20, 30, 5\n",
            "Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost.  Reboot the system\n",
        ] {
            assert_eq!(parse(output), [], "{output:?}");
        }
    }
}
