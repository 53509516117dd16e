import { describe, expect, it } from "vitest";
import type { Happening, Outcome } from "../happenings";
import { marksOf, nameOf, nextMark } from "./marks";

/** One pixel is one second. */
const axis = { from: 0, to: 600_000, width: 600 };
const happening = (key: string, second: number, model = "m", outcome: Outcome = "ready") =>
  ({ key, at: second * 1000, model, outcome, headline: `${key} happened`, facts: [{ name: "Why", text: "so" }] }) as unknown as Happening;

describe("marks", () => {
  it("one per happening, in its lane, at its place", () => {
    const marks = marksOf([happening("a", 10, "x/y"), happening("b", 12, "z")], axis);
    expect(marks.map(({ key, lane, x }) => [key, lane, x])).toEqual([["a", "x/y", 10], ["b", "z", 12]]);
  });
  it("share one when they are close, with the gravest outcome", () => {
    const marks = marksOf([happening("a", 100), happening("b", 110, "m", "failed"), happening("c", 123), happening("d", 124)], axis);
    expect(marks.map((mark) => [mark.key, mark.outcome, mark.happenings.length])).toEqual([["a", "failed", 3], ["d", "ready", 1]]);
  });
  it("only within the window", () => {
    expect(marksOf([happening("a", -1), happening("b", 601)], axis)).toEqual([]);
  });
  it("of a thousand happenings are no more than fit", () => {
    const many = Array.from({ length: 1000 }, (_, i) => happening(String(i), i * 0.6));
    expect(marksOf(many, axis).length).toBeLessThanOrEqual(600 / 24 + 1);
  });
});

it("names what it tells", () => {
  const [single] = marksOf([happening("a", 10)], axis);
  expect(single && nameOf(single)).toMatch(/^\d\d:\d\d:\d\d: a happened\. Why: so$/);
  const [several] = marksOf([happening("a", 10), happening("b", 11)], axis);
  expect(several && nameOf(several)).toMatch(/^2 events\. .*a happened.*b happened/);
});

describe("keys", () => {
  const marks = marksOf([happening("a", 10), happening("b", 50), happening("c", 90)], axis);
  it.each([
    ["b", "ArrowRight", "c"],
    ["b", "ArrowLeft", "a"],
    ["a", "ArrowLeft", "a"],
    ["c", "ArrowRight", "c"],
    ["b", "Home", "a"],
    ["a", "End", "c"],
    ["a", "x", undefined],
  ])("%s, %s", (from, key, to) => expect(nextMark(marks, from, key)?.key).toBe(to));
  it("lead nowhere without marks", () => expect(nextMark([], null, "Home")).toBeNull());
});
