// `/v1/responses`, as OpenAI, llama.cpp and vLLM speak it.

import { readEnvelope } from "../../../api/error";
import type { Piece } from "./answer";
import type { Dialect, Turn } from "./dialect";
import { amount, elements, fields, known, text, type Json } from "../../../json";

export const responses: Dialect = {
  parameters: { temperature: "temperature", topP: "top_p", maxTokens: "max_output_tokens" },
  body(turns, system) {
    return { ...(system === "" ? {} : { instructions: system }), input: turns.map(item) };
  },
  readFrame(frame) {
    const index = amount(frame["output_index"]) ?? 0;
    switch (frame["type"]) {
      case "response.output_text.delta":
        return [{ kind: "text", text: text(frame["delta"]), choice: 0 }];
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return [{ kind: "reasoning", text: text(frame["delta"]) }];
      case "response.refusal.delta":
        return [{ kind: "refusal", text: text(frame["delta"]) }];
      case "response.output_item.added": {
        const { type, name } = fields(frame["item"]);
        return type === "function_call" ? [{ kind: "tool", index, name: text(name), arguments: "" }] : [];
      }
      case "response.function_call_arguments.delta":
        return [{ kind: "tool", index, name: "", arguments: text(frame["delta"]) }];
      case "response.created":
        return about(fields(frame["response"]));
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        return [...about(fields(frame["response"])), ...outcome(fields(frame["response"])), { kind: "end" }];
      case "error":
        return [{ kind: "error", message: readEnvelope(JSON.stringify(frame)).message || "the server reports an error" }];
      default:
        return [];
    }
  },
  readWhole(answer) {
    const output = elements(answer["output"]).flatMap((found, index) => readItem(fields(found), index));
    return [...about(answer), ...output, ...outcome(answer), { kind: "end" }];
  },
};

function item({ role, text, pictures }: Turn): Json {
  const images: Json[] = pictures.flatMap(({ url }) => (url === null ? [] : [{ type: "input_image", image_url: url }]));
  const words = text === "" && images.length > 0 ? [] : [{ type: role === "user" ? "input_text" : "output_text", text }];
  return { role, content: [...words, ...images] };
}

function readItem(found: Json, index: number): Piece[] {
  switch (found["type"]) {
    case "message":
      return elements(found["content"]).map((part) => {
        const { type, text: said, refusal } = fields(part);
        return type === "refusal" ? { kind: "refusal", text: text(refusal) } : { kind: "text", text: text(said), choice: 0 };
      });
    case "reasoning":
      return [...elements(found["summary"]), ...elements(found["content"])].map((part) => ({
        kind: "reasoning",
        text: text(fields(part)["text"]),
      }));
    case "function_call":
      return [{ kind: "tool", index, name: text(found["name"]), arguments: text(found["arguments"]) }];
    default:
      return [];
  }
}

function about(response: Json): Piece[] {
  const pieces: Piece[] = [];
  if (text(response["model"]) !== "") pieces.push({ kind: "model", name: text(response["model"]) });
  const usage = fields(response["usage"]);
  if (Object.keys(usage).length > 0) {
    pieces.push({
      kind: "usage",
      usage: known({
        input: amount(usage["input_tokens"]),
        output: amount(usage["output_tokens"]),
        cached: amount(fields(usage["input_tokens_details"])["cached_tokens"]),
        reasoning: amount(fields(usage["output_tokens_details"])["reasoning_tokens"]),
      }),
    });
  }
  return pieces;
}

function outcome(response: Json): Piece[] {
  const status = text(response["status"]);
  if (status === "failed") {
    const { message } = readEnvelope(JSON.stringify(response));
    return [{ kind: "error", message: message || "the answer failed" }];
  }
  const reason = text(fields(response["incomplete_details"])["reason"]) || status;
  return reason === "" ? [] : [{ kind: "finish", reason }];
}
