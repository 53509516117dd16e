import { describe, expect, it } from "vitest";
import { filled, nextOrder, ordered, rankingOf, readText, rowsOf, textOf, withEmptyRow, type Order } from "./ranking";

const ROWS = rowsOf(["a", " ", "b", "c"]);
const sent = filled(ROWS);
const ANSWER = { results: [{ index: 1, relevance_score: 2.5 }, { index: 0, relevance_score: -1 }, { index: 9, relevance_score: 1 }, null], usage: { total_tokens: 42 } };

describe("case 42: scores", () => {
  const { scores, tokens } = rankingOf(ANSWER, sent);
  it("belong to documents by their index among those that were sent", () => {
    expect([...scores.values()]).toEqual([{ text: "b", score: 2.5 }, { text: "a", score: -1 }]);
    expect(tokens).toBe(42);
  });
  it.each<[Order, string]>([
    ["descending", "b,a, ,c,"],
    ["ascending", "a,b, ,c,"],
    ["original", "a, ,b,c,"],
  ])("in %s order", (order, texts) => expect(ordered(ROWS, scores, order).map(({ text }) => text).join()).toBe(texts));
  it("are gone when the document is another one", () => {
    const changed = ROWS.map((row) => (row.text === "b" ? { ...row, text: "other" } : row));
    expect(ordered(changed, scores, "descending")[0]?.text).toBe("a");
  });
  it("may be called score, and tokens may be missing", () => expect(rankingOf({ results: [{ index: 0, score: 1 }] }, sent).tokens).toBeNull());
  it.each([[{}], [null], [{ results: [] }], [{ results: [{ index: "0", score: 1 }] }]])("none in %j is an error", (answer) => expect(() => rankingOf(answer, sent)).toThrow("no scores"));
});

it("has one empty row at its end", () => {
  expect(ROWS.map(({ text }) => text)).toEqual(["a", " ", "b", "c", ""]);
  expect(withEmptyRow(ROWS)).toEqual(ROWS);
  expect(rowsOf([])).toEqual([{ id: 0, text: "" }]);
  expect(rowsOf(Array.from({ length: 500 }, () => "x")).length).toBe(500);
});

it("cycles through the orders", () => expect([nextOrder("descending"), nextOrder("ascending"), nextOrder("original")]).toEqual(["ascending", "original", "descending"]));

describe("JSON mode", () => {
  it("goes back and forth", () => expect(readText(textOf("q", ROWS))).toEqual({ query: "q", documents: ["a", "b", "c"] }));
  it.each([
    ["{", /JSON/],
    ["[]", /`query`/],
    ['{"query":"q"}', /`documents`/],
    ['{"query":"q","documents":["a",1]}', /`documents`/],
    [JSON.stringify({ query: "q", documents: Array.from({ length: 501 }, () => "") }), /At most 500/],
  ])("%s is refused", (text, reason) => expect(() => readText(text)).toThrow(reason));
});
