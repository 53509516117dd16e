import { describe, expect, it } from "vitest";
import { bodyOf, fileName } from "./request";
import { isPlayable, soundTypeOf } from "./sound";
import { areVoiceLists, BUILT_IN, voiceIn, voicesFor, voicesOf, withVoices } from "./voices";

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe("case 40: the right extension", () => {
  it.each([
    ["RIFF....WAVEfmt ", "audio/mpeg", "mp3", "wav"],
    ["fLaC", "application/octet-stream", "", "flac"],
    ["OggS........................OpusHead", "audio/ogg", "", "opus"],
    ["OggS............................vorbis", "audio/ogg", "", "ogg"],
    ["ID3", "", "", "mp3"],
    ["\xff\xfb\x90", "audio/wav", "", "mp3"],
    ["\xff\xf1\x50", "", "", "aac"],
    ["....ftypM4A ", "", "", "m4a"],
    ["\x1a\x45\xdf\xa3", "", "", "webm"],
    ["??", "audio/x-wav; rate=24000", "mp3", "wav"],
    ["??", "audio/L16", "", "pcm"],
    ["??", "application/octet-stream", "pcm", "pcm"],
    ["??", "application/octet-stream", "", "bin"],
  ])("%j sent as %j, asked for %j: %s", (head, type, asked, extension) =>
    expect(soundTypeOf(bytes(head).slice(0, 36), type, asked)?.extension).toBe(extension));

  it.each(["application/json", "text/html; charset=utf-8", "image/png"])("%s is no sound", (type) => expect(soundTypeOf(bytes("ID3"), type, "")).toBeNull());

  it("knows what no player plays", () => {
    expect(isPlayable({ extension: "pcm", type: "" })).toBe(false);
    expect(isPlayable({ extension: "opus", type: "" })).toBe(true);
  });

  it("names files after voice and time", () => {
    expect(fileName("heather", 0, "wav")).toBe("heather-1970-01-01T00-00-00.wav");
    expect(fileName("../a b/ç", 0, "mp3")).toBe("a-b-ç-1970-01-01T00-00-00.mp3");
    expect(fileName("///", 0, "mp3")).toMatch(/^speech-/);
  });
});

describe("voices", () => {
  it.each<[string, unknown, string[]]>([
    ["a list of names", ["a", "b", "a"], ["a", "b"]],
    ["names below voices", { voices: ["a"] }, ["a"]],
    ["objects", { voices: [{ id: "a", name: "Anna" }, { name: "b" }, {}, null, 3] }, ["a", "b"]],
  ])("%s", (_, answer, names) => expect(voicesOf(answer)).toEqual(names));
  it.each([[[]], [{}], [null], ["a"], [{ voices: "a" }]])("%j names none, which is an error", (answer) => expect(() => voicesOf(answer)).toThrow("names no voice"));

  it("are kept by model, the oldest list goes", () => {
    let lists = withVoices({}, "m0", ["a"]);
    for (let index = 1; index < 40; index += 1) lists = withVoices(lists, `m${index}`, ["b"]);
    expect(Object.keys(lists).length).toBe(32);
    expect(voicesFor(lists, "m0")).toBe(BUILT_IN);
    expect(voicesFor(lists, "m39")).toEqual(["b"]);
    expect(voicesFor({}, "toString")).toBe(BUILT_IN);
    expect(Object.keys(withVoices({ a: ["x"], b: ["x"] }, "a", ["y"]))).toEqual(["b", "a"]);
  });
  it("another model's voice is not used", () => {
    expect(voiceIn(["a", "b"], "b")).toBe("b");
    expect(voiceIn(["a", "b"], "coral")).toBe("a");
  });
  it.each([
    [{ m: ["a"] }, true],
    [{ m: [] }, false],
    [{ m: "a" }, false],
    [[], false],
    [null, false],
  ])("kept %j is a list: %j", (kept, good) => expect(areVoiceLists(kept)).toBe(good));
});

it("sends what was chosen, and nothing else", () => {
  const usual = { voice: "coral", format: "", speed: 1, instructions: " " } as const;
  expect(bodyOf("m", "Hi", usual)).toEqual({ model: "m", input: "Hi", voice: "coral" });
  expect(bodyOf("m", "Hi", { ...usual, format: "wav", speed: 1.5, instructions: "Whisper." })).toEqual({
    model: "m", input: "Hi", voice: "coral", response_format: "wav", speed: 1.5, instructions: "Whisper.",
  });
});
