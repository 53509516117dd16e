// The lanes of the timeline: one per model, with what its process did as bars.

import type { ModelResidency, ResidencySpan } from "../../../api/schema";
import { clockTime, duration } from "../../../format/time";
import { xOf, type Axis } from "./axis";

export interface Bar {
  key: string;
  state: ResidencySpan["state"];
  x: number;
  width: number;
  /** What it says when one points at it. */
  text: string;
}

export interface Lane {
  id: string;
  bars: Bar[];
}

/** Lanes that are drawn: more do not fit on a screen, and each costs up to a bar per pixel. */
export const LANES_AT_MOST = 40;

/** Pixels below which a bar could not be seen. What would be drawn in the same pixels as the bar before it is left out, so that
 *  a lane never has more bars than pixels, however many swaps there were. */
const LEAST_WIDTH = 2;

/** A span with its times as numbers and its words, which do not depend on the time of now: what has to be made once only. */
export interface Timed {
  key: string;
  state: ResidencySpan["state"];
  from: number;
  /** Infinity while it lasts. */
  until: number;
  text: string;
}

export interface TimedModel {
  id: string;
  /** In order of time. */
  spans: Timed[];
}

export function timed(models: readonly ModelResidency[]): TimedModel[] {
  return models.map(({ id, spans }) => ({
    id,
    // A clock that was set back may have ended a span before it began, or have begun the next one before it.
    spans: spans.map(timedSpan).sort((a, b) => a.from - b.from),
  }));
}

function timedSpan(span: ResidencySpan): Timed {
  const from = Date.parse(span.from);
  const until = span.until === null ? Infinity : Math.max(from, Date.parse(span.until));
  return { key: `${span.state} ${span.from}`, state: span.state, from, until, text: spanText(span) };
}

/** The lanes in order of id, and how many there are beyond them: those that were busy last are kept. */
export function lanesOf(models: readonly TimedModel[], axis: Axis): { lanes: Lane[]; more: number } {
  const shown = models.filter((model) => lastMoment(model) >= axis.from);
  const latest = shown.toSorted((a, b) => compare(lastMoment(b), lastMoment(a))).slice(0, LANES_AT_MOST);
  const kept = new Set(latest.map((model) => model.id));
  const lanes = shown.filter(({ id }) => kept.has(id)).map(({ id, spans }) => ({ id, bars: barsOf(spans, axis) }));
  return { lanes, more: shown.length - lanes.length };
}

/** The bars of a lane, clipped to the window. */
export function barsOf(spans: readonly Timed[], axis: Axis): Bar[] {
  if (axis.width < LEAST_WIDTH) return [];
  const bars: Bar[] = [];
  /** Whether the bar before is as short as a bar may be. */
  let isShort = false;
  let drawn = 0;
  for (const { key, state, from, until, text } of spans) {
    // What lasts is seen, even if its beginning is still to come by a clock that was set back.
    if (until < axis.from || (from > axis.to && until !== Infinity)) continue;
    // What has just begun is seen, too.
    const left = Math.min(xOf(axis, Math.max(from, axis.from)), axis.width - LEAST_WIDTH);
    const width = xOf(axis, Math.min(until, axis.to)) - left;
    const right = left + Math.max(width, LEAST_WIDTH);
    const x = Math.max(left, drawn);
    const last = bars.at(-1);
    if (last !== undefined && right - x < LEAST_WIDTH / 2) {
      // Of what shares the same pixels, that the model was ready says most.
      if (isShort && state === "ready") Object.assign(last, { key, state, text });
      continue;
    }
    bars.push({ key, state, x, width: right - x, text });
    isShort = width <= LEAST_WIDTH;
    drawn = right;
  }
  return bars;
}

/** What the process did at this moment; `null` when there was none. */
export function stateAt(spans: readonly Timed[], moment: number): ResidencySpan["state"] | null {
  const span = spans.findLast((found) => found.from <= moment);
  return span !== undefined && span.until > moment ? span.state : null;
}

/** A span in words: `ready from 15:04:05 to 15:10:00 (5 m 55 s): became ready. Then: idle for 60 s`. */
export function spanText(span: ResidencySpan): string {
  const from = Date.parse(span.from);
  if (span.until === null) return `${span.state} since ${clockTime(from)}: ${span.cause}`;
  const until = Date.parse(span.until);
  const end = span.ended === null ? "" : `. Then: ${span.ended}`;
  return `${span.state} from ${clockTime(from)} to ${clockTime(until)} (${duration(Math.max(0, until - from))}): ${span.cause}${end}`;
}

function lastMoment(model: TimedModel): number {
  return model.spans.at(-1)?.until ?? -Infinity;
}

/** Unlike a difference, it orders what lasts. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
