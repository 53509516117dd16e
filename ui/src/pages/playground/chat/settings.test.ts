import { describe, expect, it } from "vitest";
import type { Picture, Turn } from "./dialect";
import { areSound, bodyOf, problemOf, problemOfExtras, readSettings, stopsOf, UNSET, type ChatSettings, type ParameterName } from "./settings";

const picture: Picture = { name: "p.png", type: "image/png", url: "data:image/png;base64,AAA=" };
const TURNS: Turn[] = [
  { role: "user", text: "look", pictures: [picture] },
  { role: "assistant", text: "seen", pictures: [] },
  { role: "user", text: "and?", pictures: [{ ...picture, url: null }] },
];
const set = (change: Partial<ChatSettings>, parameters: Partial<Record<ParameterName, string>> = {}): ChatSettings => ({
  ...UNSET,
  ...change,
  parameters: { ...UNSET.parameters, ...parameters },
});

describe("case 38: bodies, with nothing set", () => {
  it("/v1/chat/completions", () =>
    expect(bodyOf("m", set({ system: " be kind " }), TURNS)).toEqual({
      model: "m",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "be kind" },
        { role: "user", content: [{ type: "text", text: "look" }, { type: "image_url", image_url: { url: picture.url } }] },
        { role: "assistant", content: "seen" },
        { role: "user", content: "and?" },
      ],
    }));
  it("/v1/messages", () =>
    expect(bodyOf("m", set({ system: "be kind", endpoint: "/v1/messages" }), TURNS)).toEqual({
      model: "m",
      stream: true,
      max_tokens: 4096,
      system: "be kind",
      messages: [
        {
          role: "user",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAA=" } }, { type: "text", text: "look" }],
        },
        { role: "assistant", content: "seen" },
        { role: "user", content: "and?" },
      ],
    }));
  it("/v1/responses", () =>
    expect(bodyOf("m", set({ system: "be kind", endpoint: "/v1/responses" }), TURNS)).toEqual({
      model: "m",
      stream: true,
      instructions: "be kind",
      input: [
        { role: "user", content: [{ type: "input_text", text: "look" }, { type: "input_image", image_url: picture.url }] },
        { role: "assistant", content: [{ type: "output_text", text: "seen" }] },
        { role: "user", content: [{ type: "input_text", text: "and?" }] },
      ],
    }));
});

describe("what is set is sent, as far as the API has it", () => {
  const all = set(
    { stop: "END\n\\n\\n\n\n" },
    { temperature: "0", topP: "0.9", topK: "40", minP: "0.05", maxTokens: "64", seed: "-1", presencePenalty: "0.5", frequencyPenalty: "-0.5" },
  );
  const ofBody = (endpoint: ChatSettings["endpoint"]) => {
    const { messages: _, input: __, model: ___, stream: ____, stream_options: _____, ...rest } = bodyOf("m", { ...all, endpoint }, []);
    return rest;
  };
  it("/v1/chat/completions", () =>
    expect(ofBody("/v1/chat/completions")).toEqual({
      temperature: 0,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.05,
      max_tokens: 64,
      seed: -1,
      presence_penalty: 0.5,
      frequency_penalty: -0.5,
      stop: ["END", "\n\n"],
    }));
  it("/v1/messages", () =>
    expect(ofBody("/v1/messages")).toEqual({ temperature: 0, top_p: 0.9, top_k: 40, max_tokens: 64, stop_sequences: ["END", "\n\n"] }));
  it("/v1/responses", () => expect(ofBody("/v1/responses")).toEqual({ temperature: 0, top_p: 0.9, max_output_tokens: 64 }));
  it("extras win", () => {
    const body = bodyOf("m", set({ extras: '{"temperature": 1, "n": 2}' }, { temperature: "0.5" }), []);
    expect(body).toMatchObject({ temperature: 1, n: 2 });
  });
});

it.each([
  ["temperature", "", null],
  ["temperature", "0.7", null],
  ["temperature", "2.1", "From 0 to 2."],
  ["temperature", "hot", "This is no number."],
  ["temperature", "Infinity", "This is no number."],
  ["maxTokens", "1.5", "Whole numbers only."],
  ["maxTokens", "0", "From 1 to 10000000."],
  ["seed", "-1", null],
] as const)("%s %j: %j", (name, written, problem) => {
  expect(problemOf(name, written)).toBe(problem);
  expect(areSound(set({}, { [name]: written }))).toBe(problem === null);
});

it.each([
  ["", true],
  ['{"a": 1}', true],
  ["[1]", false],
  ["null", false],
  ["{", false],
])("extras %j", (written, sound) => {
  expect(problemOfExtras(written) === null).toBe(sound);
  expect(areSound(set({ extras: written }))).toBe(sound);
});

it("stored settings that make no sense are unset", () => {
  expect(readSettings(null)).toEqual(UNSET);
  expect(readSettings({ endpoint: "/unload", parameters: { temperature: 7, topP: "0.5" }, sendWith: "Escape", stop: [] })).toEqual(
    set({}, { topP: "0.5" }),
  );
  expect(stopsOf("a\n".repeat(100)).length).toBe(16);
});
