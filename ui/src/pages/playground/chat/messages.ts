// `/v1/messages`, as Anthropic and llama.cpp speak it.

import type { Piece } from "./answer";
import type { Dialect, Turn } from "./dialect";
import { amount, elements, fields, known, text, type Json } from "../../../json";

/** This API wants a limit with every question. */
const TOKENS_UNLESS_SET = 4096;

export const messages: Dialect = {
  parameters: { temperature: "temperature", topP: "top_p", topK: "top_k", maxTokens: "max_tokens", stop: "stop_sequences" },
  body(turns, system) {
    return { max_tokens: TOKENS_UNLESS_SET, ...(system === "" ? {} : { system }), messages: turns.map(message) };
  },
  readFrame(frame) {
    const index = amount(frame["index"]) ?? 0;
    switch (frame["type"]) {
      case "message_start":
        return about(fields(frame["message"]));
      case "content_block_start":
        return block(fields(frame["content_block"]), index, true);
      case "content_block_delta":
        return delta(fields(frame["delta"]), index);
      case "message_delta":
        return [...finish(fields(frame["delta"])), ...usage(fields(frame["usage"]))];
      case "message_stop":
        return [{ kind: "end" }];
      default:
        return [];
    }
  },
  readWhole(answer) {
    const blocks = elements(answer["content"]).flatMap((found, index) => block(fields(found), index, false));
    return [...about(answer), ...blocks, ...finish(answer), { kind: "end" }];
  },
};

function message({ role, text, pictures }: Turn): Json {
  const images = pictures.flatMap(({ url, type }) => {
    const data = url?.slice(url.indexOf(",") + 1);
    return data === undefined ? [] : [{ type: "image", source: { type: "base64", media_type: type, data } }];
  });
  if (images.length === 0) return { role, content: text };
  return { role, content: text === "" ? images : [...images, { type: "text", text }] };
}

function about(found: Json): Piece[] {
  const model = text(found["model"]);
  return [...(model === "" ? [] : [{ kind: "model", name: model } as const]), ...usage(fields(found["usage"]))];
}

/** A block of content. At the start of one in a stream, the input of a tool is an empty object: it comes in pieces. */
function block(found: Json, index: number, starts: boolean): Piece[] {
  switch (found["type"]) {
    case "text":
      return [{ kind: "text", text: text(found["text"]), choice: 0 }];
    case "thinking":
      return text(found["thinking"]) === "" ? [] : [{ kind: "reasoning", text: text(found["thinking"]) }];
    case "tool_use":
      return [{ kind: "tool", index, name: text(found["name"]), arguments: starts ? "" : JSON.stringify(found["input"] ?? {}) }];
    default:
      return [];
  }
}

function delta(found: Json, index: number): Piece[] {
  switch (found["type"]) {
    case "text_delta":
      return [{ kind: "text", text: text(found["text"]), choice: 0 }];
    case "thinking_delta":
      return [{ kind: "reasoning", text: text(found["thinking"]) }];
    case "input_json_delta":
      return [{ kind: "tool", index, name: "", arguments: text(found["partial_json"]) }];
    default:
      return [];
  }
}

function finish(found: Json): Piece[] {
  const reason = text(found["stop_reason"]);
  return reason === "" ? [] : [{ kind: "finish", reason }];
}

function usage(found: Json): Piece[] {
  const input = amount(found["input_tokens"]);
  const cached = amount(found["cache_read_input_tokens"]);
  const written = amount(found["cache_creation_input_tokens"]) ?? 0;
  const all = input === undefined ? undefined : input + (cached ?? 0) + written;
  const counted = known({ input: all, output: amount(found["output_tokens"]), cached });
  return Object.keys(counted).length === 0 ? [] : [{ kind: "usage", usage: counted }];
}
