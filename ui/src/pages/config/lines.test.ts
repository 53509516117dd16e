import { expect, test } from "vitest";
import { MOST_LINES, search } from "./lines";

const YAML = "logLevel: info\nmodels:\n  Vega:\n    cmd: vega --vega\n";

test("without a search all lines are there, numbered", () => {
  const { lines, matches, cut } = search(YAML, " ");
  expect(lines.map((line) => [line.number, line.pieces])).toEqual([[1, ["logLevel: info"]], [2, ["models:"]], [3, ["  Vega:"]], [4, ["    cmd: vega --vega"]]]);
  expect([matches, cut]).toEqual([0, 0]);
});

test("a search keeps the lines that hold it, under their numbers", () => {
  const { lines, matches } = search(YAML, "VEGA");
  expect(lines).toEqual([
    { number: 3, pieces: ["  ", "Vega", ":"] },
    { number: 4, pieces: ["    cmd: ", "vega", " --", "vega", ""] },
  ]);
  expect(matches).toBe(3);
  expect(search(YAML, "(").lines).toEqual([]);
});

test("a very long configuration is cut", () => {
  const { lines, cut } = search("x: 1\n".repeat(MOST_LINES + 7), "");
  expect([lines.length, cut]).toEqual([MOST_LINES, 7]);
});
