import { describe, expect, it } from "vitest";
import { LARGEST, refusalOf } from "./sound_file";
import { fieldsOf, moment, readTranscript } from "./transcript";

it.each([
  ["bell.wav", 10, null],
  ["BELL.MP3", 10, null],
  ["a.b.ogg", LARGEST, null],
  ["notes.txt", 10, "notes.txt is no sound file."],
  ["wav", 10, "wav is no sound file."],
  ["bell.wav", 0, "bell.wav is empty."],
  ["bell.wav", LARGEST + 1, "at most 512 MiB are taken"],
])("case 41: %s of %d bytes is refused: %j", (name, size, refusal) => {
  const found = refusalOf({ name, size });
  if (refusal === null) expect(found).toBeNull();
  else expect(found).toContain(refusal);
});

it("sends what was chosen", () => {
  expect(fieldsOf("m", { language: " ", prompt: "", format: "json" })).toEqual([["model", "m"]]);
  expect(fieldsOf("m", { language: " de", prompt: "Glocke", format: "srt" })).toEqual([
    ["model", "m"],
    ["language", "de"],
    ["prompt", "Glocke"],
    ["response_format", "srt"],
  ]);
});

describe("readTranscript", () => {
  it.each([
    ['{"text":" A bell. "}', "application/json", "A bell."],
    ['{"text":"A bell."}', "text/plain", "A bell."],
    ["A bell.\n", "text/plain", "A bell."],
    ["1\n00:00:00,000 --> 00:00:01,000\nA bell.\n", "text/plain", "1\n00:00:00,000 --> 00:00:01,000\nA bell."],
    ["WEBVTT\n", "text/vtt", "WEBVTT"],
    ["{ not JSON", "text/plain", "{ not JSON"],
    ["", "", ""],
  ])("%j as %s", (body, type, text) => expect(readTranscript(body, type)).toEqual({ text, segments: [], facts: [] }));

  it("has segments and facts of verbose JSON", () => {
    const body = { text: "A bell.", language: "english", duration: 65.25, segments: [{ start: 0, end: 1.5, text: " A" }, { start: 1.5, end: 65.25, text: " bell." }, null, { start: "0" }] };
    expect(readTranscript(JSON.stringify(body), "application/json")).toEqual({
      text: "A bell.",
      segments: [{ start: 0, end: 1.5, text: "A" }, { start: 1.5, end: 65.25, text: "bell." }],
      facts: ["language english", "65.3 s of sound"],
    });
  });

  it.each([
    ["{}", "application/json", "no text in the answer"],
    ['{"error":{"message":"bad file"}}', "application/json", "bad file"],
    ['{"error":"bad file"}', "text/plain", "bad file"],
    ["<html>", "text/html", "web page"],
  ])("%j as %s is an error", (body, type, reason) => expect(() => readTranscript(body, type)).toThrow(reason));
});

it.each([
  [0, "0:00.0"],
  [65.25, "1:05.3"],
  [59.97, "1:00.0"],
])("%d s is %s", (seconds, text) => expect(moment(seconds)).toBe(text));
