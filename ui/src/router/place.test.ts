import { describe, expect, it } from "vitest";
import { pathOf, pathOfHash, pathOfModel, PAGES, placeOf } from "./place";

describe("placeOf", () => {
  const table: [string, unknown][] = [
    ["/ui/", { page: "overview" }],
    ["/ui", { page: "overview" }],
    ["/ui/overview", { page: "overview" }],
    ["/ui/models", { page: "models" }],
    ["/ui/models/", { page: "models" }],
    ["/ui/models/vega%2Fcoder-32b", { page: "model", model: "vega/coder-32b" }],
    ["/ui/models/vega/coder-32b", { page: "model", model: "vega/coder-32b" }],
    ["/ui/models/qwen-2.5", { page: "model", model: "qwen-2.5" }],
    ["/ui/models/50%", { page: "model", model: "50%" }],
    ["/ui/models/a%20b%20%F0%9F%90%95", { page: "model", model: "a b 🐕" }],
    ["/ui/activity", { page: "activity" }],
    ["/ui/activity/x", { page: "unknown", path: "/ui/activity/x" }],
    ["/ui/nowhere", { page: "unknown", path: "/ui/nowhere" }],
  ];
  it.each(table)("%s", (path, place) => expect(placeOf(path)).toEqual(place));
});

describe("paths", () => {
  it.each(PAGES)("%s leads back to itself", (page) => expect(placeOf(pathOf(page))).toEqual({ page }));
  it.each(["a", "a/b", "a.b", "ä ö", "50%", "a?b#c", "🐕"])("model %s leads back to itself", (model) => {
    const url = new URL(pathOfModel(model), "http://h");
    expect(placeOf(url.pathname)).toEqual({ page: "model", model });
  });
  it.each([
    ["#/models/vega%2Fcoder-32b", "/ui/models/vega%2Fcoder-32b"],
    ["#/", "/ui/"],
    ["#top", null],
    ["", null],
  ])("old link %s", (hash, path) => expect(pathOfHash(hash)).toBe(path));
});
