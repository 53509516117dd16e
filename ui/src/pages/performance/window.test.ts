import { describe, expect, it } from "vitest";
import { chosen, dragged, PAUSES, pauseText, SHORTEST, WINDOWS, windowText, zoomed } from "./window";

it.each([
  ["15", 15],
  ["60", 60],
  ["7", 5],
  ["", 5],
  [null, 5],
])("window %s", (query, minutes) => expect(chosen(query, WINDOWS, 5)).toBe(minutes));

it("texts of the choices", () => {
  expect(WINDOWS.map(windowText)).toEqual(["5 min", "15 min", "1 h"]);
  expect(PAUSES.map(pauseText)).toEqual(["Off", "5 s", "10 s", "30 s", "60 s"]);
});

describe("zoomed", () => {
  const whole = { from: 0, to: 300_000 };
  it.each([
    ["into the middle", whole, 0.5, 150_000, { from: 75_000, to: 225_000 }],
    ["into the newest", whole, 0.5, 300_000, { from: 150_000, to: 300_000 }],
    ["out of the newest", { from: 200_000, to: 300_000 }, 2, 200_000, { from: 100_000, to: 300_000 }],
    ["out of all", { from: 75_000, to: 225_000 }, 2, 150_000, null],
    ["no further than the shortest", { from: 0, to: SHORTEST }, 0.5, 0, { from: 0, to: SHORTEST }],
    ["around what is not in it", { from: 100_000, to: 200_000 }, 0.5, 0, { from: 0, to: 50_000 }],
  ])("%s", (_, range, factor, around, expected) => expect(zoomed(range, whole, factor, around)).toEqual(expected));

  it.each([
    ["as it is", { from: 100_000, to: 200_000 }, { from: 100_000, to: 200_000 }],
    ["too short", { from: 100_000, to: 100_100 }, { from: 95_050, to: 105_050 }],
    ["at the edge", { from: 299_900, to: 300_000 }, { from: 290_000, to: 300_000 }],
    ["all of it", { from: 0, to: 300_000 }, null],
  ])("dragged %s", (_, range, expected) => expect(dragged(range, whole)).toEqual(expected));
});
