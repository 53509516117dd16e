// The lanes of the timeline: one per model, with what its process did as bars.

import { clockTime, duration } from "../../../format/time";
import type { ModelSpans, Span } from "../shapes";
import { xOf, type Axis } from "./axis";

export interface Bar {
  key: string;
  state: Span["state"];
  x: number;
  width: number;
  /** What it says when one points at it. */
  text: string;
}

export interface Lane {
  id: string;
  bars: Bar[];
}

/** Lanes that are drawn: more do not fit on a screen, and each costs up to a bar per two pixels. */
export const LANES_AT_MOST = 40;

/** Pixels below which a bar could not be seen. What would be drawn in the same pixels as the bar before it is left out, so that
 *  a lane never has more bars than half its pixels, however many swaps there were. */
const LEAST_WIDTH = 2;

/** The lanes in order of id, and how many there are beyond them: those that were busy last are kept. */
export function lanesOf(models: readonly ModelSpans[], axis: Axis): { lanes: Lane[]; more: number } {
  const shown = models.map((model) => ({ model, last: lastMoment(model, axis) })).filter(({ last }) => last >= axis.from);
  const kept = new Set(
    shown
      .toSorted((a, b) => b.last - a.last)
      .slice(0, LANES_AT_MOST)
      .map(({ model }) => model.id),
  );
  const lanes = shown
    .filter(({ model }) => kept.has(model.id))
    .map(({ model }) => ({ id: model.id, bars: barsOf(model.spans, axis) }));
  return { lanes, more: shown.length - lanes.length };
}

/** The bars of a lane, clipped to the window. */
export function barsOf(spans: readonly Span[], axis: Axis): Bar[] {
  const bars: Bar[] = [];
  let drawn = 0;
  for (const span of spans) {
    const from = Date.parse(span.from);
    const until = span.until === null ? axis.to : Date.parse(span.until);
    if (until < axis.from || from > axis.to) continue;
    const left = xOf(axis, Math.max(from, axis.from));
    const right = Math.min(axis.width, Math.max(xOf(axis, Math.min(until, axis.to)), left + LEAST_WIDTH));
    const x = Math.max(left, drawn);
    if (right - x < LEAST_WIDTH && bars.length > 0) continue;
    bars.push({ key: `${span.state} ${span.from}`, state: span.state, x, width: Math.max(0, right - x), text: spanText(span, axis.to) });
    drawn = right;
  }
  return bars;
}

/** What the process did at this moment; `null` when there was none. */
export function stateAt(spans: readonly Span[], moment: number): Span["state"] | null {
  const span = spans.findLast((found) => Date.parse(found.from) <= moment);
  if (span === undefined) return null;
  return span.until === null || Date.parse(span.until) > moment ? span.state : null;
}

/** A span in words: `ready from 15:04:05 to 15:10:00 (5 m 55 s): became ready. Then: idle for 60 s`. */
export function spanText(span: Span, now: number): string {
  const from = Date.parse(span.from);
  const until = span.until === null ? now : Date.parse(span.until);
  const length = duration(Math.max(0, until - from));
  const time = span.until === null ? `since ${clockTime(from)}` : `from ${clockTime(from)} to ${clockTime(until)}`;
  const end = span.ended === null ? "" : `. Then: ${span.ended}`;
  return `${span.state} ${time} (${length}): ${span.cause}${end}`;
}

function lastMoment(model: ModelSpans, axis: Axis): number {
  const last = model.spans.at(-1);
  if (last === undefined) return -Infinity;
  return last.until === null ? axis.to : Date.parse(last.until);
}
