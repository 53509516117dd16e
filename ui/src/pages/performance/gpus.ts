// The charts of the GPUs. GPUs of one name are told apart by their number.

import type { GpuSample } from "../../api/schema";
import { chartOf, type Chart } from "../../components/time_chart/chart";
import { gibibytes, gibibyteText, percentText, pointsOf } from "./machine";

/** Their charts, in ascending order of number within each; none without GPUs. Samples are in order of time. */
export function gpuCharts(samples: readonly GpuSample[]): Chart[] {
  const gpus = gpusOf(samples);
  if (gpus.length === 0) return [];
  const lines = (value: (sample: GpuSample) => number | null) =>
    gpus.map(({ key, label, looks }) => ({ key, label, points: pointsOf(looks, value) }));
  const sizes = gpus.map(({ looks }) => gibibytes(looks.at(-1)?.mem_total_mb ?? 0));
  const chart = (key: string, title: string, most: number | null, text: Chart["text"], value: (sample: GpuSample) => number | null) =>
    chartOf({ key, title, most, kind: "lines", text }, lines(value));
  const charts = [
    chartOf(
      { key: "vram", title: "GPU memory", most: Math.max(...sizes), kind: "lines", text: gibibyteText },
      lines((sample) => gibibytes(sample.mem_used_mb)).map((line, index) => ({ ...line, most: sizes[index] ?? 0 })),
    ),
    chart("gpu", "GPU utilization", 100, percentText, (sample) => sample.gpu_util_pct),
    chart("vram-share", "GPU memory in use", 100, percentText, (sample) => sample.mem_util_pct),
    chart("gpu-temperature", "GPU temperature", null, celsiusText, (sample) => sample.temp_c),
  ];
  if (samples.some((sample) => sample.vram_temp_c > 0)) {
    // 0 is what a GPU says that has no such sensor.
    charts.push(chart("vram-temperature", "GPU memory temperature", null, celsiusText, (sample) => sample.vram_temp_c || null));
  }
  charts.push(chart("power", "GPU power draw", null, (value) => `${Math.round(value)} W`, (sample) => sample.power_draw_w));
  charts.push(chart("fan", "GPU fan", 100, percentText, (sample) => sample.fan_speed_pct));
  return charts;
}

interface Gpu {
  key: string;
  label: string;
  looks: GpuSample[];
}

function gpusOf(samples: readonly GpuSample[]): Gpu[] {
  const gpus = new Map<string, Gpu>();
  for (const sample of samples) {
    const key = `${sample.id} ${sample.uuid}`;
    const known = gpus.get(key);
    if (known) known.looks.push(sample);
    else gpus.set(key, { key, label: `GPU ${sample.id}: ${sample.name}`, looks: [sample] });
  }
  const list = [...gpus.values()].sort((a, b) => (a.looks[0]?.id ?? 0) - (b.looks[0]?.id ?? 0));
  // Another GPU got the number of one that is gone.
  const isRepeated = (label: string): boolean => list.filter((gpu) => gpu.label === label).length > 1;
  return list.map((gpu) => (isRepeated(gpu.label) ? { ...gpu, label: `${gpu.label} (${gpu.looks[0]?.uuid})` } : gpu));
}

function celsiusText(value: number): string {
  return `${Math.round(value)} °C`;
}
