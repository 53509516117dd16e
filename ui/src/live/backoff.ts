// When to try again after the stream was lost.

/** Longest pause between two attempts, in milliseconds: a person who looks at the page should not wait longer than that. */
const LONGEST = 5000;

/** Milliseconds until attempt number `attempt` (from 0), between half and all of 0.5, 1, 2, 4, 5, 5 … seconds: browsers of a whole lab
 *  must not come back at the same moment. `random` is between 0 and 1. */
export function pause(attempt: number, random: number): number {
  const full = Math.min(LONGEST, 500 * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * random;
}
