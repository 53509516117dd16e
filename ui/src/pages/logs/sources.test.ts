import { expect, test } from "vitest";
import type { ModelNow } from "../../api/schema";
import { fileName, nameOf, panesOf, showing, sourceOf } from "./sources";

const model = (id: string, more: Partial<ModelNow> = {}) => ({ id, peerID: "", ...more }) as ModelNow;
const models = [model("a/b c", { aliases: ["ab"] }), model("far", { peerID: "attic" })];

test.each([
  ["proxy", "proxy", "herder"],
  ["upstream", "upstream", "all models"],
  ["model:a/b c 🐕:1", "model:a/b c 🐕:1", "a/b c 🐕:1"],
  ["model:", null, ""],
  ["other", null, ""],
  [null, null, ""],
])("the log %j", (text, source, name) => {
  expect(sourceOf(text)).toBe(source);
  if (source !== null) expect(nameOf(source as "proxy")).toBe(name);
});

test.each([
  ["proxy", { source: "proxy" }],
  ["model:a/b c", { source: "model:a/b c" }],
  ["model:ab", { source: "model:a/b c" }],
  ["model:none", { reason: "There is no model none. Choose another log." }],
  ["model:far", { reason: "herder has no log of far: its process belongs to the peer attic." }],
] as const)("what is shown for %s", (source, expected) => {
  expect(showing(source, models)).toEqual(expected);
});

test("models that are not known yet", () => {
  expect(showing("model:a", null)).toEqual({ reason: "Loading models …" });
  expect(showing("upstream", null)).toEqual({ source: "upstream" });
});

test.each<[string, string[], string, string | null]>([
  ["", [], "proxy", null],
  ["", ["upstream", "proxy"], "upstream", "proxy"],
  ["source=upstream", ["proxy", "proxy"], "upstream", null],
  ["source=proxy&second=model:x", [], "proxy", "model:x"],
  ["second=upstream", ["proxy", ""], "proxy", "upstream"],
  ["source=nonsense", ["upstream"], "upstream", null],
])("panes of ?%s", (query, remembered, first, second) => {
  expect(panesOf(new URLSearchParams(query), remembered)).toEqual({ first, second });
});

test("the name of a saved file", () => {
  expect(fileName("model:vega/coder 32b", 0)).toBe("vega_coder_32b-1970-01-01T00-00-00.log");
});
