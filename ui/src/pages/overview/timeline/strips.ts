// The strips under the lanes: what was measured, over the same time.

import { mebibytes, percent } from "../../../format/quantity";
import type { GpuSample } from "../../../api/schema";
import type { Samples } from "../samples";
import { xOf, type Axis } from "./axis";

/** A moment in milliseconds of the epoch, and what was measured then. */
export type Point = [moment: number, value: number];

export interface Strip {
  key: string;
  label: string;
  /** What the top of the strip stands for. */
  most: number;
  points: Point[];
  text: (value: number) => string;
}

/** GPUs that have strips: more do not fit on a screen. The Performance page shows all. */
export const GPUS_AT_MOST = 8;

/** Pixels of a strip from bottom to top. */
export const STRIP_HEIGHT = 30;

/** Milliseconds without a sample after which the line is broken, at least; a minute is ten times the usual distance. */
const LEAST_GAP = 60_000;

/** A strip for the memory of the machine, and two for each GPU. */
export function stripsOf(samples: Samples): Strip[] {
  const strips: Strip[] = [];
  const total = samples.system.at(-1)?.mem_total_mb;
  if (total !== undefined) {
    strips.push({
      key: "memory",
      label: "Memory",
      most: Math.max(1, total),
      points: samples.system.map((sample) => [Date.parse(sample.timestamp), sample.mem_used_mb]),
      text: ofTotal(total),
    });
  }
  for (const [key, looks] of [...byGpu(samples.gpus)].slice(0, GPUS_AT_MOST)) {
    const last = looks.at(-1);
    if (last === undefined) continue;
    const name = `GPU ${last.id}`;
    strips.push({
      key: `${key} memory`,
      label: `${name} memory`,
      most: Math.max(1, last.mem_total_mb),
      points: looks.map((look) => [Date.parse(look.timestamp), look.mem_used_mb]),
      text: ofTotal(last.mem_total_mb),
    });
    strips.push({
      key: `${key} use`,
      label: `${name} use`,
      most: 100,
      points: looks.map((look) => [Date.parse(look.timestamp), look.gpu_util_pct]),
      text: percent,
    });
  }
  return strips;
}

/** The outline of what was measured, as an SVG path: filled areas, broken where nothing was measured. At most one point per pixel,
 *  the highest. */
export function areaOf(strip: Pick<Strip, "points" | "most">, axis: Axis, height: number): string {
  const runs: Point[][] = [];
  const gap = gapOf(strip.points);
  let before = -Infinity;
  for (const [moment, value] of strip.points) {
    if (moment < axis.from - gap || moment > axis.to) continue;
    const x = Math.max(0, Math.round(xOf(axis, moment)));
    const y = height - Math.min(1, Math.max(0, value / strip.most)) * height;
    let run = runs.at(-1);
    if (run === undefined || moment - before > gap) runs.push((run = []));
    const last = run.at(-1);
    if (last !== undefined && last[0] === x) last[1] = Math.min(last[1], y);
    else run.push([x, y]);
    before = moment;
  }
  return runs.map((run) => outline(run, height)).join("");
}

/** What was measured last at a moment; `null` when that is too long ago. */
export function valueAt(points: readonly Point[], moment: number): number | null {
  const point = points.findLast(([at]) => at <= moment);
  return point === undefined || moment - point[0] > gapOf(points) ? null : point[1];
}

/** Where samples are taken seldom, the line is broken only when several are missing. */
function gapOf(points: readonly Point[]): number {
  let usual = Infinity;
  for (let i = 1; i < points.length; i += 1) usual = Math.min(usual, (points[i]?.[0] ?? 0) - (points[i - 1]?.[0] ?? 0));
  return Math.max(LEAST_GAP, Number.isFinite(usual) ? 3 * usual : 0);
}

function outline(run: readonly Point[], height: number): string {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) return "";
  const line = run.map(([x, y]) => `L${x} ${y.toFixed(1)}`).join("");
  return `M${first[0]} ${height}${line}L${last[0]} ${height}Z`;
}

function ofTotal(total: number): (value: number) => string {
  return (value) => `${mebibytes(value)} of ${mebibytes(total)}`;
}

/** The looks at each GPU, by number and identity, in order of first appearance. */
function byGpu(samples: readonly GpuSample[]): Map<string, GpuSample[]> {
  const gpus = new Map<string, GpuSample[]>();
  for (const sample of samples) {
    const key = `${sample.id} ${sample.uuid}`;
    const looks = gpus.get(key);
    if (looks) looks.push(sample);
    else gpus.set(key, [sample]);
  }
  return gpus;
}
