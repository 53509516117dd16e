// The charts of the machine itself: memory, processors, load, network.

import type { SystemSample } from "../../api/schema";
import { chartOf, type Chart, type Point } from "../../components/time_chart/chart";
import { mebibytes } from "../../format/quantity";

/** Bits of a megabit. */
const MEGABIT = 1_000_000;

/** Memory is drawn in GiB, so that the axis has round numbers. */
export const MIB_PER_GIB = 1024;

/** Its charts; samples are in order of time. */
export function machineCharts(samples: readonly SystemSample[]): Chart[] {
  const newest = samples.at(-1);
  if (newest === undefined) return [];
  const line = (label: string, value: (sample: SystemSample) => number | null) => ({ key: label, label, points: pointsOf(samples, value) });
  const hasSwap = samples.some((sample) => sample.swap_total_mb > 0);
  const memory = { ...line("Memory", (sample) => gibibytes(sample.mem_used_mb)), most: gibibytes(newest.mem_total_mb) };
  const swap = { ...line("Swap", (sample) => gibibytes(sample.swap_used_mb)), most: gibibytes(newest.swap_total_mb) };
  const charts = [
    chartOf(
      { key: "memory", title: "Memory", most: Math.max(memory.most, hasSwap ? swap.most : 0), kind: "lines", text: gibibyteText },
      hasSwap ? [memory, swap] : [memory],
    ),
    chartOf({ key: "memory-share", title: "Memory in use", most: 100, kind: "lines", text: percentText }, [
      line("Memory", (sample) => share(sample.mem_used_mb, sample.mem_total_mb)),
      ...(hasSwap ? [line("Swap", (sample) => share(sample.swap_used_mb, sample.swap_total_mb))] : []),
    ]),
    chartOf({ key: "cpu", title: "CPU utilization", most: 100, kind: "lines", text: percentText }, [
      line("All cores", (sample) => mean(sample.cpu_util_per_core)),
      ...newest.cpu_util_per_core.map((_, core) => ({
        ...line(`Core ${core}`, (sample) => sample.cpu_util_per_core[core] ?? null),
        isFaint: true,
      })),
    ]),
    chartOf({ key: "load", title: "Load average", most: null, kind: "lines", text: (value) => value.toFixed(2) }, [
      line("1 min", (sample) => sample.load_avg_1),
      line("5 min", (sample) => sample.load_avg_5),
      line("15 min", (sample) => sample.load_avg_15),
    ]),
  ];
  const rates = ratesOf(samples);
  if (rates.length > 0) {
    charts.push(chartOf({ key: "network", title: "Network", most: null, kind: "lines", text: (value) => `${value.toFixed(value < 10 ? 2 : 0)} Mbit/s` }, rates));
  }
  return charts;
}

/** What went in and out of each interface between two samples, in Mbit/s. After a counter began anew, one rate is not known. */
export function ratesOf(samples: readonly SystemSample[]): { key: string; label: string; points: Point[] }[] {
  const rates = new Map<string, Point[]>();
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined) continue;
    const moment = Date.parse(sample.timestamp);
    const seconds = (moment - Date.parse(before.timestamp)) / 1000;
    const counters = new Map(before.net_io.map((network) => [network.name, network]));
    for (const network of sample.net_io) {
      const last = counters.get(network.name);
      if (last === undefined) continue;
      add(rates, `${network.name} in`, [moment, rate(last.bytes_recv, network.bytes_recv, seconds)]);
      add(rates, `${network.name} out`, [moment, rate(last.bytes_sent, network.bytes_sent, seconds)]);
    }
  }
  return [...rates].map(([label, points]) => ({ key: label, label, points }));
}

export function pointsOf<S extends { timestamp: string }>(samples: readonly S[], value: (sample: S) => number | null): Point[] {
  return samples.map((sample) => [Date.parse(sample.timestamp), value(sample)]);
}

export function gibibytes(mib: number): number {
  return mib / MIB_PER_GIB;
}

export function gibibyteText(value: number): string {
  return mebibytes(value * MIB_PER_GIB);
}

export function percentText(value: number): string {
  return `${value < 10 && value > 0 ? value.toFixed(1) : Math.round(value)} %`;
}

function rate(before: number, now: number, seconds: number): number | null {
  return now < before || seconds <= 0 ? null : ((now - before) * 8) / seconds / MEGABIT;
}

function share(used: number, total: number): number | null {
  return total > 0 ? (used / total) * 100 : null;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function add(rates: Map<string, Point[]>, label: string, point: Point): void {
  const points = rates.get(label);
  if (points) points.push(point);
  else rates.set(label, [point]);
}
