// Why a model could not be loaded, as the page shows it: from the answer to a load, and from what herder remembers.

import type { LastFailure } from "../../api/schema";

export interface FailureWords {
  /** One sentence, or what the server said. */
  reason: string;
  /** The last lines of the model's log. */
  tail: string[];
  /** Starts that have failed in a row. */
  inARow: number;
  /** When herder would try again, in milliseconds; `null` when it would at once. */
  nextAttempt: number | null;
}

/** Lines of a log that are shown under a failure; the whole is in the model's log. */
export const TAIL_LINES = 100;

/** What herder writes between the reason and the model's last lines. */
const LAST_OUTPUT = "; last output:\n";
/** The reference's beginning of many messages, which tells people nothing. */
const PREFIX = "unspecific error: ";

/** The words for an error answer, together with what herder remembers of the last failure. */
export function failureOf(error: unknown, last: LastFailure | null): FailureWords {
  const { reason, tail } = split(error instanceof Error ? error.message : String(error));
  return { ...remembered(last), reason, tail: tail.length > 0 ? tail : (last?.log_tail ?? []).slice(-TAIL_LINES) };
}

/** The words for a failure that herder remembers. */
export function failureOfLast(last: LastFailure): FailureWords {
  const status = last.status === null || last.reason.includes(last.status) ? "" : ` (${last.status})`;
  return { ...remembered(last), reason: last.reason + status, tail: last.log_tail.slice(-TAIL_LINES) };
}

function remembered(last: LastFailure | null): Pick<FailureWords, "inARow" | "nextAttempt"> {
  const next = last?.next_attempt_at ?? null;
  return { inARow: last?.failures_in_a_row ?? 0, nextAttempt: next === null ? null : Date.parse(next) };
}

function split(message: string): { reason: string; tail: string[] } {
  const text = message.startsWith(PREFIX) ? message.slice(PREFIX.length) : message;
  const at = text.indexOf(LAST_OUTPUT);
  if (at < 0) return { reason: text, tail: [] };
  return { reason: text.slice(0, at), tail: text.slice(at + LAST_OUTPUT.length).split("\n").slice(-TAIL_LINES) };
}
