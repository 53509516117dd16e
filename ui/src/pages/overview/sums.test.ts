import { expect, it } from "vitest";
import type { Swap } from "../../api/schema";
import { sumsOf, sumsText } from "./sums";

const swap = (second: number, more: Partial<Swap> = {}) =>
  ({ began: new Date(second * 1000).toISOString(), outcome: "ready", stop_seconds: null, load_seconds: 2, waited: 1, ...more }) as Swap;
const swaps = [
  swap(100, { outcome: "in_progress", load_seconds: null, waited: null, stop_seconds: 0.5 }),
  swap(90, { outcome: "failed" }),
  swap(80, { stop_seconds: 1, waited: 3 }),
  swap(10),
];

it.each<[number, number, number | null, string]>([
  [50_000, 200, null, "3 swaps, 1 failed, 5.5 s lost to stopping and loading"],
  [50_000, 200, 16, "3 swaps, 1 failed, 5.5 s lost to stopping and loading, 25 % of 16 requests waited for a load"],
  [0, 4, 0, "at least 4 swaps, 1 failed, 7.5 s lost to stopping and loading"],
  [95_000, 200, 1, "1 swap, 500 ms lost to stopping and loading, 0 % of 1 request waited for a load"],
  [200_000, 200, 5, "0 swaps, 0 ms lost to stopping and loading, 0 % of 5 requests waited for a load"],
])("sums %#", (from, most, requests, text) => expect(sumsText(sumsOf(swaps, from, most), requests)).toBe(text));
