import { expect, it } from "vitest";
import { fieldOf, timeOf } from "./local_time";

it.each([Date.parse("2027-02-03T04:05:06Z"), Date.parse("2026-07-01T23:59:59Z"), 0])("%i is the same again", (time) => {
  expect(fieldOf(time)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  expect(timeOf(fieldOf(time))).toBe(time);
});

it.each(["", "soon"])("%j is none", (field) => expect(timeOf(field)).toBeNull());
it("none is an empty field", () => expect(fieldOf(null)).toBe(""));
