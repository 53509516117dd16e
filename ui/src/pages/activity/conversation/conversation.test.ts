import { describe, expect, it } from "vitest";
import { turnsOfAnswer } from "./answer";
import { turnsOfRequest } from "./request";
import { turnsOfStream } from "./stream";
import type { Turn } from "./turns";

/** `role: kind text | kind text`, one turn a line. */
function told(turns: Turn[]): string[] {
  return turns.map(({ role, parts }) => {
    const said = parts.map((part) => {
      if (part.kind === "tool call") return `${part.kind} ${part.name} ${part.text.replace(/\s+/g, "")}`;
      return `${part.kind} ${"source" in part ? part.source || part.text : part.text}`;
    });
    return `${role}: ${said.join(" | ")}`;
  });
}

describe("turnsOfRequest", () => {
  it.each<[string, unknown, string[]]>([
    ["OpenAI chat", { messages: [{ role: "system", content: "be short" }, { role: "user", content: "hi" }] }, ["system: text be short", "user: text hi"]],
    [
      "pictures",
      { messages: [{ role: "user", content: [{ type: "text", text: "see" }, { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }, { type: "image_url", image_url: { url: "http://x/y.png" } }] }] },
      ["user: text see | image data:image/png;base64,AAAA | image image: http://x/y.png"],
    ],
    [
      "a picture that is a document",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: "data:image/svg+xml;base64,AAAA" }] }] },
      ["user: image image: data:image/svg+xml;base64,AAAA"],
    ],
    ["sound", { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }] }] }, ["user: audio data:audio/wav;base64,AAAA"]],
    [
      "tools",
      { messages: [{ role: "assistant", content: null, tool_calls: [{ function: { name: "f", arguments: '{"a":1}' } }] }, { role: "tool", content: "4" }] },
      ['assistant: tool call f {"a":1}', "tool: tool result 4"],
    ],
    [
      "Anthropic",
      {
        system: [{ type: "text", text: "s" }],
        messages: [
          { role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/jpeg", data: "AAAA" } }] },
          { role: "assistant", content: [{ type: "thinking", thinking: "hm" }, { type: "tool_use", name: "f", input: { a: 1 } }] },
          { role: "user", content: [{ type: "tool_result", content: [{ type: "text", text: "4" }] }] },
        ],
      },
      ["system: text s", "user: image data:image/jpeg;base64,AAAA", 'assistant: reasoning hm | tool call f {"a":1}', "user: tool result 4"],
    ],
    ["responses, a text", { instructions: "i", input: "hi" }, ["system: text i", "user: text hi"]],
    [
      "responses, items",
      { input: [{ role: "user", content: [{ type: "input_text", text: "hi" }] }, { type: "function_call", name: "f", arguments: "{}" }, { type: "function_call_output", output: "4" }, { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }] },
      ["user: text hi", "assistant: tool call f {}", "tool: tool result 4", "assistant: reasoning hm"],
    ],
    ["completion", { prompt: "once" }, ["prompt: text once"]],
    ["completions", { prompt: ["a", "b"] }, ["prompt: text a", "prompt: text b"]],
    ["tokens", { prompt: [1, 2] }, []],
    ["what is not known", { messages: [{ role: "user", content: [{ type: "hologram", x: 1 }] }] }, ['user: text {\n  "type": "hologram",\n  "x": 1\n}']],
    ["nonsense", { messages: "x", input: 4, prompt: {}, system: 1 }, []],
    ["no object", 7, []],
    ["null", null, []],
  ])("%s", (_, value, expected) => expect(told(turnsOfRequest(value))).toEqual(expected));
});

describe("turnsOfAnswer", () => {
  it.each<[string, unknown, string[]]>([
    ["OpenAI chat", { choices: [{ message: { role: "assistant", reasoning_content: "hm", content: "hi" } }, { message: { content: "ho" } }] }, ["assistant: reasoning hm | text hi", "assistant (2): text ho"]],
    ["completion", { choices: [{ text: "upon" }] }, ["assistant: text upon"]],
    ["llama.cpp", { content: "upon" }, ["assistant: text upon"]],
    ["Anthropic", { content: [{ type: "text", text: "hi" }] }, ["assistant: text hi"]],
    ["responses", { output: [{ type: "message", content: [{ type: "output_text", text: "hi" }] }] }, ["assistant: text hi"]],
    ["an error", { error: { message: "<b>no</b>" } }, ["error: error <b>no</b>"]],
    ["embeddings", { data: [{ embedding: [1] }] }, []],
    ["nothing", undefined, []],
  ])("%s", (_, value, expected) => expect(told(turnsOfAnswer(value))).toEqual(expected));
});

const sse = (...events: unknown[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const delta = (value: unknown, index = 0): unknown => ({ choices: [{ index, delta: value }] });

describe("turnsOfStream", () => {
  it.each<[string, string, string[]]>([
    [
      "OpenAI chat",
      `${sse(delta({ role: "assistant", reasoning_content: "h" }), delta({ reasoning_content: "m" }), delta({ content: "h" }), delta({ content: "i" }))}data: [DONE]\n\n`,
      ["assistant: reasoning hm | text hi"],
    ],
    ["two choices", sse(delta({ content: "a" }), delta({ content: "b" }, 1), delta({ content: "c" })), ["assistant: text ac", "assistant (2): text b"]],
    [
      "tool calls",
      sse(delta({ tool_calls: [{ index: 0, function: { name: "f", arguments: '{"a"' } }] }), delta({ tool_calls: [{ index: 1, function: { name: "g" } }, { index: 0, function: { arguments: ":1}" } }] })),
      ['assistant: tool call f {"a":1} | tool call g '],
    ],
    ["completion", sse({ choices: [{ text: "up" }] }, { choices: [{ text: "on" }] }), ["assistant: text upon"]],
    ["llama.cpp", sse({ content: "up" }, { content: "on", stop: true }), ["assistant: text upon"]],
    [
      "Anthropic",
      sse(
        { type: "message_start", message: { content: [] } },
        { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
        { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "hi" } },
        { type: "content_block_start", index: 2, content_block: { type: "tool_use", name: "f" } },
        { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "{}" } },
      ),
      ["assistant: reasoning hm | text hi | tool call f {}"],
    ],
    [
      "responses",
      sse(
        { type: "response.reasoning_summary_text.delta", output_index: 0, delta: "hm" },
        { type: "response.output_text.delta", output_index: 1, delta: "h" },
        { type: "response.output_text.delta", output_index: 1, delta: "i" },
        { type: "response.output_item.added", output_index: 2, item: { type: "function_call", name: "f", arguments: "" } },
        { type: "response.function_call_arguments.delta", output_index: 2, delta: "{}" },
        { type: "response.output_text.done", output_index: 1, text: "hi" },
      ),
      ["assistant: reasoning hm | text hi | tool call f {}"],
    ],
    ["an error in the stream", sse(delta({ content: "h" }), { error: { message: "gone" } }), ["assistant: text h", "error: error gone"]],
    ["a failed response", sse({ type: "response.failed", response: { error: { message: "gone" } } }), ["error: error gone"]],
    ["a stream that broke off", 'data: {"choices":[{"delta":{"content":"h"}}]}', ["assistant: text h"]],
    ["a stream that broke off inside", `${sse(delta({ content: "h" }))}data: {"choices":[{"del`, ["assistant: text h"]],
    ["lines that end in CR LF", sse(delta({ content: "h" })).replaceAll("\n", "\r\n"), ["assistant: text h"]],
    ["nonsense", "data: 7\n\ndata: null\n\ndata: [1]\n\n: ping\n\nx\n\n", []],
    ["nothing", "", []],
  ])("%s", (_, stream, expected) => expect(told(turnsOfStream(stream))).toEqual(expected));

  it("10 MB of small events are put together in reasonable time", () => {
    const event = `data: ${JSON.stringify({ id: "x".repeat(60), choices: [{ index: 0, delta: { content: "word " } }] })}\n\n`;
    const count = Math.ceil((10 * 1024 * 1024) / event.length);
    const turns = turnsOfStream(event.repeat(count));
    expect(turns[0]?.parts[0]?.text.length).toBe(count * 5);
  }, 30_000);
});
