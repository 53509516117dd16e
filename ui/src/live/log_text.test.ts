import { expect, it } from "vitest";
import { append, news } from "./log_text";

it.each([
  ["", "abc", 10, "abc"],
  ["abc\n", "def\n", 8, "abc\ndef\n"],
  ["abc\ndef\n", "ghi\n", 8, "ghi\n"],
  ["x".repeat(8), "yyyy", 8, "xxyyyy"],
  ["abc\ndef", "g\n", 8, "defg\n"],
])("%j + %j within %d", (kept, text, limit, expected) => {
  expect(append(kept, text, limit)).toBe(expected);
});

it.each([
  ["the first text", null, { life: 1, end: 3 }, "abc", "abc", true],
  ["what follows", { life: 1, end: 3 }, { life: 1, end: 5 }, "de", "de", false],
  ["a tab that looks again, nothing new", { life: 1, end: 5 }, { life: 1, end: 5 }, "abcde", "", false],
  ["a tab that looks again, something new", { life: 1, end: 3 }, { life: 1, end: 5 }, "abcde", "de", false],
  ["a tab that was away for too long", { life: 1, end: 3 }, { life: 1, end: 9 }, "efghi", "efghi", true],
  ["another life of the log", { life: 1, end: 3 }, { life: 2, end: 5 }, "abcde", "abcde", true],
  ["nothing, at the beginning", null, { life: 1, end: 0 }, "", "", true],
])("%s is news", (_, had, now, text, fresh, isReset) => {
  expect(news(had, now, text)).toEqual({ fresh, isReset });
});
