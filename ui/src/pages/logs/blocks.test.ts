import { describe, expect, test } from "vitest";
import { BLOCK_LINES, blocksOf, extend, linesOf } from "./blocks";
import type { Shown } from "./filter";

const shown = (number: number, text = `line ${number}`): Shown => ({
  line: { number, kind: "line", runs: [], text, cut: 0, level: null },
  segments: [],
  matches: 0,
});
const range = (from: number, to: number): Shown[] => Array.from({ length: to - from + 1 }, (_, at) => shown(from + at));
const numbers = (blocks: ReturnType<typeof blocksOf>): number[] => linesOf(blocks).map(({ line }) => line.number);

describe("blocks of lines", () => {
  test("hold so many lines each", () => {
    const blocks = blocksOf(range(1, 250));
    expect(blocks.map((block) => [block.key, block.lines.length])).toEqual([[1, 100], [101, 100], [201, 50]]);
  });

  test("whole blocks stay the same objects", () => {
    const before = blocksOf(range(1, 250));
    const after = extend(before, 251, range(251, 310), 1);
    expect(after.map((block) => block.key)).toEqual([1, 101, 201, 301]);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after[2]?.lines[0]).toBe(before[2]?.lines[0]);
  });

  test("a begun line is replaced, also when it was alone in its block", () => {
    for (const count of [1, 50, BLOCK_LINES, BLOCK_LINES + 1]) {
      const after = extend(blocksOf(range(1, count)), count, [shown(count, "whole"), shown(count + 1)], 1);
      expect(numbers(after)).toEqual(range(1, count + 1).map(({ line }) => line.number));
      expect(linesOf(after)[count - 1]?.line.text).toBe("whole");
    }
  });

  test("a begun line goes when it does not match any more", () => {
    expect(numbers(extend(blocksOf(range(1, 101)), 101, [], 1))).toEqual(numbers(blocksOf(range(1, 100))));
  });

  test("blocks before the first kept line go, others stay whole", () => {
    const after = extend(blocksOf(range(1, 300)), 301, range(301, 301), 150);
    expect(after.map((block) => block.key)).toEqual([101, 201, 301]);
  });

  test("no lines, no blocks", () => {
    expect(blocksOf([])).toEqual([]);
    expect(extend([], 7, [], 7)).toEqual([]);
  });
});
