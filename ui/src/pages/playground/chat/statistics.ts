// What is said under an answer: what the server has counted and measured, else what the browser has.

import { count, perSecond } from "../../../format/quantity";
import { duration } from "../../../format/time";
import { ENDED_ELSEWHERE, type Answer } from "./conversation";

export interface Statistic {
  label: string;
  value: string;
  /** Where the number comes from, when that is not the server. */
  note?: string;
}

const MEASURED = "measured in this browser";

/** Ways to end that deserve words. */
const FINISHES: Record<string, string> = {
  length: "cut off at the limit of tokens",
  max_tokens: "cut off at the limit of tokens",
  max_output_tokens: "cut off at the limit of tokens",
  model_context_window_exceeded: "cut off: the context is full",
  content_filter: "cut off by a filter",
  tool_calls: "calls a tool",
  tool_use: "calls a tool",
};

/** Whether it ended for another reason than that everything was said. */
export function isCutOff(finish: string | null): boolean {
  return finish !== null && (FINISHES[finish] ?? "").startsWith("cut off");
}

/** The lines under a finished answer. */
export function statisticsOf(answer: Answer): Statistic[] {
  const { usage, timings, firstReasoning, firstText, total, finish } = answer;
  const lines: Statistic[] = [{ label: "Model", value: nameOf(answer) }];
  if (usage.input !== undefined) {
    lines.push({ label: "Tokens in", value: count(usage.input) + (usage.cached ? ` (${count(usage.cached)} cached)` : "") });
  }
  if (usage.output !== undefined) {
    lines.push({ label: "Tokens out", value: count(usage.output) + (usage.reasoning ? ` (${count(usage.reasoning)} reasoning)` : "") });
  }
  const first = minimum(firstReasoning, firstText);
  const speed = speedOf(answer, first);
  if (speed !== null) lines.push(speed);
  if (timings.promptPerSecond !== undefined) lines.push({ label: "Prompt speed", value: perSecond(timings.promptPerSecond) });
  if (first !== null) lines.push({ label: "First token", value: duration(first), note: MEASURED });
  if (total !== null && total > 0) lines.push({ label: "Total", value: duration(total), note: MEASURED });
  if (answer.stopped) lines.push({ label: "End", value: answer.finish === ENDED_ELSEWHERE ? "cancelled, or its model unloaded, elsewhere" : "stopped by you" });
  else if (finish !== null) lines.push({ label: "End", value: FINISHES[finish] ?? finish });
  return lines;
}

/** Milliseconds of reasoning before the first text; `null` while it goes on. */
export function reasoningTime({ firstReasoning, firstText, total }: Answer): number | null {
  const end = firstText ?? total;
  return firstReasoning === null || end === null ? null : Math.max(0, end - firstReasoning);
}

function speedOf({ usage, timings, total }: Answer, first: number | null): Statistic | null {
  if (timings.outputPerSecond !== undefined) return { label: "Speed", value: perSecond(timings.outputPerSecond) };
  if (usage.output === undefined || first === null || total === null || total <= first) return null;
  return { label: "Speed", value: perSecond((usage.output * 1000) / (total - first)), note: MEASURED };
}

function nameOf({ model, servedBy }: Answer): string {
  return servedBy === null || servedBy === model ? model : `${model} (${servedBy})`;
}

function minimum(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
