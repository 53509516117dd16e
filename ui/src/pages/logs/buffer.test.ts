import { describe, expect, test } from "vitest";
import { GAP, KEPT_CHARACTERS, KEPT_LINES, LogBuffer, LONGEST_LINE } from "./buffer";

const filled = (...pieces: string[]): LogBuffer => {
  const buffer = new LogBuffer();
  for (const piece of pieces) buffer.append(piece);
  return buffer;
};
const texts = (buffer: LogBuffer): string[] => buffer.lines.map((line) => line.text);

describe("lines of a stream of text", () => {
  test.each<[string, string[], string[]]>([
    ["whole lines", ["a\nb\n"], ["a", "b"]],
    ["an empty line", ["a\n\nb\n"], ["a", "", "b"]],
    ["a begun line is shown", ["a\nb"], ["a", "b"]],
    ["a begun line goes on", ["a\nb", "c", "d\ne"], ["a", "bcd", "e"]],
    ["a line end comes alone", ["a", "\n", "b\n"], ["a", "b"]],
    ["carriage returns at line ends", ["a\r\nb\r", "\nc\r\n"], ["a", "b", "c"]],
    ["a progress bar", ["10 %\r50 %", "\r100 %\n"], ["100 %"]],
    ["a code in two pieces", ["\x1b[3", "1mred\n"], ["red"]],
    ["nothing", ["", ""], []],
  ])("%s", (_, pieces, lines) => {
    expect(texts(filled(...pieces))).toEqual(lines);
  });

  test("any cut of a text gives the same lines", () => {
    const text = "one\r\n\x1b[32mtwo\n\nthree\x1b[0m\n10\r20\rfour\nfive";
    const whole = filled(text).lines;
    for (let cut = 0; cut <= text.length; cut += 1) {
      for (let second = cut; second <= text.length; second += 1) {
        expect(filled(text.slice(0, cut), text.slice(cut, second), text.slice(second)).lines).toEqual(whole);
      }
    }
  });

  test("append tells the first line that is new or has changed", () => {
    const buffer = new LogBuffer();
    expect(buffer.append("a\nb")).toBe(1);
    expect(buffer.append("c")).toBe(2);
    expect(buffer.append("\nd\n")).toBe(2);
    expect(buffer.append("e\n")).toBe(4);
    expect(buffer.lines.map((line) => line.number)).toEqual([1, 2, 3, 4]);
  });

  test("colours go on in the next line, and end at a gap", () => {
    const buffer = filled("\x1b[31ma\nb\n");
    buffer.gap();
    buffer.append("c\n");
    expect(buffer.lines.map((line) => line.runs[0]?.style)).toEqual([{ foreground: 1 }, { foreground: 1 }, null, null]);
  });

  test("a gap ends the begun line", () => {
    const buffer = filled("a\nbeg");
    buffer.gap();
    buffer.append("un\n");
    expect(texts(buffer)).toEqual(["a", "beg", GAP, "un"]);
    expect(buffer.lines.map((line) => line.kind)).toEqual(["line", "line", "gap", "line"]);
  });

  test("lines without a level have that of the line before", () => {
    expect(filled("x\n[WARN] a\n  b\n[INFO] c\n").lines.map((line) => line.level)).toEqual([null, "WARN", "WARN", "INFO"]);
  });

  test("clear forgets, and what follows begins anew", () => {
    const buffer = filled("a\nbeg");
    buffer.clear();
    expect(buffer.lines).toEqual([]);
    expect(buffer.append("un\n")).toBe(1);
    expect(texts(buffer)).toEqual(["un"]);
  });
});

describe("limits", () => {
  test.each([
    ["at once", (line: string) => [line]],
    ["in pieces", (line: string) => line.match(/[^]{1,65536}/g) ?? []],
    ["in small pieces", (line: string) => line.slice(0, 100_000).match(/[^]{1,100}/g) ?? []],
  ])("a 10 MB line that comes %s is cut, and says how much", (_, cut) => {
    const pieces = cut("x".repeat(10 * 1024 * 1024));
    const buffer = filled(...pieces, "\nnext\n");
    expect(texts(buffer)).toEqual(["x".repeat(LONGEST_LINE), "next"]);
    expect(buffer.lines[0]?.cut).toBe(pieces.join("").length - LONGEST_LINE);
    expect(buffer.lines[1]?.cut).toBe(0);
  });

  test("only the last lines are kept, under their numbers", () => {
    const buffer = filled("line\n".repeat(KEPT_LINES * 3));
    expect(buffer.lines).toHaveLength(KEPT_LINES);
    expect(buffer.lines.at(-1)?.number).toBe(KEPT_LINES * 3);
    for (let more = 0; more < 2000; more += 1) buffer.append("more\n");
    expect(buffer.lines.length).toBeLessThan(KEPT_LINES * 1.2);
  });

  test("long lines are kept in smaller number", () => {
    const buffer = filled(`${"x".repeat(LONGEST_LINE)}\n`.repeat(500));
    expect(texts(buffer).join("").length).toBeLessThanOrEqual(KEPT_CHARACTERS);
    expect(buffer.lines.at(-1)?.number).toBe(500);
  });
});
