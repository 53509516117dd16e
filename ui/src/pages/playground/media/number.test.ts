import { expect, it } from "vitest";
import { within } from "./number";

const STEPS = { least: 1, most: 150, step: 1, usual: 20 };
it.each([
  [30, 30],
  [30.4, 30],
  [0, 1],
  [1e9, 150],
  [null, 20],
  [undefined, 20],
  [Number.NaN, 20],
  ["30", 20],
])("%j becomes %j", (value, bounded) => expect(within(value, STEPS)).toBe(bounded));

it("keeps fractions where the step is one", () => expect(within(7.5, { least: 1, most: 30, step: 0.5, usual: 7 })).toBe(7.5));
