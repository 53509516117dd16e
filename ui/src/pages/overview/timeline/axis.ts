// The axis of time: where a moment is drawn, which moment is at a place, and what is written under it.

/** From the earliest moment at the left to the latest at the right, both in milliseconds of the epoch; `width` is in pixels. */
export interface Axis {
  from: number;
  to: number;
  width: number;
}

export interface Tick {
  moment: number;
  x: number;
  text: string;
}

/** The windows that a person can choose, in minutes. */
export const WINDOWS = [15, 60, 360] as const;
export type Minutes = (typeof WINDOWS)[number];

const MINUTE = 60_000;
/** Distances between ticks that people read easily, in minutes. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180];
/** Pixels that a tick's text needs. */
const LEAST_DISTANCE = 64;

/** The window that the query asks for; the hour when it asks for none of those on offer. */
export function minutesOf(text: string | null): Minutes {
  return WINDOWS.find((minutes) => String(minutes) === text) ?? 60;
}

export function windowText(minutes: Minutes): string {
  return minutes < 60 ? `${minutes} min` : `${minutes / 60} h`;
}

/** Where a window that ends now has its right end. It moves on by whole pixels: less cannot be seen, and would draw everything anew. */
export function endOf(minutes: Minutes, now: number, width: number): number {
  const pixel = (minutes * MINUTE) / Math.max(1, width);
  return Math.ceil(now / pixel) * pixel;
}

export function xOf(axis: Axis, moment: number): number {
  return ((moment - axis.from) / (axis.to - axis.from)) * axis.width;
}

/** The moment at a place, which may be beyond the ends. */
export function momentAt(axis: Axis, x: number): number {
  if (axis.width <= 0) return axis.to;
  const share = Math.min(1, Math.max(0, x / axis.width));
  return axis.from + share * (axis.to - axis.from);
}

/** Ticks at round local times. */
export function ticksOf(axis: Axis): Tick[] {
  if (axis.width <= 0) return [];
  const perPixel = (axis.to - axis.from) / axis.width;
  const wanted = LEAST_DISTANCE * perPixel;
  const step = (STEPS.find((minutes) => minutes * MINUTE >= wanted) ?? STEPS[STEPS.length - 1] ?? 1) * MINUTE;
  // Round in local time: half-hour zones have their hours elsewhere.
  const offset = new Date(axis.from).getTimezoneOffset() * MINUTE;
  const ticks: Tick[] = [];
  for (let moment = Math.ceil((axis.from - offset) / step) * step + offset; moment <= axis.to; moment += step) {
    ticks.push({ moment, x: xOf(axis, moment), text: hourAndMinute(moment) });
  }
  return ticks;
}

function hourAndMinute(moment: number): string {
  const date = new Date(moment);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}
