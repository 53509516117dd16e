// `/v1/chat/completions`, as OpenAI, llama.cpp, vLLM and others speak it.

import type { Piece } from "./answer";
import type { Dialect, Turn } from "./dialect";
import { amount, elements, fields, known, text, type Json } from "../../../json";

export const chatCompletions: Dialect = {
  parameters: {
    temperature: "temperature",
    topP: "top_p",
    topK: "top_k",
    minP: "min_p",
    maxTokens: "max_tokens",
    seed: "seed",
    presencePenalty: "presence_penalty",
    frequencyPenalty: "frequency_penalty",
    stop: "stop",
  },
  body(turns, system) {
    const first = system === "" ? [] : [{ role: "system", content: system }];
    // Without this, most servers keep the token counts to themselves.
    return { messages: [...first, ...turns.map(message)], stream_options: { include_usage: true } };
  },
  readFrame: (frame) => read(frame, "delta"),
  readWhole: (answer) => read(answer, "message"),
};

function message({ role, text, pictures }: Turn): Json {
  const shown = pictures.filter(({ url }) => url !== null);
  if (shown.length === 0) return { role, content: text };
  const parts: Json[] = shown.map(({ url }) => ({ type: "image_url", image_url: { url } }));
  return { role, content: text === "" ? parts : [{ type: "text", text }, ...parts] };
}

function read(value: Json, field: "delta" | "message"): Piece[] {
  const pieces: Piece[] = [];
  if (text(value["model"]) !== "") pieces.push({ kind: "model", name: text(value["model"]) });
  elements(value["choices"]).forEach((choice, position) => {
    const { index, finish_reason: reason, [field]: said } = fields(choice);
    pieces.push(...readSaid(fields(said), amount(index) ?? position));
    if (text(reason) !== "") pieces.push({ kind: "finish", reason: text(reason) });
  });
  const usage = fields(value["usage"]);
  if (Object.keys(usage).length > 0) {
    pieces.push({
      kind: "usage",
      usage: known({
        input: amount(usage["prompt_tokens"]),
        output: amount(usage["completion_tokens"]),
        cached: amount(fields(usage["prompt_tokens_details"])["cached_tokens"]),
        reasoning: amount(fields(usage["completion_tokens_details"])["reasoning_tokens"]),
      }),
    });
  }
  const timings = fields(value["timings"]);
  if (Object.keys(timings).length > 0) pieces.push(...readTimings(timings));
  return pieces;
}

function readSaid(said: Json, choice: number): Piece[] {
  const pieces: Piece[] = [];
  const thought = text(said["reasoning_content"]) || text(said["reasoning"]);
  if (thought !== "" && choice === 0) pieces.push({ kind: "reasoning", text: thought });
  const content = said["content"];
  const parts = Array.isArray(content) ? content.map((part) => text(fields(part)["text"])).join("") : text(content);
  if (parts !== "") pieces.push({ kind: "text", text: parts, choice });
  if (text(said["refusal"]) !== "") pieces.push({ kind: "refusal", text: text(said["refusal"]) });
  const calls = elements(said["tool_calls"]);
  if (said["function_call"]) calls.push({ index: 0, function: said["function_call"] });
  calls.forEach((call, position) => {
    const { index, function: called } = fields(call);
    const { name, arguments: given } = fields(called);
    pieces.push({ kind: "tool", index: amount(index) ?? position, name: text(name), arguments: asText(given) });
  });
  return pieces;
}

/** llama.cpp's server adds what it has measured. */
function readTimings(timings: Json): Piece[] {
  const cached = amount(timings["cache_n"]);
  const prompt = amount(timings["prompt_n"]);
  return [
    {
      kind: "timings",
      timings: known({
        promptPerSecond: amount(timings["prompt_per_second"]),
        outputPerSecond: amount(timings["predicted_per_second"]),
      }),
    },
    {
      kind: "usage",
      usage: known({
        input: prompt === undefined ? undefined : prompt + (cached ?? 0),
        output: amount(timings["predicted_n"]),
        cached,
      }),
    },
  ];
}

function asText(value: unknown): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}
