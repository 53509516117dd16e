import { expect, it } from "vitest";
import { append } from "./log_text";

it.each([
  ["", "abc", 10, "abc"],
  ["abc\n", "def\n", 8, "abc\ndef\n"],
  ["abc\ndef\n", "ghi\n", 8, "ghi\n"],
  ["x".repeat(8), "yyyy", 8, "xxyyyy"],
  ["abc\ndef", "g\n", 8, "defg\n"],
])("%j + %j within %d", (kept, text, limit, expected) => {
  expect(append(kept, text, limit)).toBe(expected);
});
