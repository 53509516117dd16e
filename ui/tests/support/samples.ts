// What herder tells of a made-up machine: the hardware, and samples of it. For tests of functions and of pages alike.

import type { GpuSample, Hardware, SystemSample } from "../../src/api/schema";

/** The machine of spec/http-api.md 1.15. */
export const HARDWARE: Hardware = {
  schema_version: 1,
  captured_at: "2027-02-03T04:00:00Z",
  capture: { scope: "inference_host", method: "detected", detector: { name: "herder", version: "0.4.1" } },
  architecture: { name: "x86_64", raw_name: "amd64" },
  operating_system: { family: "linux", name: "debian", version: "12", kernel: "6.1.0" },
  environment: { kind: "container", name: "docker", version: null },
  cpu: { vendor: "AcmeChip", model: "Acme 9000", socket_count: 1, physical_core_count: 8, logical_thread_count: 16 },
  memory: { capacity_bytes: 68_719_476_736 },
  accelerators: [
    {
      index: 0,
      kind: "gpu",
      vendor: "Acme",
      model: "G1",
      architecture: null,
      memory: { kind: "dedicated", capacity_bytes: 25_769_803_776 },
      driver: { name: "acme", version: "5.1" },
      power_limit_watts: 350,
    },
  ],
};

/** A look at the machine, at a moment in milliseconds of the epoch. */
export function systemSample(at: number, part: Partial<SystemSample> = {}): SystemSample {
  return {
    timestamp: new Date(at).toISOString(),
    cpu_util_per_core: [10, 30],
    mem_total_mb: 65_536,
    mem_used_mb: 16_384,
    mem_free_mb: 49_152,
    swap_total_mb: 0,
    swap_used_mb: 0,
    load_avg_1: 0.7,
    load_avg_5: 0.5,
    load_avg_15: 0.4,
    net_io: [],
    ...part,
  };
}

/** A look at one of its GPUs, all of one name. */
export function gpuSample(at: number, id: number, part: Partial<GpuSample> = {}): GpuSample {
  return {
    timestamp: new Date(at).toISOString(),
    id,
    name: "Acme G1",
    uuid: `GPU-${id}`,
    temp_c: 51,
    vram_temp_c: 0,
    gpu_util_pct: 40,
    mem_util_pct: 22,
    mem_used_mb: 5120,
    mem_total_mb: 24_576,
    fan_speed_pct: 30,
    power_draw_w: 112.4,
    ...part,
  };
}
