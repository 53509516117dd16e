import { describe, expect, it } from "vitest";
import { add, NOTHING, separateLoading, type Content } from "./answer";
import { dialectOf, type Endpoint } from "./dialect";
import { Reading } from "./stream";

const EVENTS = "text/event-stream";

/** The answer that a body adds up to, read in pieces of this many characters. */
function read(endpoint: Endpoint, body: string, contentType: string | null = EVENTS, size = body.length): Content {
  const reading = new Reading(dialectOf(endpoint), contentType);
  let content = NOTHING;
  for (let at = 0; at < body.length; at += Math.max(1, size)) content = add(content, reading.feed(body.slice(at, at + Math.max(1, size))), at);
  return add(content, reading.end(), body.length);
}
const sse = (...frames: unknown[]): string =>
  frames.map((frame) => `data: ${typeof frame === "string" ? frame : JSON.stringify(frame)}\n\n`).join("");
const delta = (said: object, more: object = {}): object => ({ choices: [{ index: 0, delta: said, finish_reason: null, ...more }] });

const CHAT = "/v1/chat/completions";
const MESSAGES = "/v1/messages";
const RESPONSES = "/v1/responses";

const FULL = {
  [CHAT]: sse(
    { model: "m", choices: [{ delta: { role: "assistant", content: null } }] },
    delta({ reasoning_content: "hm" }),
    delta({ content: "Hel" }),
    delta({ content: "lo" }),
    delta({}, { finish_reason: "length" }),
    { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1 } } },
    "[DONE]",
  ),
  [MESSAGES]: sse(
    { type: "message_start", message: { model: "m", usage: { input_tokens: 4, cache_read_input_tokens: 1, output_tokens: 1 } } },
    { type: "ping" },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
    { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hel" } },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "lo" } },
    { type: "message_delta", delta: { stop_reason: "length" }, usage: { output_tokens: 2 } },
    { type: "message_stop" },
  ),
  [RESPONSES]: sse(
    { type: "response.created", response: { model: "m", status: "in_progress" } },
    { type: "response.reasoning_summary_text.delta", delta: "hm" },
    { type: "response.output_text.delta", delta: "Hel" },
    { type: "response.output_text.delta", delta: "lo" },
    {
      type: "response.incomplete",
      response: {
        model: "m",
        status: "incomplete",
        incomplete_details: { reason: "length" },
        usage: { input_tokens: 5, output_tokens: 2, input_tokens_details: { cached_tokens: 1 } },
      },
    },
  ),
} satisfies Record<Endpoint, string>;

describe.each(Object.keys(FULL) as Endpoint[])("%s", (endpoint) => {
  const expected = {
    text: "Hello",
    thought: "hm",
    finish: "length",
    servedBy: "m",
    usage: { input: 5, output: 2, cached: 1 },
    error: null,
    complete: true,
  };
  const body = FULL[endpoint];
  it("adds up", () => expect(read(endpoint, body)).toMatchObject(expected));
  it("adds up character by character", () => expect(read(endpoint, body, EVENTS, 1)).toMatchObject(expected));
  it("with CRLF", () => expect(read(endpoint, body.replaceAll("\n", "\r\n"), EVENTS, 7)).toMatchObject(expected));
  it("with CR", () => expect(read(endpoint, body.replaceAll("\n", "\r"), EVENTS, 3)).toMatchObject(expected));
  it("without a space behind data:", () => expect(read(endpoint, body.replaceAll("data: ", "data:"))).toMatchObject(expected));
  it("with comments, event names and a byte order mark", () => {
    expect(read(endpoint, `: hello\n\n${body.replaceAll("data:", "event: x\nid: 1\ndata:")}`)).toMatchObject(expected);
  });
  it("without the last blank line", () => expect(read(endpoint, body.trimEnd())).toMatchObject(expected));
  it("cut in the middle is not complete", () => {
    expect(read(endpoint, body.slice(0, body.indexOf("lo\"") + 6))).toMatchObject({ text: expect.stringMatching(/^Hel/), complete: false });
  });
  it("an error frame in a stream", () => {
    const failed = sse({ error: { message: "out of memory", code: 500 } });
    expect(read(endpoint, body.slice(0, body.indexOf("data: ", 10)) + failed)).toMatchObject({ error: "out of memory" });
  });
  it("an error that was appended without a frame", () => {
    expect(read(endpoint, `: x\n\n{"error":{"message":"it is gone"}}`)).toMatchObject({ error: "it is gone" });
  });
  it("llama.cpp's old error line", () => {
    expect(read(endpoint, 'error: {"code":500,"message":"slot is gone","type":"server_error"}\n\n')).toMatchObject({ error: "slot is gone" });
    expect(read(endpoint, 'error: {"error":{"message":"slot is gone"}}\n\n')).toMatchObject({ error: "slot is gone" });
  });
  it("what is not understood says so", () => {
    expect(read(endpoint, "<html>no</html>", "text/html").error).toBe("The answer is not understood: <html>no</html>");
  });
  it("JSON that is no answer says so", () => {
    expect(read(endpoint, '{"method":"POST"}', "application/json").error).toBe('The answer is not understood: {"method":"POST"}');
  });
  it("garbage frames are skipped", () => {
    expect(read(endpoint, `data: {\n\ndata: 7\n\ndata: null\n\ndata: []\n\ndata: "x"\n\n${body}`)).toMatchObject(expected);
  });
  it("fields of strange kinds do no harm", () => {
    const strange = sse(
      { choices: [null, 7, { delta: 5 }, { delta: { content: 5, tool_calls: [null], reasoning: {} } }], usage: 3, model: {} },
      { type: "content_block_delta", delta: null },
      { type: "response.output_text.delta", delta: {} },
      { type: "response.completed", response: null },
    );
    expect(read(endpoint, strange)).toMatchObject({ text: "", error: null });
  });
});

describe("one piece instead of a stream", () => {
  const table: [Endpoint, object, object][] = [
    [
      CHAT,
      { model: "m", choices: [{ message: { content: "Hi", reasoning: "hm" }, finish_reason: "stop" }], usage: { completion_tokens: 1 } },
      { text: "Hi", thought: "hm", finish: "stop", complete: true, usage: { output: 1 } },
    ],
    [CHAT, { choices: [{ message: { content: [{ type: "text", text: "a" }, { text: "b" }] } }] }, { text: "ab", complete: true }],
    [
      MESSAGES,
      {
        content: [{ type: "thinking", thinking: "hm" }, { type: "text", text: "Hi" }, { type: "tool_use", name: "f", input: { a: 1 } }],
        stop_reason: "tool_use",
      },
      { text: "Hi", thought: "hm", finish: "tool_use", tools: [{ index: 2, name: "f", arguments: '{"a":1}' }] },
    ],
    [
      RESPONSES,
      {
        status: "completed",
        output: [
          { type: "reasoning", summary: [{ text: "hm" }] },
          { type: "message", content: [{ type: "output_text", text: "Hi" }, { type: "refusal", refusal: "no" }] },
          { type: "function_call", name: "f", arguments: "{}" },
        ],
      },
      { text: "Hi", thought: "hm", refusal: "no", finish: "completed", tools: [{ index: 2, name: "f", arguments: "{}" }] },
    ],
    [RESPONSES, { status: "failed", error: { message: "broke" }, output: [] }, { error: "broke" }],
    [CHAT, { error: { message: "broke" } }, { error: "broke" }],
  ];
  it.each(table)("%s %j", (endpoint, body, expected) => {
    expect(read(endpoint, JSON.stringify(body), "application/json; charset=utf-8", 5)).toMatchObject(expected);
    // Some servers forget to say what it is, or write it over several lines.
    expect(read(endpoint, JSON.stringify(body, null, 2), null)).toMatchObject(expected);
  });
});

describe("what else may be in a stream", () => {
  const table: [string, Endpoint, unknown[], object][] = [
    [
      "tool calls in pieces",
      CHAT,
      [
        delta({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "" } }] }),
        delta({ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }, { index: 1, function: { name: "g" } }] }),
        delta({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }, { finish_reason: "tool_calls" }),
      ],
      { tools: [{ index: 0, name: "f", arguments: '{"a":1}' }, { index: 1, name: "g", arguments: "" }], finish: "tool_calls" },
    ],
    ["the old function call", CHAT, [delta({ function_call: { name: "f", arguments: "{}" } })], { tools: [{ index: 0, name: "f", arguments: "{}" }] }],
    ["a refusal", CHAT, [delta({ refusal: "I will " }), delta({ refusal: "not" })], { refusal: "I will not" }],
    ["reasoning by its other name", CHAT, [delta({ reasoning: "hm" })], { thought: "hm" }],
    [
      "several choices",
      CHAT,
      [{ choices: [{ index: 2, delta: { content: "c" } }, { index: 0, delta: { content: "a" } }] }],
      { text: "a", others: ["", "c"] },
    ],
    [
      "llama.cpp's timings",
      CHAT,
      [{ choices: [], timings: { cache_n: 3, prompt_n: 2, prompt_per_second: 100.5, predicted_n: 9, predicted_per_second: 40.25 } }],
      { timings: { promptPerSecond: 100.5, outputPerSecond: 40.25 }, usage: { input: 5, cached: 3, output: 9 } },
    ],
    [
      "a tool of messages",
      MESSAGES,
      [
        { type: "content_block_start", index: 1, content_block: { type: "tool_use", name: "f", input: {} } },
        { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{}" } },
      ],
      { tools: [{ index: 1, name: "f", arguments: "{}" }] },
    ],
    [
      "a tool of responses",
      RESPONSES,
      [
        { type: "response.output_item.added", output_index: 0, item: { type: "function_call", name: "f" } },
        { type: "response.function_call_arguments.delta", output_index: 0, delta: "{}" },
      ],
      { tools: [{ index: 0, name: "f", arguments: "{}" }] },
    ],
    ["a refusal of responses", RESPONSES, [{ type: "response.refusal.delta", delta: "no" }], { refusal: "no" }],
    ["response.failed", RESPONSES, [{ type: "response.failed", response: { status: "failed", error: { code: "x", message: "broke" } } }], { error: "broke" }],
    ["an error event of responses", RESPONSES, [{ type: "error", message: "broke" }], { error: "broke" }],
    ["an error event of messages", MESSAGES, [{ type: "error", error: { type: "overloaded_error", message: "busy" } }], { error: "busy" }],
  ];
  it.each(table)("%s", (_, endpoint, frames, expected) => expect(read(endpoint, sse(...frames))).toMatchObject(expected));
  it("an answer without end is refused", () => {
    const reading = new Reading(dialectOf(CHAT), "application/json");
    const megabyte = " ".repeat(1024 * 1024);
    expect(() => {
      for (let count = 0; count < 33; count += 1) reading.feed(megabyte);
    }).toThrow(/longer than/);
  });
});

describe("the narration of a load", () => {
  const rule = "━━━━━\n";
  const table: [string, { loading: string; reasoning: string }][] = [
    ["", { loading: "", reasoning: "" }],
    ["━━", { loading: "", reasoning: "" }],
    ["thinking", { loading: "", reasoning: "thinking" }],
    [`${rule}llama-swap loading model: m\n..`, { loading: "llama-swap loading model: m\n..", reasoning: "" }],
    [`${rule}loading\n.\nDone! (3.21s)\n${rule} \n`, { loading: "loading\n.\nDone! (3.21s)", reasoning: "" }],
    [`${rule}loading\nDone!\n${rule} \nI think`, { loading: "loading\nDone!", reasoning: "I think" }],
    [`I write ${rule} myself`, { loading: "", reasoning: `I write ${rule} myself` }],
  ];
  it.each(table)("%j", (thought, expected) => expect(separateLoading(thought)).toEqual(expected));
  it("is no first token", () => {
    const loading = add(NOTHING, [{ kind: "reasoning", text: `${rule}loading` }], 10);
    expect(loading.firstReasoning).toBeNull();
    expect(add(loading, [{ kind: "reasoning", text: `\n${rule} \nhm` }], 20).firstReasoning).toBe(20);
  });
});
