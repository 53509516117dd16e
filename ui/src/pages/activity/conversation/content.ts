// The content of one message, in the spellings of all APIs: a text, or a list of blocks.

import { elements, fields, text } from "../../../json";
import { audio, filled, image, shown, type Part } from "./turns";

/** Parts of a content. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === "string") return filled([{ kind: "text", text: content }]);
  return filled(elements(content).flatMap(partsOfBlock));
}

function partsOfBlock(value: unknown): Part[] {
  if (typeof value === "string") return [{ kind: "text", text: value }];
  const block = fields(value);
  const source = fields(block["source"]);
  const sound = fields(block["input_audio"]);
  switch (block["type"]) {
    case "text":
    case "input_text":
    case "output_text":
    case "summary_text":
      return [{ kind: "text", text: text(block["text"]) }];
    case "refusal":
      return [{ kind: "text", text: text(block["refusal"]) }];
    case "thinking":
    case "reasoning_text":
      return [{ kind: "reasoning", text: text(block["thinking"]) || text(block["text"]) }];
    case "redacted_thinking":
      return [{ kind: "reasoning", text: "(redacted)" }];
    case "image_url":
      return [image(text(block["image_url"]) || text(fields(block["image_url"])["url"]))];
    case "input_image":
      return [image(text(block["image_url"]) || text(block["file_id"]))];
    case "image":
      return [image(text(source["url"]) || `data:${text(source["media_type"])};base64,${text(source["data"])}`)];
    case "input_audio":
      return [audio(text(sound["data"]), text(sound["format"]))];
    case "tool_use":
      return [{ kind: "tool call", name: text(block["name"]), text: shown(block["input"]) }];
    case "tool_result":
      return partsOf(block["content"]).map((part) => (part.kind === "text" ? { kind: "tool result", text: part.text } : part));
    default:
      // A block of a kind that is not known is shown as it is.
      return [{ kind: "text", text: shown(value) }];
  }
}

/** Parts of a message of the OpenAI APIs: its content, and what stands beside it. */
export function partsOfMessage(value: unknown): Part[] {
  const message = fields(value);
  const calls = elements(message["tool_calls"]).map((call): Part => {
    const called = fields(fields(call)["function"]);
    return { kind: "tool call", name: text(called["name"]), text: shown(called["arguments"]) };
  });
  const content = partsOf(message["content"]);
  const isResult = message["role"] === "tool";
  return [
    ...filled([{ kind: "reasoning", text: text(message["reasoning_content"]) || text(message["reasoning"]) }]),
    ...(isResult ? content.map((part): Part => (part.kind === "text" ? { kind: "tool result", text: part.text } : part)) : content),
    ...filled([{ kind: "text", text: text(message["refusal"]) }]),
    ...calls,
  ];
}

/** Parts of an item of the Responses API, and who speaks. */
export function turnOfItem(value: unknown, speaker: string): { role: string; parts: Part[] } {
  const item = fields(value);
  switch (item["type"]) {
    case "function_call":
    case "custom_tool_call":
      return { role: "assistant", parts: [{ kind: "tool call", name: text(item["name"]), text: shown(item["arguments"] ?? item["input"]) }] };
    case "function_call_output":
    case "custom_tool_call_output":
      return { role: "tool", parts: filled([{ kind: "tool result", text: shown(item["output"]) }]) };
    case "reasoning": {
      const said = partsOf(item["content"]).concat(partsOf(item["summary"]));
      return { role: "assistant", parts: said.map((part) => ({ kind: "reasoning", text: part.text })) };
    }
    case undefined:
    case "message":
      return { role: text(item["role"]) || speaker, parts: partsOf(item["content"]) };
    default:
      return { role: speaker, parts: [{ kind: "text", text: shown(value) }] };
  }
}
