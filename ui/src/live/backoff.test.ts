import { expect, it } from "vitest";
import { pause } from "./backoff";

it("grows to five seconds and stays there", () => {
  const longest = [0, 1, 2, 3, 4, 50].map((attempt) => pause(attempt, 1));
  expect(longest).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
});
it("is at least half of that", () => {
  expect(pause(3, 0)).toBe(2000);
});
