// What a chart over time shows, and what is read from it. How it is drawn is in engine.ts.

/** A moment in milliseconds of the epoch, and what was measured then; `null` when that cannot be said. */
export type Point = readonly [moment: number, value: number | null];

/** A piece of time, in milliseconds of the epoch. */
export interface Range {
  from: number;
  to: number;
}

export interface Line {
  key: string;
  label: string;
  /** One per moment of the chart. */
  values: (number | null)[];
  /** The most that it can be, such as the size of a memory. */
  most?: number;
  /** One of many that are of interest together: thin and grey. */
  isFaint?: boolean;
}

export interface Chart {
  key: string;
  title: string;
  /** Moments in ascending order, each once. */
  times: number[];
  lines: Line[];
  /** Lines that there are, when not all are drawn. */
  of: number;
  /** The upper end of the axis; `null` where the values decide. */
  most: number | null;
  /** `points`: each value stands for itself, such as a request. `lines`: samples of something that goes on. */
  kind: "lines" | "points";
  /** A value in words, with its unit. */
  text: (value: number) => string;
  /** Something to know about it. */
  note?: string;
}

/** Something that happened, as a mark in each chart. */
export interface ChartMark {
  at: number;
  kind: "load" | "stop" | "failure";
}

/** What one line says of the time that is looked at. */
export interface Reading {
  key: string;
  label: string;
  /** At the moment that is looked at. */
  now: string;
  lowest: string;
  mean: string;
  highest: string;
}

/** Lines of a chart: more cannot be told apart, and each costs time to draw. */
export const LINES_AT_MOST = 64;

/** Milliseconds without a sample after which a line is broken, at least. */
const LEAST_GAP = 60_000;

/** What is written for a value that is not known. */
const UNKNOWN = "–";

interface Source extends Omit<Line, "values"> {
  points: readonly Point[];
}

/** A chart of these lines, over the moments of all of them. */
export function chartOf(chart: Omit<Chart, "times" | "lines" | "of">, sources: readonly Source[]): Chart {
  const drawn = sources.slice(0, LINES_AT_MOST);
  const moments = [...new Set(drawn.flatMap(({ points }) => points.map(([moment]) => moment)))].sort((a, b) => a - b);
  const times = chart.kind === "lines" ? broken(moments) : moments;
  const lines = drawn.map(({ points, ...line }) => {
    const known = new Map(points);
    return { ...line, values: times.map((moment) => known.get(moment) ?? null) };
  });
  return { ...chart, times, lines, of: sources.length };
}

/** What was measured in a range, and at the last moment before it, so that lines reach the edge. All is in order of time. */
export function within<T>(all: readonly T[], range: Range, momentOf: (item: T) => number): T[] {
  const before = all.findLast((item) => momentOf(item) < range.from);
  const first = before === undefined ? range.from : momentOf(before);
  return all.filter((item) => momentOf(item) >= first && momentOf(item) <= range.to);
}

/** What each line says at a moment, and of the range. */
export function readingsOf(chart: Chart, range: Range, moment: number | null): Reading[] {
  const gap = chart.kind === "lines" ? gapOf(chart.times) : Infinity;
  const at = moment ?? range.to;
  return chart.lines.map(({ key, label, values, most }) => {
    const say = (value: number | null): string => (value === null ? UNKNOWN : chart.text(value));
    const now = valueAt(chart.times, values, at, gap);
    const seen = values.filter((value, index): value is number => value !== null && isIn(range, chart.times[index]));
    const extremes = seen.length === 0 ? null : { lowest: Math.min(...seen), highest: Math.max(...seen) };
    return {
      key,
      label,
      now: now !== null && most !== undefined ? `${say(now)} of ${say(most)}` : say(now),
      lowest: say(extremes && extremes.lowest),
      mean: say(extremes && seen.reduce((sum, value) => sum + value, 0) / seen.length),
      highest: say(extremes && extremes.highest),
    };
  });
}

/** Whether there is anything to see in the range. */
export function isEmpty(chart: Chart, range: Range): boolean {
  return !chart.lines.some(({ values }) => values.some((value, index) => value !== null && isIn(range, chart.times[index])));
}

/** The place of a line in the colours, which are `--series-1` to `--series-8`. */
export function colourOf(index: number): number {
  return (index % COLOURS) + 1;
}

/** Lengths of dashes and gaps in pixels; lines are told apart by them too, not by colour alone. */
export function dashOf(index: number): number[] {
  return DASHES[(index + Math.floor(index / COLOURS)) % DASHES.length] ?? [];
}

const COLOURS = 8;
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

function isIn(range: Range, moment: number | undefined): boolean {
  return moment !== undefined && moment >= range.from && moment <= range.to;
}

function valueAt(times: readonly number[], values: readonly (number | null)[], moment: number, gap: number): number | null {
  const index = times.findLastIndex((time, at) => time <= moment && values[at] !== null);
  return index === -1 || moment - (times[index] ?? 0) > gap ? null : (values[index] ?? null);
}

/** Moments with one more, at which nothing is known, wherever samples are missing. */
function broken(moments: readonly number[]): number[] {
  const gap = gapOf(moments);
  return moments.flatMap((moment, index) => {
    const before = moments[index - 1];
    return before !== undefined && moment - before > gap ? [before + 1, moment] : [moment];
  });
}

/** Where samples are taken seldom, several must be missing. */
function gapOf(moments: readonly number[]): number {
  const distances = moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0)).sort((a, b) => a - b);
  return Math.max(LEAST_GAP, 3 * (distances[Math.floor(distances.length / 2)] ?? 0));
}
