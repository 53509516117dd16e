// The kept end of a log: what a tab that begins to look is shown at once, and what of it is news to a tab that looks again.

/** Characters of a log that are kept for tabs. herder itself keeps less; what is above is what came while somebody looked. */
export const KEPT_CHARACTERS = 1024 * 1024;

/** The text after more has come: its end, from the beginning of a line on where that is possible. */
export function append(kept: string, text: string, limit: number = KEPT_CHARACTERS): string {
  const whole = kept + text;
  if (whole.length <= limit) return whole;
  // A quarter goes at once, so that this does not happen at every line.
  const cut = whole.length - Math.floor(limit * 0.75);
  const line = whole.indexOf("\n", cut);
  return whole.slice(line >= 0 && line + 1 < whole.length ? line + 1 : cut);
}

/** How far a log has been told: so many characters after the beginning of one of its lives. */
export interface Place {
  life: number;
  end: number;
}

/** What of a text, which ends at `now`, is news to who has been told until `had`; and whether it replaces what that one has. */
export function news(had: Place | null, now: Place, text: string): { fresh: string; isReset: boolean } {
  const missing = had?.life === now.life ? now.end - had.end : Infinity;
  if (missing > text.length) return { fresh: text, isReset: true };
  return { fresh: text.slice(text.length - Math.max(0, missing)), isReset: false };
}
