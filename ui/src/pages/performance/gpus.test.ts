import { expect, it } from "vitest";
import type { GpuSample } from "../../api/schema";
import { gpuCharts } from "./gpus";

function sample(id: number, part: Partial<GpuSample> = {}): GpuSample {
  return {
    timestamp: "2027-02-03T04:05:06.8Z",
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

it("nothing without GPUs", () => expect(gpuCharts([])).toEqual([]));

it("a line for each GPU, equal names told apart", () => {
  const charts = gpuCharts([sample(1, { mem_total_mb: 49_152 }), sample(0)]);
  expect(charts.map(({ title }) => title)).toEqual([
    "GPU memory",
    "GPU utilization",
    "GPU memory in use",
    "GPU temperature",
    "GPU power draw",
    "GPU fan",
  ]);
  expect(charts[0]).toMatchObject({
    most: 48,
    times: [Date.parse("2027-02-03T04:05:06.8Z")],
    lines: [
      { label: "GPU 0: Acme G1", values: [5], most: 24 },
      { label: "GPU 1: Acme G1", values: [5], most: 48 },
    ],
  });
});

it("the temperature of the memory where one GPU says it", () => {
  const chart = gpuCharts([sample(0), sample(1, { vram_temp_c: 70 })]).find(({ key }) => key === "vram-temperature");
  expect(chart?.lines.map(({ values }) => values)).toEqual([[null], [70]]);
});

it("a GPU that took the number of another", () => {
  const [chart] = gpuCharts([sample(0, { uuid: "GPU-a" }), sample(0, { uuid: "GPU-b" })]);
  expect(chart?.lines.map(({ label }) => label)).toEqual(["GPU 0: Acme G1 (GPU-a)", "GPU 0: Acme G1 (GPU-b)"]);
});
