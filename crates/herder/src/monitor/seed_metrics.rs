//! The metrics that llama-swap has, under its names and in its order (spec/http-api.md 1.13), so that existing
//! dashboards keep working. Only the newest sample is exposed.

use super::exposition::{Exposition, Kind};
use super::sample::{GpuSample, SystemSample};

/// Bytes of the unit in which sizes are sampled.
const MIB: u64 = 1 << 20;

/// A GPU's metric: its name, its help, and the number in a sample.
type GpuMetric = (&'static str, &'static str, fn(&GpuSample) -> f64);

/// A size in MiB becomes bytes; doubles hold every size up to 8 PiB exactly.
#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^53")]
fn bytes(mebibytes: u64) -> f64 {
    (mebibytes * MIB) as f64
}

const GPU_METRICS: [GpuMetric; 8] = [
    ("llamaswap_gpu_temperature_celsius", "GPU temperature.", |gpu| {
        gpu.temp_c.into()
    }),
    (
        "llamaswap_gpu_vram_temperature_celsius",
        "GPU memory temperature, 0 if unknown.",
        |gpu| gpu.vram_temp_c.into(),
    ),
    ("llamaswap_gpu_util_percent", "GPU utilisation.", |gpu| {
        gpu.gpu_util_pct.into()
    }),
    (
        "llamaswap_gpu_memory_util_percent",
        "GPU memory utilisation.",
        |gpu| gpu.mem_util_pct.into(),
    ),
    ("llamaswap_gpu_memory_used_bytes", "Used GPU memory.", |gpu| {
        bytes(gpu.mem_used_mb)
    }),
    ("llamaswap_gpu_memory_total_bytes", "GPU memory.", |gpu| {
        bytes(gpu.mem_total_mb)
    }),
    ("llamaswap_gpu_fan_speed_percent", "GPU fan speed.", |gpu| {
        gpu.fan_speed_pct.into()
    }),
    ("llamaswap_gpu_power_draw_watts", "GPU power draw.", |gpu| {
        gpu.power_draw_w
    }),
];

/// Writes them.
pub(crate) fn write_seed_metrics(
    exposition: &mut Exposition,
    system: Option<&SystemSample>,
    gpus: Option<&[GpuSample]>,
) {
    if let Some(system) = system {
        write_system(exposition, system);
    }
    // Without a GPU the block is absent.
    if let Some(gpus) = gpus.filter(|gpus| !gpus.is_empty()) {
        write_gpus(exposition, gpus);
    }
}

fn write_system(exposition: &mut Exposition, system: &SystemSample) {
    let mut cores = exposition.family(
        "llamaswap_cpu_util_percent",
        Kind::Gauge,
        "Utilisation of each logical processor since the previous sample.",
    );
    for (core, percent) in system.cpu_util_per_core.iter().enumerate() {
        cores.sample(&[("core", &core.to_string())], percent);
    }
    for (name, help, mebibytes) in [
        (
            "llamaswap_memory_total_bytes",
            "Memory of the machine.",
            system.mem_total_mb,
        ),
        (
            "llamaswap_memory_used_bytes",
            "Memory in use.",
            system.mem_used_mb,
        ),
        (
            "llamaswap_memory_free_bytes",
            "Memory that can be had.",
            system.mem_free_mb,
        ),
        ("llamaswap_swap_total_bytes", "Swap space.", system.swap_total_mb),
        (
            "llamaswap_swap_used_bytes",
            "Swap space in use.",
            system.swap_used_mb,
        ),
    ] {
        exposition
            .family(name, Kind::Gauge, help)
            .sample(&[], mebibytes * MIB);
    }
    let mut load = exposition.family("llamaswap_load_average", Kind::Gauge, "Load average.");
    for (interval, value) in [
        ("1m", system.load_avg_1),
        ("5m", system.load_avg_5),
        ("15m", system.load_avg_15),
    ] {
        load.sample(&[("interval", interval)], value);
    }
    if system.net_io.is_empty() {
        return;
    }
    let mut network = exposition.family(
        "llamaswap_network_bytes_total",
        Kind::Counter,
        "Bytes that have passed a network interface.",
    );
    for interface in &system.net_io {
        for (direction, bytes) in [("recv", interface.bytes_recv), ("sent", interface.bytes_sent)] {
            network.sample(&[("interface", &interface.name), ("direction", direction)], bytes);
        }
    }
}

fn write_gpus(exposition: &mut Exposition, gpus: &[GpuSample]) {
    let mut gpus: Vec<&GpuSample> = gpus.iter().collect();
    gpus.sort_by_key(|gpu| gpu.id);
    for (name, help, number) in GPU_METRICS {
        let mut family = exposition.family(name, Kind::Gauge, help);
        for gpu in &gpus {
            let id = gpu.id.to_string();
            let labels = [("id", id.as_str()), ("name", &gpu.name), ("uuid", &gpu.uuid)];
            let known = if gpu.uuid.is_empty() {
                &labels[..2]
            } else {
                &labels[..]
            };
            family.sample(known, number(gpu));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::NetworkSample;
    use super::*;

    fn system() -> SystemSample {
        SystemSample {
            timestamp: jiff::Timestamp::UNIX_EPOCH,
            cpu_util_per_core: vec![12.5, 3.0],
            mem_total_mb: 65536,
            mem_used_mb: 20000,
            mem_free_mb: 45536,
            swap_total_mb: 0,
            swap_used_mb: 0,
            load_avg_1: 0.7,
            load_avg_5: 0.5,
            load_avg_15: 0.4,
            net_io: vec![NetworkSample {
                name: "eth0".to_owned(),
                bytes_recv: 123,
                bytes_sent: 456,
            }],
        }
    }

    fn gpu(id: u32, name: &str, uuid: &str) -> GpuSample {
        GpuSample {
            timestamp: jiff::Timestamp::UNIX_EPOCH,
            id,
            name: name.to_owned(),
            uuid: uuid.to_owned(),
            temp_c: 51,
            vram_temp_c: 0,
            gpu_util_pct: 40,
            mem_util_pct: 22,
            mem_used_mb: 5400,
            mem_total_mb: 24576,
            fan_speed_pct: 30,
            power_draw_w: 112.4,
        }
    }

    fn text(system: Option<&SystemSample>, gpus: Option<&[GpuSample]>) -> String {
        let mut exposition = Exposition::default();
        write_seed_metrics(&mut exposition, system, gpus);
        exposition.into_text()
    }

    /// Samples without help and type.
    fn samples(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn http_1_13_names_and_order() {
        let text = text(
            Some(&system()),
            Some(&[gpu(1, "Acme \"G1\"", ""), gpu(0, "Acme G1", "GPU-aa")]),
        );
        assert_eq!(
            samples(&text),
            [
                "llamaswap_cpu_util_percent{core=\"0\"} 12.5",
                "llamaswap_cpu_util_percent{core=\"1\"} 3",
                "llamaswap_memory_total_bytes 68719476736",
                "llamaswap_memory_used_bytes 20971520000",
                "llamaswap_memory_free_bytes 47747956736",
                "llamaswap_swap_total_bytes 0",
                "llamaswap_swap_used_bytes 0",
                "llamaswap_load_average{interval=\"1m\"} 0.7",
                "llamaswap_load_average{interval=\"5m\"} 0.5",
                "llamaswap_load_average{interval=\"15m\"} 0.4",
                "llamaswap_network_bytes_total{interface=\"eth0\",direction=\"recv\"} 123",
                "llamaswap_network_bytes_total{interface=\"eth0\",direction=\"sent\"} 456",
                "llamaswap_gpu_temperature_celsius{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 51",
                "llamaswap_gpu_temperature_celsius{id=\"1\",name=\"Acme \\\"G1\\\"\"} 51",
                "llamaswap_gpu_vram_temperature_celsius{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 0",
                "llamaswap_gpu_vram_temperature_celsius{id=\"1\",name=\"Acme \\\"G1\\\"\"} 0",
                "llamaswap_gpu_util_percent{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 40",
                "llamaswap_gpu_util_percent{id=\"1\",name=\"Acme \\\"G1\\\"\"} 40",
                "llamaswap_gpu_memory_util_percent{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 22",
                "llamaswap_gpu_memory_util_percent{id=\"1\",name=\"Acme \\\"G1\\\"\"} 22",
                "llamaswap_gpu_memory_used_bytes{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 5662310400",
                "llamaswap_gpu_memory_used_bytes{id=\"1\",name=\"Acme \\\"G1\\\"\"} 5662310400",
                "llamaswap_gpu_memory_total_bytes{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 25769803776",
                "llamaswap_gpu_memory_total_bytes{id=\"1\",name=\"Acme \\\"G1\\\"\"} 25769803776",
                "llamaswap_gpu_fan_speed_percent{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 30",
                "llamaswap_gpu_fan_speed_percent{id=\"1\",name=\"Acme \\\"G1\\\"\"} 30",
                "llamaswap_gpu_power_draw_watts{id=\"0\",name=\"Acme G1\",uuid=\"GPU-aa\"} 112.4",
                "llamaswap_gpu_power_draw_watts{id=\"1\",name=\"Acme \\\"G1\\\"\"} 112.4",
            ]
        );
        for family in samples(&text) {
            let name = family.split(['{', ' ']).next().unwrap();
            for line in [format!("# HELP {name} "), format!("# TYPE {name} ")] {
                assert_eq!(text.matches(&line).count(), 1, "{line}");
            }
        }
    }

    #[test]
    fn http_1_13_what_is_not_known_is_absent() {
        assert_eq!(text(None, None), "");
        let quiet = SystemSample {
            net_io: Vec::new(),
            ..system()
        };
        let text = text(Some(&quiet), Some(&[]));
        assert!(!text.contains("network") && !text.contains("gpu"), "{text}");
    }
}
