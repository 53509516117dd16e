// What a request is doing, moment by moment: herder says whether it waits for its turn or for a load, its answer says the rest.

import type { Phase as OpenPhase } from "../../../api/schema";

export const PHASES = ["waiting", "loading", "reasoning", "content"] as const;
export type Phase = (typeof PHASES)[number];

/** A time in one phase; moments are milliseconds since the test began. */
export interface Span {
  phase: Phase;
  from: number;
  /** `null` while it lasts. */
  to: number | null;
}

/** Spans of one request: models that think between any two words would make more. Later changes prolong the last one. */
const MOST_SPANS = 200;

/** What is known of a request. */
export interface Signs {
  /** What herder says of it; `null` when it says nothing. */
  open: OpenPhase | null;
  /** herder tells in the answer itself how the load goes. */
  narrated: boolean;
  /** What of the model's own has come last. */
  last: "reasoning" | "content" | null;
}

/** The phase that the signs mean. */
export function phaseOf({ open, narrated, last }: Signs): Phase {
  if (last !== null) return last;
  switch (open) {
    case "queued":
    case "waiting":
      return "waiting";
    case "loading":
      return "loading";
    case "streaming":
    case null:
      return narrated ? "loading" : "waiting";
  }
}

/** The spans after the request is found to be in a phase. */
export function advance(spans: readonly Span[], phase: Phase, at: number): readonly Span[] {
  const last = spans.at(-1);
  if (last?.phase === phase || spans.length >= MOST_SPANS) return spans;
  return [...close(spans, at), { phase, from: at, to: null }];
}

/** The spans of a request that has ended. */
export function close(spans: readonly Span[], at: number): readonly Span[] {
  return spans.map((span) => (span.to === null ? { ...span, to: Math.max(span.from, at) } : span));
}

/** Milliseconds in a phase, all of its spans together. */
export function timeIn(spans: readonly Span[], phase: Phase, now: number): number {
  return spans.reduce((sum, span) => (span.phase === phase ? sum + (span.to ?? now) - span.from : sum), 0);
}
