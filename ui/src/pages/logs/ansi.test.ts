import { describe, expect, test } from "vitest";
import { MOST_RUNS, parse, plain, type Style } from "./ansi";

const red: Style = { foreground: 1 };

describe("runs of a line", () => {
  test.each<[string, string, [string, Style | null][]]>([
    ["plain text", "hello", [["hello", null]]],
    ["nothing", "", []],
    ["a colour and its reset", "a\x1b[31mb\x1b[0mc", [["a", null], ["b", red], ["c", null]]],
    ["a reset without number", "\x1b[31mb\x1b[mc", [["b", red], ["c", null]]],
    ["bright colours", "\x1b[91mb\x1b[104mc", [["b", { foreground: 9 }], ["c", { foreground: 9, background: 12 }]]],
    ["several at once", "\x1b[1;3;4;9;32;44mx", [["x", { bold: true, italic: true, underline: true, strike: true, foreground: 2, background: 4 }]]],
    ["each one off", "\x1b[1;3;4;9;32;44;22;23;24;29;39;49mx", [["x", null]]],
    ["one of 256", "\x1b[38;5;208mx\x1b[48;5;17my", [["x", { foreground: 208 }], ["y", { foreground: 208, background: 17 }]]],
    ["true colour", "\x1b[38;2;1;2;3mx", [["x", { foreground: [1, 2, 3] }]]],
    ["true colour with colons", "\x1b[48:2:1:2:3mx", [["x", { background: [1, 2, 3] }]]],
    ["a number out of range", "\x1b[38;5;999;1mx", [["x", { bold: true }]]],
    ["half a colour", "\x1b[38mx\x1b[38;2;1my", [["xy", null]]],
    ["other sequences", "a\x1b[2Kb\x1b[10;20Hc\x1b[?25ld\x1b(Be", [["abcd(Be", null]]],
    ["a title and a link", "\x1b]0;title\x07a\x1b]8;;x:y\x1b\\b\x1b]8;;\x1b\\", [["ab", null]]],
    ["a sequence whose end is to come", "a\x1b[38;5", [["a", null]]],
    ["an escape at the end", "a\x1b", [["a", null]]],
    ["control characters but for the tab", "a\x00\x07\x08\tb\x7f", [["a\tb", null]]],
    ["markup", "<img src=x onerror=alert(1)>", [["<img src=x onerror=alert(1)>", null]]],
  ])("%s", (_, line, runs) => {
    expect(parse(line).runs.map(({ text, style }) => [text, style])).toEqual(runs);
  });

  test("a style goes on in the next line", () => {
    const first = parse("\x1b[31ma");
    expect(first.style).toEqual(red);
    expect(parse("b\x1b[0m", first.style)).toEqual({ runs: [{ text: "b", style: red }], style: null });
  });

  test("a line of nothing but colours stays small and whole", () => {
    const { runs } = parse("\x1b[31mx\x1b[32my".repeat(10_000));
    expect(runs.length).toBeLessThanOrEqual(MOST_RUNS + 1);
    expect(plain(runs)).toHaveLength(20_000);
  });
});
