import { expect, it } from "vitest";
import { ago, clockTime, dateTime, duration } from "./time";

it.each([
  [0, "0 ms"],
  [850, "850 ms"],
  [3210, "3.2 s"],
  [59_960, "1 m 00 s"],
  [65_000, "1 m 05 s"],
  [7_380_000, "2 h 03 m"],
])("duration %d", (milliseconds, text) => expect(duration(milliseconds)).toBe(text));

const NOW = new Date(2026, 10, 23, 15, 4, 5).getTime();
it.each([
  [0, "now"],
  [4999, "now"],
  [30_000, "30s ago"],
  [300_000, "5m ago"],
  [3 * 3_600_000, "3h ago"],
  [24 * 3_600_000, "2026-11-22 15:04:05"],
])("%d ms ago", (age, text) => expect(ago(NOW - age, NOW)).toBe(text));

it("points in time are local", () => {
  expect(dateTime(NOW)).toBe("2026-11-23 15:04:05");
  expect(clockTime(NOW)).toBe("15:04:05");
});
