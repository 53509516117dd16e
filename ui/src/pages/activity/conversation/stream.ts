// What a model answered bit by bit: the events of a stream in any of the APIs, put together again.

import { createParser } from "eventsource-parser";
import { errors } from "./answer";
import { elements, fields, text, type Json } from "../../../json";
import { filled, shown, type Part, type Turn } from "./turns";

/** Characters of a stream that are put together. herder keeps no larger capture unless `captureBuffer` is far above its default. */
export const LONGEST_STREAM = 32 * 1024 * 1024;

/** A part that grows. Which one a piece belongs to is said by a key. */
class Growing {
  #parts = new Map<string, { role: string; part: Part; pieces: string[] }>();

  add(key: string, role: string, kind: "text" | "reasoning", piece: string): void {
    if (piece !== "") this.#of(`${kind} ${key}`, role, { kind, text: "" }).pieces.push(piece);
  }

  call(key: string, role: string, name: string, piece: string): void {
    const call = this.#of(`call ${key}`, role, { kind: "tool call", name: "", text: "" });
    if (call.part.kind === "tool call" && name !== "") call.part.name += name;
    call.pieces.push(piece);
  }

  turns(): Turn[] {
    const turns: Turn[] = [];
    for (const { role, part, pieces } of this.#parts.values()) {
      const whole = { ...part, text: pieces.join("") };
      const turn = turns.find((one) => one.role === role);
      if (turn) turn.parts.push(whole);
      else turns.push({ role, parts: [whole] });
    }
    return turns.map((turn) => ({ ...turn, parts: filled(turn.parts) })).filter((turn) => turn.parts.length > 0);
  }

  #of(key: string, role: string, part: Part): { part: Part; pieces: string[] } {
    const found = this.#parts.get(key) ?? { role, part, pieces: [] };
    this.#parts.set(key, found);
    return found;
  }
}

/** Turns of a stream; empty when it is no conversation. */
export function turnsOfStream(stream: string): Turn[] {
  const growing = new Growing();
  const failed: Turn[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      let event: Json;
      try {
        event = fields(JSON.parse(data));
      } catch {
        // `[DONE]`, or nothing that any of the APIs says.
        return;
      }
      failed.push(...errors(event["error"] ?? fields(event["response"])["error"]));
      for (const choice of elements(event["choices"])) openAi(growing, fields(choice));
      if (typeof event["content"] === "string") growing.add("0", "assistant", "text", event["content"]);
      byType(growing, event);
    },
  });
  parser.feed(stream.slice(0, LONGEST_STREAM));
  // The last event may lack the empty line behind it, when the stream broke off.
  parser.feed("\n\n");
  return [...growing.turns(), ...failed];
}

/** A choice of a chat (`delta`) or of a completion (`text`). */
function openAi(growing: Growing, choice: Json): void {
  const index = typeof choice["index"] === "number" ? choice["index"] : 0;
  const role = index === 0 ? "assistant" : `assistant (${index + 1})`;
  const delta = fields(choice["delta"]);
  growing.add(String(index), role, "reasoning", text(delta["reasoning_content"]) || text(delta["reasoning"]));
  growing.add(String(index), role, "text", text(delta["content"]) || text(delta["refusal"]) || text(choice["text"]));
  elements(delta["tool_calls"]).forEach((value, place) => {
    const call = fields(value);
    const called = fields(call["function"]);
    growing.call(`${index} ${String(call["index"] ?? place)}`, role, text(called["name"]), shown(called["arguments"]));
  });
}

/** An event that says what it is: those of Anthropic's and of the Responses API. */
function byType(growing: Growing, event: Json): void {
  const block = String(event["index"] ?? event["output_index"] ?? 0);
  const delta = fields(event["delta"]);
  const begun = fields(event["content_block"]);
  const item = fields(event["item"]);
  switch (event["type"]) {
    case "content_block_start":
      if (begun["type"] === "tool_use") growing.call(block, "assistant", text(begun["name"]), "");
      growing.add(block, "assistant", "text", text(begun["text"]));
      growing.add(block, "assistant", "reasoning", text(begun["thinking"]));
      break;
    case "content_block_delta":
      growing.add(block, "assistant", "text", text(delta["text"]));
      growing.add(block, "assistant", "reasoning", text(delta["thinking"]));
      if (delta["type"] === "input_json_delta") growing.call(block, "assistant", "", text(delta["partial_json"]));
      break;
    case "response.output_item.added":
      if (item["type"] === "function_call") growing.call(block, "assistant", text(item["name"]), text(item["arguments"]));
      break;
    case "response.output_text.delta":
    case "response.refusal.delta":
      growing.add(block, "assistant", "text", text(event["delta"]));
      break;
    case "response.reasoning_text.delta":
    case "response.reasoning_summary_text.delta":
      growing.add(block, "assistant", "reasoning", text(event["delta"]));
      break;
    case "response.function_call_arguments.delta":
      growing.call(block, "assistant", "", text(event["delta"]));
      break;
    default:
      break;
  }
}
