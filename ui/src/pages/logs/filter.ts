// Which lines of a log are shown, and where in them the filter's matches are. Tested on the text without colour codes.

import type { Run, Style } from "./ansi";
import type { Line } from "./buffer";
import { isAtLeast, type Level } from "./level";

export interface Filter {
  /** `null` shows all. */
  pattern: RegExp | null;
  /** Least level; `null` shows all. */
  level: Level | null;
}

/** A piece of a line: in one style, and a match or none. */
export interface Segment {
  text: string;
  style: Style | null;
  isMatch: boolean;
}

/** A line as it is shown. */
export interface Shown {
  line: Line;
  segments: Segment[];
  matches: number;
}

/** Matches of a line that are marked and counted: each is an element of the page. */
export const MOST_MATCHES = 200;

/** The filter that a person has written; or what is wrong with it. */
export function compile(text: string): { pattern: RegExp | null; error: string | null } {
  if (text === "") return { pattern: null, error: null };
  try {
    return { pattern: new RegExp(text, "gi"), error: null };
  } catch (error) {
    // Browsers repeat the whole expression before the reason.
    const reason = error instanceof Error ? error.message.slice(error.message.lastIndexOf(": ") + 1).trim() : String(error);
    return { pattern: null, error: `This is no regular expression (${reason}). All lines are shown.` };
  }
}

/** The line as it is shown; `null` when the filter leaves it out. A gap is always shown. */
export function show(line: Line, filter: Filter): Shown | null {
  const whole = (): Segment[] => line.runs.map((run) => ({ ...run, isMatch: false }));
  if (line.kind === "gap") return { line, segments: whole(), matches: 0 };
  if (filter.level !== null && !isAtLeast(line.level, filter.level)) return null;
  if (filter.pattern === null) return { line, segments: whole(), matches: 0 };
  const found = matchesOf(line.text, filter.pattern);
  if (found === null) return null;
  return { line, segments: marked(line.runs, found), matches: Math.max(1, found.length) };
}

/** Begin and end of each match that is not empty; `null` when there is none at all. */
function matchesOf(text: string, pattern: RegExp): [number, number][] | null {
  const found: [number, number][] = [];
  let isAny = false;
  for (const match of text.matchAll(pattern)) {
    isAny = true;
    if (match[0] !== "") found.push([match.index, match.index + match[0].length]);
    if (found.length >= MOST_MATCHES) break;
  }
  return isAny ? found : null;
}

/** The runs, cut where matches begin and end. */
function marked(runs: readonly Run[], matches: readonly [number, number][]): Segment[] {
  const segments: Segment[] = [];
  let start = 0;
  let next = 0;
  for (const run of runs) {
    let at = 0;
    while (at < run.text.length) {
      while ((matches[next]?.[1] ?? Infinity) <= start + at) next += 1;
      const [begin, end] = matches[next] ?? [Infinity, Infinity];
      const isMatch = begin <= start + at;
      const until = Math.min(run.text.length, (isMatch ? end : begin) - start);
      segments.push({ text: run.text.slice(at, until), style: run.style, isMatch });
      at = until;
    }
    start += run.text.length;
  }
  return segments;
}
