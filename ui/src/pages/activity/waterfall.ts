// Where the time of a finished request went, as far as its row knows.

import type { ActivityEntry } from "../../api/schema";

export interface Span {
  name: "before" | "prompt" | "generation" | "unknown";
  text: string;
  /** Milliseconds since the request came. */
  from: number;
  to: number;
}

/** Spans without gaps from 0 to the request's duration. Speeds tell how long the model worked; what was before it is the rest: queue, load, the
 *  way there. A server that counts cached tokens as processed makes the prompt look longer than it was, so the prompt never gets more than
 *  there is. */
export function spansOf(row: ActivityEntry): Span[] {
  const { input_tokens, output_tokens, prompt_per_second, tokens_per_second } = row.tokens;
  const whole = Math.max(0, row.duration_ms);
  const generation = Math.min(whole, time(output_tokens, tokens_per_second));
  const prompt = Math.min(whole - generation, time(input_tokens, prompt_per_second));
  if (generation + prompt === 0) return [{ name: "unknown", text: "whole request", from: 0, to: whole }];
  const before = whole - prompt - generation;
  const spans: Span[] = [
    { name: "before", text: "queue, load and transfer", from: 0, to: before },
    { name: "prompt", text: "prompt", from: before, to: before + prompt },
    { name: "generation", text: "generation", from: before + prompt, to: whole },
  ];
  return spans.filter((span) => span.to > span.from);
}

/** Milliseconds for so many tokens; 0 when nobody knows. */
function time(tokens: number, perSecond: number): number {
  return tokens > 0 && perSecond > 0 ? (tokens / perSecond) * 1000 : 0;
}
