import { expect, test } from "vitest";
import { forget, keptNames, shortCommit } from "./stored";

const storageOf = (...keys: string[]) => ({
  get length() {
    return keys.length;
  },
  key: (at: number) => keys[at] ?? null,
  removeItem: (key: string) => void keys.splice(keys.indexOf(key), 1),
});

test("what the page keeps is named, and only that is forgotten", () => {
  const storage = storageOf("herder-mode", "other", "herder-", "herder-log-wrap");
  expect(keptNames(storage)).toEqual(["", "log-wrap", "mode"]);
  forget(storage);
  expect(storage.length).toBe(1);
  expect(storage.key(0)).toBe("other");
});

test.each([
  ["0123456789abcdef", "0123456"],
  ["unknown", "unknown"],
  ["", ""],
])("the commit %j is shown as %j", (commit, shown) => {
  expect(shortCommit(commit)).toBe(shown);
});
