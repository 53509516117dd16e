import { expect, it } from "vitest";
import { numbers } from "./pager";

it.each([
  [1, 0, "1"],
  [1, 1, "1"],
  [2, 3, "1 2 3"],
  [1, 7, "1 2 3 4 5 6 7"],
  [1, 20, "1 2 3 4 5 6 7"],
  [10, 20, "7 8 9 10 11 12 13"],
  [20, 20, "14 15 16 17 18 19 20"],
  [99, 20, "14 15 16 17 18 19 20"],
])("page %i of %i", (page, pages, expected) => expect(numbers(page, pages).join(" ")).toBe(expected));
