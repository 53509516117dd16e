import { expect, test } from "vitest";
import { isAtLeast, levelOf } from "./level";

test.each([
  ["2026-11-23T16:07:07Z [INFO] herder listening", "INFO"],
  ["[WARN] no time before it", "WARN"],
  ["Nov 23 16:07:07.123456 [DEBUG] other times", "DEBUG"],
  ["  continued line", null],
  ["the text [x] [ERROR] later", null],
  ["[INFORMAL] no level", null],
  [`${"x".repeat(60)} [ERROR] too late`, null],
])("level of %s", (line, level) => {
  expect(levelOf(line)).toBe(level);
});

test.each([
  ["WARN", "INFO", true],
  ["INFO", "INFO", true],
  ["DEBUG", "INFO", false],
  [null, "DEBUG", false],
] as const)("%s is at least %s: %s", (level, least, is) => {
  expect(isAtLeast(level, least)).toBe(is);
});
