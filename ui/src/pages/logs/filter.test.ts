import { describe, expect, test } from "vitest";
import { LogBuffer, type Line } from "./buffer";
import { compile, MOST_MATCHES, show } from "./filter";

const lineOf = (text: string): Line => {
  const buffer = new LogBuffer();
  buffer.append(`${text}\n`);
  return buffer.lines[0] as Line;
};
const shown = (text: string, pattern: string) => show(lineOf(text), { pattern: compile(pattern).pattern, level: null });

describe("the filter", () => {
  test.each<[string, string, string, [string, boolean][] | null]>([
    ["no filter", "abc", "", [["abc", false]]],
    ["a match", "an error here", "error", [["an ", false], ["error", true], [" here", false]]],
    ["upper and lower case", "ERROR", "error", [["ERROR", true]]],
    ["no match", "fine", "error", null],
    ["several matches", "a-b-a", "a", [["a", true], ["-b-", false], ["a", true]]],
    ["matches side by side", "aab", "a", [["a", true], ["a", true], ["b", false]]],
    ["colour codes are no text", "\x1b[31mred", "31m", null],
    ["a match over a change of colour", "x\x1b[31merr\x1b[0mory", "error", [["x", false], ["err", true], ["or", true], ["y", false]]],
    ["an empty match shows the line", "abc", "x*", [["abc", false]]],
    ["alternatives", "vega loads", "^vega|loads$", [["vega", true], [" ", false], ["loads", true]]],
    ["markup", "<b>", "<b>", [["<b>", true]]],
  ])("%s", (_, text, pattern, segments) => {
    expect(shown(text, pattern)?.segments.map((segment) => [segment.text, segment.isMatch]) ?? null).toEqual(segments);
  });

  test("counts matches, up to a limit", () => {
    expect(shown("a-a", "a")?.matches).toBe(2);
    expect(shown("abc", "x*")?.matches).toBe(1);
    expect(shown("a".repeat(10_000), "a")?.matches).toBe(MOST_MATCHES);
  });

  test("what is no expression says so and shows all", () => {
    const { pattern, error } = compile("(");
    expect(pattern).toBeNull();
    expect(error).toMatch(/^This is no regular expression \(.+\)\. All lines are shown\.$/);
  });

  test("levels leave out what is less, gaps stay", () => {
    const buffer = new LogBuffer();
    buffer.append("[DEBUG] a\n[WARN] b\n  goes on\n[INFO] c\n[ERROR] d\n");
    buffer.gap("gap");
    const left = buffer.lines.filter((line) => show(line, { pattern: /nothing|b|goes|d/gi, level: "WARN" }));
    expect(left.map((line) => line.text)).toEqual(["[WARN] b", "  goes on", "[ERROR] d", "gap"]);
  });
});
