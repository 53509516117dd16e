import { describe, expect, it } from "vitest";
import { LONGEST_PART, Parts } from "./parts";

/** The texts of the parts when everything is there. */
function cut(text: string): string[] {
  const parts = new Parts();
  const open = parts.grow(text);
  return [...parts.finished, open].map((part) => part.text).filter((part) => part !== "");
}

describe("cuts", () => {
  const table: [string, string, string[]][] = [
    ["paragraphs", "a\n\nb\n\nc\n", ["a\n\n", "b\n\n", "c\n"]],
    ["no line breaks inside one", "a\nb", ["a\nb"]],
    ["a fence with blank lines", "a\n```py\nx\n\ny\n```\nb", ["a\n", "```py\nx\n\ny\n```\n", "b"]],
    ["tildes, and backticks in them", "~~~\n```\n\n~~~\nb", ["~~~\n```\n\n~~~\n", "b"]],
    ["a longer fence around a shorter", "````\n```\n\n```\n````\nb", ["````\n```\n\n```\n````\n", "b"]],
    ["backticks that are no fence", "```a``` b\n\nc\n", ["```a``` b\n\n", "c\n"]],
    ["a loose list stays whole", "1. a\n\n2. b\n\n   more\n\nend\n", ["1. a\n\n2. b\n\n   more\n\n", "end\n"]],
    ["a fence in a list", "- a\n\n  ```\n  x\n\n  y\n  ```\n\n- b", ["- a\n\n  ```\n  x\n\n  y\n  ```\n\n- b"]],
    ["a fence that begins an item", "- ```\n  x\n\n  y\n  ```\n- b\n\nc\n", ["- ```\n  x\n\n  y\n  ```\n- b\n\n", "c\n"]],
    ["indented code stays with what is above", "a\n\n    code\n\nb\n", ["a\n\n    code\n\n", "b\n"]],
    ["a definition makes it one", "[x][1]\n\nb\n\n[1]: http://a.example\n\nc", ["[x][1]\n\nb\n\n[1]: http://a.example\n\nc"]],
    ["a footnote, too", "x[^1]\n\n[^1]: y\n\nz", ["x[^1]\n\n[^1]: y\n\nz"]],
    ["a line that may become an item", "- a\n\n-", ["- a\n\n-"]],
    ["nothing", "", []],
  ];
  it.each(table)("%s", (_, text, expected) => expect(cut(text)).toEqual(expected));
});

it("grown character by character, the same parts come out, and finished ones never change", () => {
  const text = "# t\n\npara *a*\n\n```js\nx\n\ny\n```\n\n- a\n\n- b\n\n$$\nx\n$$\n\nend";
  const parts = new Parts();
  let before: unknown[] = [];
  let open = "";
  for (let length = 0; length <= text.length; length += 1) {
    open = parts.grow(text.slice(0, length)).text;
    before.forEach((part, index) => expect(parts.finished[index]).toBe(part));
    expect(parts.finished.map((part) => part.text).join("") + open).toBe(text.slice(0, length));
    before = [...parts.finished];
  }
  expect([...parts.finished.map((part) => part.text), open]).toEqual(cut(text));
});

describe("long ones", () => {
  const shapes: [string, string][] = [
    ["one line", "x".repeat(1_000_000)],
    ["one fence", "```\n" + "line of code\n".repeat(80_000) + "```\n\nafter"],
    ["one list", "- item\n\n".repeat(120_000)],
    ["short paragraphs", "a short one\n\n".repeat(80_000)],
    ["one paragraph", "words and words\n".repeat(60_000)],
    ["definitions", "[a]: b\n".repeat(140_000)],
    ["quotations", ">".repeat(10_000) + "\n".repeat(10) + "> a\n".repeat(200_000)],
  ];
  it.each(shapes)("%s of a megabyte: every part is short, nothing is lost, and it takes a moment", (_, text) => {
    const parts = new Parts();
    const start = performance.now();
    const all = [parts, parts.grow(text)].flatMap((found) => (found instanceof Parts ? found.finished : [found]));
    expect(performance.now() - start).toBeLessThan(5000);
    expect(all.map((part) => part.text).join("")).toBe(text);
    expect(Math.max(...all.map((part) => part.text.length))).toBeLessThanOrEqual(LONGEST_PART + 20);
    expect(all.at(-1)?.plain).toBe(true);
    expect(all.length).toBeLessThan(1000);
  });
  it("what follows a fence that was cut is formatted again", () => {
    const parts = new Parts();
    const open = parts.grow("```\n" + "code\n".repeat(6000) + "```\nafter");
    expect(parts.finished.map((part) => part.plain)).toEqual([true, true]);
    expect(open).toEqual({ text: "after", plain: false });
  });
});
