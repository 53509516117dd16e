// The timeline: where moments are drawn, what stands under them, and the same in words.

import { PHASES, timeIn, type Phase } from "./phases";
import type { Trial } from "./trial";

/** Width of the drawing, which is stretched to the place that it has. */
export const WIDTH = 1000;

/** Distances between ticks that people read easily, in milliseconds. */
const STEPS = [100, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000];

/** Ticks of one axis. */
const MOST_TICKS = 7;

export interface Bar {
  /** `browser` is drawn, but not counted as herder's waiting. */
  kind: Phase | "browser";
  x: number;
  width: number;
}

/** Milliseconds that the axis holds. */
export function lengthOf(trials: readonly Trial[], now: number): number {
  const ends = trials.map(({ endedAt }) => endedAt ?? now);
  return Math.max(100, ...ends);
}

/** The bars of one request on an axis of this length. */
export function barsOf({ state, sentAt, endedAt, spans }: Trial, length: number, now: number): Bar[] {
  const bar = (kind: Bar["kind"], from: number, to: number): Bar => ({ kind, x: (from / length) * WIDTH, width: (Math.max(0, to - from) / length) * WIDTH });
  const bars = spans.map((span) => bar(span.phase, span.from, span.to ?? now));
  const sent = sentAt ?? (state === "browser" ? now : (endedAt ?? now));
  return sent > 0 ? [bar("browser", 0, sent), ...bars] : bars;
}

/** Ticks at round distances, as shares of the axis. */
export function ticksOf(length: number): { share: number; text: string }[] {
  const step = STEPS.find((distance) => length / distance <= MOST_TICKS) ?? Math.ceil(length / MOST_TICKS / 600_000) * 600_000;
  const ticks: { share: number; text: string }[] = [];
  for (let at = 0; at <= length; at += step) ticks.push({ share: at / length, text: `${at / 1000} s` });
  return ticks;
}

/** A request in words. */
export function wordsOf(trial: Trial, now: number): string {
  const parts = PHASES.map((phase) => [phase, timeIn(trial.spans, phase, now)] as const)
    .filter(([, time]) => time > 0)
    .map(([phase, time]) => `${phase} ${(time / 1000).toFixed(1)} s`);
  return `${trial.number} ${trial.model}: ${[...parts, trial.state === "browser" ? "waits in the browser" : trial.state].join(", ")}`;
}
