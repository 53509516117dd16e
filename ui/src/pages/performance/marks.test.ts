import { expect, it } from "vitest";
import type { Happening } from "../overview/happenings";
import { happeningAt, marksOf } from "./marks";

function happening(at: number, outcome: Happening["outcome"]): Happening {
  return { key: `${at}`, at, model: "m", outcome, headline: `${outcome} at ${at}`, victims: [], why: "", took: null, facts: [] };
}
const ALL = [happening(10, "ready"), happening(500, "stopped"), happening(900, "crashed"), happening(2000, "failed")];
const RANGE = { from: 0, to: 1000 };

it("marks of the range, of three kinds", () => {
  expect(marksOf(ALL, RANGE)).toEqual([{ at: 10, kind: "load" }, { at: 500, kind: "stop" }, { at: 900, kind: "failure" }]);
});

it.each([
  [12, "ready at 10"],
  [490, "stopped at 500"],
  [480, null],
  [2000, "failed at 2000"],
])("at %d", (moment, headline) => expect(happeningAt(ALL, moment, RANGE)?.headline ?? null).toBe(headline));

it("nothing happened", () => expect(happeningAt([], 10, RANGE)).toBeNull());
