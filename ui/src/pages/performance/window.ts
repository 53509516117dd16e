// The time that is looked at: the window that ends now, and the part of it that the person has zoomed into.

import type { Range } from "../../components/time_chart/chart";

/** Windows to choose from, in minutes: herder keeps samples for an hour. */
export const WINDOWS = [5, 15, 60] as const;
export type Minutes = (typeof WINDOWS)[number];

/** Pauses between two looks to choose from, in seconds; 0 is never. */
export const PAUSES = [0, 5, 10, 30, 60] as const;
export type Pause = (typeof PAUSES)[number];

/** Milliseconds of the shortest range: two samples must fit. */
export const SHORTEST = 10_000;

/** The choice that the query names; the remembered one when it names none of those on offer. */
export function chosen<T extends number>(query: string | null, choices: readonly T[], remembered: T): T {
  return choices.find((choice) => String(choice) === query) ?? remembered;
}

export function windowText(minutes: Minutes): string {
  return minutes < 60 ? `${minutes} min` : `${minutes / 60} h`;
}

export function pauseText(pause: Pause): string {
  return pause === 0 ? "Off" : `${pause} s`;
}

/** A range changed in length by a factor, with a moment staying where it is; `null` when that is all of the window. */
export function zoomed(range: Range, whole: Range, factor: number, around: number): Range | null {
  const length = Math.max(SHORTEST, (range.to - range.from) * factor);
  if (length >= whole.to - whole.from) return null;
  const share = Math.min(1, Math.max(0, (around - range.from) / (range.to - range.from)));
  const from = Math.min(Math.max(around - share * length, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** A range that was dragged over, made long enough and put into the window. */
export function dragged(range: Range, whole: Range): Range | null {
  const centre = (range.from + range.to) / 2;
  const half = Math.max(SHORTEST, range.to - range.from) / 2;
  return zoomed({ from: centre - half, to: centre + half }, whole, 1, centre);
}
