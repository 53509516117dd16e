import { describe, expect, it } from "vitest";
import { lorasOf, picturesOf } from "./answer";
import { bodyOf, parametersOf, readSettings, USUAL, type ImageSettings } from "./request";

const PNG = "iVBORw0KGgoAAAA";
const HERE = "http://herd.test:8080";

describe("case 39: bodies of 4.2", () => {
  const sd: ImageSettings = { ...USUAL, api: "sdapi", size: "1280x720" };
  it.each<[string, ImageSettings, Record<string, unknown>]>([
    ["openai", USUAL, { model: "m", prompt: "p", n: 1, size: "1024x1024" }],
    ["sdapi", sd, { model: "m", prompt: "p", width: 1280, height: 720, steps: 20, cfg_scale: 7, seed: -1, batch_size: 1 }],
    [
      "sdapi with everything",
      { ...sd, negative: "fog", sampler: "euler_a", scheduler: "karras", count: 3, seed: 7 },
      { model: "m", prompt: "p", negative_prompt: "fog", width: 1280, height: 720, steps: 20, cfg_scale: 7, seed: 7, batch_size: 3, sampler_name: "euler_a", scheduler: "karras" },
    ],
  ])("%s", (_, settings, body) => expect(bodyOf("m", "p", settings, [])).toEqual(body));

  it("names LoRAs by their path", () =>
    expect(bodyOf("m", "p", sd, [{ name: "ink", path: "loras/ink", strength: 0.5 }])["lora"]).toEqual([{ path: "loras/ink", multiplier: 0.5 }]));
  it("sends no LoRA where there is none", () => expect(bodyOf("m", "p", USUAL, [{ name: "a", path: "a", strength: 1 }])).not.toHaveProperty("lora"));
});

it.each<[unknown, Partial<ImageSettings>]>([
  [null, {}],
  ["text", {}],
  [{ size: "9x9", steps: 1e9, sampler: "toString" }, { steps: 150 }],
  [{ api: "sdapi", seed: 5, negative: "fog", scheduler: "ays" }, { api: "sdapi", seed: 5, negative: "fog", scheduler: "ays" }],
])("kept settings %j are read", (kept, differ) => expect(readSettings(kept)).toEqual({ ...USUAL, ...differ }));

describe("picturesOf", () => {
  it.each([
    ["nothing", {}, []],
    ["null", null, []],
    ["no list", { data: "x", images: {} }, []],
    ["empty entries", { data: [{}, null, { b64_json: "" }], images: ["", 3] }, []],
    ["all of data", { data: [{ b64_json: PNG }, { b64_json: "/9j/4AAQ" }] }, ["png", "jpg"]],
    ["all of images, as data: URLs, too", { images: [PNG, `data:image/webp;base64,UklGRabc`] }, ["png", "webp"]],
    ["a data: URL", { data: [{ url: `data:image/png;base64,${PNG}` }] }, ["png"]],
    ["addresses", { data: [{ url: "/made/1.png" }, { url: `${HERE}/2.png` }, { url: "https://elsewhere.test/3.png" }] }, ["here", "here", "elsewhere"]],
    ["what is no address of a picture", { data: [{ url: "javascript:alert(1)" }, { url: "data:text/html,x" }, { url: "http://[" }, { url: "file:///etc" }] }, []],
  ])("%s", (_, answer, found) =>
    expect(picturesOf(answer, HERE).map((each) => (each.kind === "bytes" ? each.extension : each.kind))).toEqual(found));
});

it("reads LoRAs", () => {
  expect(lorasOf([{ name: "ink", path: "l/ink" }, { name: "fog" }, { path: "l/x" }, {}, "y", null])).toEqual([
    { name: "ink", path: "l/ink" },
    { name: "fog", path: "fog" },
    { name: "l/x", path: "l/x" },
  ]);
  expect(lorasOf({ error: "x" })).toEqual([]);
});

it("says what pictures were made with", () => {
  expect(parametersOf(USUAL, [])).toBe("1024 × 1024");
  expect(parametersOf({ ...USUAL, api: "sdapi", negative: " fog ", sampler: "lcm" }, [{ name: "ink", path: "", strength: 0.5 }])).toBe(
    "1024 × 1024, 20 steps, guidance 7, random seed, lcm, without: fog, ink 0.5",
  );
});
