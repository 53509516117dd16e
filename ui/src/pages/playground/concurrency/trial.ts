// One request of the test, and what the numbers of all of them come to.

import type { Content } from "../chat/answer";
import { csvLines } from "../../../format/csv";
import { timeIn, type Span } from "./phases";

/** `browser`: it waits for its turn to be sent. */
export type TrialState = "browser" | "open" | "done" | "failed" | "stopped";

export interface Trial {
  /** Counted from 1, in the order in which they go out. */
  number: number;
  model: string;
  state: TrialState;
  /** Milliseconds from the beginning of the test until it was sent; `null` while it waits in the browser. */
  sentAt: number | null;
  endedAt: number | null;
  spans: readonly Span[];
  content: Content;
  error: string | null;
}

/** What was measured of one request. Milliseconds count from when it was sent. */
export interface Measures {
  firstToken: number | null;
  total: number | null;
  outputTokens: number | null;
  tokensPerSecond: number | null;
}

export function measuresOf({ content, sentAt, endedAt }: Trial): Measures {
  const moments = [content.firstReasoning, content.firstText].filter((moment) => moment !== null);
  const firstToken = moments.length === 0 ? null : Math.min(...moments);
  const total = sentAt === null || endedAt === null ? null : endedAt - sentAt;
  const outputTokens = content.usage.output ?? null;
  const measured = outputTokens !== null && firstToken !== null && total !== null && total > firstToken ? (outputTokens * 1000) / (total - firstToken) : null;
  return { firstToken, total, outputTokens, tokensPerSecond: content.timings.outputPerSecond ?? measured };
}

export interface Statistic {
  name: string;
  unit: "ms" | "t/s";
  median: number;
  /** Of twenty requests, nineteen had at most this. */
  p95: number;
  most: number;
}

/** The statistics of the requests that came to their end, and the tokens per second of all together. */
export function summaryOf(trials: readonly Trial[]): { statistics: Statistic[]; throughput: number | null } {
  const done = trials.filter(({ state }) => state === "done");
  const measures = done.map(measuresOf);
  const statistics = [
    statistic("First token", "ms", measures.map(({ firstToken }) => firstToken)),
    statistic("Total", "ms", measures.map(({ total }) => total)),
    statistic("Waiting and loading", "ms", done.map((trial) => waited(trial))),
    statistic("Speed", "t/s", measures.map(({ tokensPerSecond }) => tokensPerSecond)),
  ].filter((found) => found !== null);
  const tokens = measures.reduce((sum, { outputTokens }) => sum + (outputTokens ?? 0), 0);
  const from = Math.min(...done.map(({ sentAt }) => sentAt ?? 0));
  const to = Math.max(...done.map(({ endedAt }) => endedAt ?? 0));
  return { statistics, throughput: tokens > 0 && to > from ? (tokens * 1000) / (to - from) : null };
}

/** The value that this share of the sorted values does not exceed (nearest rank). */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** All requests as a CSV file. */
export function csvOf(trials: readonly Trial[]): string {
  const head = [
    "number", "model", "state", "in_browser_ms", "waiting_ms", "loading_ms", "first_token_ms", "total_ms",
    "prompt_tokens", "output_tokens", "tokens_per_second", "error",
  ];
  const lines = trials.map((trial) => {
    const { firstToken, total, outputTokens, tokensPerSecond } = measuresOf(trial);
    const end = trial.endedAt ?? 0;
    return [
      trial.number, trial.model, trial.state, whole(trial.sentAt), whole(timeIn(trial.spans, "waiting", end)), whole(timeIn(trial.spans, "loading", end)),
      whole(firstToken), whole(total), trial.content.usage.input ?? null, outputTokens,
      tokensPerSecond === null ? null : Number(tokensPerSecond.toFixed(2)), trial.error,
    ];
  });
  return csvLines([head, ...lines]);
}

function waited(trial: Trial): number {
  const end = trial.endedAt ?? 0;
  return timeIn(trial.spans, "waiting", end) + timeIn(trial.spans, "loading", end);
}

function statistic(name: string, unit: Statistic["unit"], values: readonly (number | null)[]): Statistic | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  return { name, unit, median: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), most: percentile(sorted, 1) };
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
