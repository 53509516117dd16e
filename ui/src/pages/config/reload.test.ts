import { expect, test } from "vitest";
import type { LastReload } from "../../api/schema";
import { changes, outcome, place } from "./reload";

const reload: LastReload = { at: "2026-11-23T16:00:00Z", trigger: "file", outcome: "applied", added: [], changed: [], removed: [], settings: [], warnings: 0, error: null };

test.each([
  ["applied", "request", /^The new configuration is in use\. .*button/, false],
  ["unchanged", "signal", /nothing has changed\. .*signal/, false],
  ["refused", "file", /refused\. The old one stays in use\. .*files/, true],
] as const)("a reload that was %s, by a %s", (how, trigger, text, isRefused) => {
  const words = outcome({ ...reload, outcome: how, trigger });
  expect(words.text).toMatch(text);
  expect(words.isRefused).toBe(isRefused);
});

test("only what is different is listed, and a removed model has no page", () => {
  expect(changes(reload)).toEqual([]);
  expect(changes({ added: ["a"], changed: [], removed: ["c"], settings: ["logLevel"] })).toEqual([
    { label: "Added models", names: ["a"], areModels: true },
    { label: "Removed models", names: ["c"], areModels: false },
    { label: "Other settings", names: ["logLevel"], areModels: false },
  ]);
});

test.each([
  [{ file: null, line: 1, column: 1 }, ""],
  [{ file: "a.yaml", line: null, column: 3 }, "a.yaml"],
  [{ file: "a.yaml", line: 7, column: null }, "a.yaml:7"],
  [{ file: "a.yaml", line: 7, column: 3 }, "a.yaml:7:3"],
])("the place %j is %j", (finding, text) => {
  expect(place(finding)).toBe(text);
});
