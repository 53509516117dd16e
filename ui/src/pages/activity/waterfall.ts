// Where the time of a finished request went, as far as its row knows.

import type { ActivityEntry } from "../../api/schema";

export interface Span {
  name: "wait" | "prompt" | "generation" | "rest";
  text: string;
  /** Milliseconds since the request came. */
  from: number;
  to: number;
  /** Whether herder has measured it; else it follows from the speeds that the model server told. */
  isMeasured: boolean;
}

/** Spans without gaps from 0 to the request's duration. */
export function spansOf(row: ActivityEntry): Span[] {
  const whole = Math.max(0, row.duration_ms);
  const wait = measured(row.queued_ms, 0, whole);
  // A stream begins with the first token. Any other answer begins when all of it is there, which says nothing.
  const isStream = row.resp_content_type.startsWith("text/event-stream");
  const begun = isStream ? measured(row.first_byte_ms, wait ?? 0, whole) : null;
  const spans = begun === null ? bySpeeds(row, wait, whole) : byFirstByte(wait, begun, whole);
  return spans.filter((span) => span.to > span.from);
}

function byFirstByte(wait: number | null, begun: number, whole: number): Span[] {
  const generation: Span = { name: "generation", text: "generation", from: begun, to: whole, isMeasured: true };
  if (wait === null) return [{ name: "rest", text: "until the first token", from: 0, to: begun, isMeasured: true }, generation];
  return [waiting(wait), { name: "prompt", text: "prompt", from: wait, to: begun, isMeasured: true }, generation];
}

/** Speeds tell how long the model worked. A server that counts cached tokens as processed makes the prompt look longer than it was, so neither
 *  part gets more than there is. */
function bySpeeds({ tokens }: ActivityEntry, wait: number | null, whole: number): Span[] {
  const work = whole - (wait ?? 0);
  const generation = Math.min(work, time(tokens.output_tokens, tokens.tokens_per_second));
  const prompt = Math.min(work - generation, time(tokens.input_tokens, tokens.prompt_per_second));
  const rest = work - prompt - generation;
  const known = generation + prompt > 0;
  const begin = whole - prompt - generation;
  const text = wait !== null ? (known ? "transfer and the rest" : "answer") : known ? "queue, load and transfer" : "whole request";
  return [
    ...(wait === null ? [] : [waiting(wait)]),
    { name: "rest", text, from: begin - rest, to: begin, isMeasured: !known },
    { name: "prompt", text: "prompt", from: begin, to: begin + prompt, isMeasured: false },
    { name: "generation", text: "generation", from: begin + prompt, to: whole, isMeasured: false },
  ];
}

function waiting(to: number): Span {
  return { name: "wait", text: "queue and load", from: 0, to, isMeasured: true };
}

/** A time that was measured, if it makes sense where it stands. */
function measured(time: number | null | undefined, least: number, most: number): number | null {
  return typeof time === "number" && time >= least && time <= most ? time : null;
}

/** Milliseconds for so many tokens; 0 when nobody knows. */
function time(tokens: number, perSecond: number): number {
  return tokens > 0 && perSecond > 0 ? (tokens / perSecond) * 1000 : 0;
}
