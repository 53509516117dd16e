// The marks in the lanes: what happened, at its place. What is too close together to be pointed at apart shares one mark.

import { clockTime } from "../../../format/time";
import { spoken, type Happening, type Outcome } from "../happenings";
import { xOf, type Axis } from "./axis";

export interface Mark {
  /** That of its first happening: it stays the same while the window moves on. */
  key: string;
  lane: string;
  x: number;
  at: number;
  happenings: Happening[];
  /** The gravest of its happenings' outcomes gives it its shape. */
  outcome: Outcome;
}

/** Pixels that a mark takes, so that it can be hit (WCAG 2.2, 2.5.8); closer ones are one. */
export const MARK_WIDTH = 24;

/** Happenings of one mark that are told; the table has all of them. */
export const TOLD_AT_MOST = 4;

const GRAVITY: Record<Outcome, number> = { crashed: 5, failed: 4, abandoned: 3, "in progress": 2, ready: 1, stopped: 0 };

/** The marks of all lanes in order of time, from happenings in that order. */
export function marksOf(happenings: readonly Happening[], axis: Axis): Mark[] {
  const marks: Mark[] = [];
  const last = new Map<string, Mark>();
  for (const happening of happenings) {
    if (happening.at < axis.from || happening.at > axis.to) continue;
    const x = xOf(axis, happening.at);
    const before = last.get(happening.model);
    if (before !== undefined && x - before.x < MARK_WIDTH) {
      before.happenings.push(happening);
      if (GRAVITY[happening.outcome] > GRAVITY[before.outcome]) before.outcome = happening.outcome;
      continue;
    }
    const { key, model, at, outcome } = happening;
    const mark: Mark = { key, lane: model, x, at, happenings: [happening], outcome };
    last.set(model, mark);
    marks.push(mark);
  }
  return marks;
}

/** What a mark is called by those who hear it. */
export function nameOf(mark: Mark): string {
  const [first] = mark.happenings;
  if (first !== undefined && mark.happenings.length === 1) return `${clockTime(first.at)}: ${spoken(first)}`;
  const told = mark.happenings.slice(-TOLD_AT_MOST).map((happening) => `${clockTime(happening.at)}: ${spoken(happening)}`);
  return `${mark.happenings.length} events. ${told.join(". ")}`;
}

/** The mark to which a key leads from this one; `null` for a key that leads nowhere. */
export function nextMark(marks: readonly Mark[], current: string | null, key: string): Mark | null {
  const at = marks.findIndex((mark) => mark.key === current);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: marks.length - 1 }[key];
  if (to === undefined) return null;
  return marks[Math.min(marks.length - 1, Math.max(0, to))] ?? null;
}
