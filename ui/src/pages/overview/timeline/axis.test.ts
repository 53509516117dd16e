import { describe, expect, it } from "vitest";
import { endOf, minutesOf, momentAt, ticksOf, windowText, xOf } from "./axis";

const NOW = new Date(2026, 10, 23, 15, 4, 30).getTime();
const axis = (minutes: number, width: number) => ({ from: NOW - minutes * 60_000, to: NOW, width });

it.each([
  [null, 60],
  ["15", 15],
  ["360", 360],
  ["17", 60],
  ["", 60],
])("window %j", (text, minutes) => expect(minutesOf(text)).toBe(minutes));

it("names windows", () => expect(([15, 60, 360] as const).map(windowText)).toEqual(["15 min", "1 h", "6 h"]));

it.each([
  [0, 60 * 60_000, 0],
  [500, 30 * 60_000, 500],
  [1000, 0, 1000],
])("place %d is %d ms ago, and back", (x, before, back) => {
  const hour = axis(60, 1000);
  expect(momentAt(hour, x)).toBe(NOW - before);
  expect(xOf(hour, NOW - before)).toBe(back);
});

it("places beyond the ends are the ends", () => {
  expect(momentAt(axis(60, 1000), -5)).toBe(NOW - 3_600_000);
  expect(momentAt(axis(60, 1000), 1005)).toBe(NOW);
});

it.each([
  // A pixel is 3.6 s.
  [60, 1000, 7200, 7200],
  [60, 1000, 7201, 10_800],
  [60, 1000, 10_799, 10_800],
  [15, 900, 1500, 2000],
  [15, 0, 1, 900_000],
] as const)("%d min in %d px end at a whole pixel", (minutes, width, now, end) => expect(endOf(minutes, now, width)).toBe(end));

describe("ticks", () => {
  const table: [number, number, string[]][] = [
    [15, 1000, ["14:50", "14:51", "14:52"]],
    [60, 1000, ["14:05", "14:10", "14:15"]],
    [60, 260, ["14:15", "14:30", "14:45", "15:00"]],
    [360, 1000, ["09:30", "10:00", "10:30"]],
    [360, 300, ["10:00", "12:00", "14:00"]],
  ];
  it.each(table)("%d min in %d px", (minutes, width, first) => {
    const ticks = ticksOf(axis(minutes, width));
    expect(ticks.map((tick) => tick.text).slice(0, first.length)).toEqual(first);
    expect(ticks.every((tick) => tick.x >= 0 && tick.x <= width)).toBe(true);
    expect(ticks.length).toBeLessThanOrEqual(width / 60);
  });
  it("need a width", () => expect(ticksOf(axis(60, 0))).toEqual([]));
});
