import { expect, test } from "vitest";
import { isShare, moved, within } from "./split";

test.each([
  [50, "ArrowLeft", 48],
  [50, "ArrowRight", 52],
  [6, "ArrowLeft", 5],
  [94, "ArrowRight", 95],
  [50, "Home", 5],
  [50, "End", 95],
  [50, "Enter", null],
])("at %d, %s", (percent, key, to) => {
  expect(moved(percent, key)).toBe(to);
});

test("a share lies within its limits", () => {
  expect([-1, 50, 200].map(within)).toEqual([5, 50, 95]);
  expect([4, 5, 95, 96, NaN, "50"].map(isShare)).toEqual([false, true, true, false, false, false]);
});
