import { expect, it } from "vitest";
import type { GpuSample } from "../../api/schema";
import { gpuSample } from "../../../tests/support/samples";
import { gpuCharts } from "./gpus";

const sample = (id: number, part?: Partial<GpuSample>) => gpuSample(Date.parse("2027-02-03T04:05:06.8Z"), id, part);

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
