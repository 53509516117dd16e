// Sums over requests. What is unknown (−1) counts for nothing, neither in a sum nor in a mean.

import type { ActivityEntry } from "../../api/schema";

export interface Summary {
  requests: number;
  /** Time of the first and of the last that ended, as the API says it; `null` without requests. */
  from: string | null;
  to: string | null;
  milliseconds: number;
  cached: number;
  prompt: number;
  generated: number;
  /** Means of the speeds, weighted by tokens; `null` when no speed is known. */
  promptPerSecond: number | null;
  generatedPerSecond: number | null;
  drafted: number;
  accepted: number;
}

export function summaryOf(rows: readonly ActivityEntry[]): Summary {
  const times = rows.map((row) => row.timestamp).sort((a, b) => Date.parse(a) - Date.parse(b));
  const sum = (value: (row: ActivityEntry) => number): number =>
    rows.reduce((total, row) => total + Math.max(0, value(row)), 0);
  const drafts = rows.filter(({ tokens }) => tokens.draft_tokens >= 0 && tokens.draft_acc_tokens >= 0);
  return {
    requests: rows.length,
    from: times[0] ?? null,
    to: times.at(-1) ?? null,
    milliseconds: sum((row) => row.duration_ms),
    cached: sum(({ tokens }) => tokens.cache_tokens),
    prompt: sum(({ tokens }) => tokens.input_tokens),
    generated: sum(({ tokens }) => tokens.output_tokens),
    promptPerSecond: speed(rows.map(({ tokens }) => [tokens.input_tokens, tokens.prompt_per_second])),
    generatedPerSecond: speed(rows.map(({ tokens }) => [tokens.output_tokens, tokens.tokens_per_second])),
    drafted: drafts.reduce((total, { tokens }) => total + tokens.draft_tokens, 0),
    accepted: drafts.reduce((total, { tokens }) => total + tokens.draft_acc_tokens, 0),
  };
}

/** All tokens of known speed, by the time that they took. */
function speed(pairs: [tokens: number, perSecond: number][]): number | null {
  let tokens = 0;
  let seconds = 0;
  for (const [count, perSecond] of pairs) {
    if (count <= 0 || perSecond <= 0) continue;
    tokens += count;
    seconds += count / perSecond;
  }
  return seconds > 0 ? tokens / seconds : null;
}
