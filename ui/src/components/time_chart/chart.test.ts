import { describe, expect, it } from "vitest";
import { chartOf, colourOf, dashOf, isEmpty, LINES_AT_MOST, readingsOf, within, type Point } from "./chart";

const S = 1000;
const BASE = { key: "k", title: "T", most: null, kind: "lines", text: (value: number) => `${value} u` } as const;
const line = (key: string, points: Point[]) => ({ key, label: key, points });

describe("chartOf", () => {
  it("puts the moments of all lines into order, each once", () => {
    const chart = chartOf(BASE, [line("a", [[0, 1], [10 * S, 2]]), line("b", [[5 * S, 7], [10 * S, 8]])]);
    expect(chart.times).toEqual([0, 5 * S, 10 * S]);
    expect(chart.lines.map(({ values }) => values)).toEqual([[1, null, 2], [null, 7, 8]]);
  });
  it("breaks lines where samples are missing", () => {
    const chart = chartOf(BASE, [line("a", [[0, 1], [5 * S, 2], [300 * S, 3], [305 * S, 4]])]);
    expect(chart.times).toEqual([0, 5 * S, 5 * S + 1, 300 * S, 305 * S]);
    expect(chart.lines[0]?.values).toEqual([1, 2, null, 3, 4]);
  });
  it("does not break lines of samples that are seldom", () => {
    const chart = chartOf(BASE, [line("a", [[0, 1], [120 * S, 2], [240 * S, 3]])]);
    expect(chart.times).toEqual([0, 120 * S, 240 * S]);
  });
  it("does not break points", () => {
    expect(chartOf({ ...BASE, kind: "points" }, [line("a", [[0, 1], [5 * S, 1], [900 * S, 2]])]).times).toHaveLength(3);
  });
  it("draws only so many lines and says of how many", () => {
    const chart = chartOf(BASE, Array.from({ length: LINES_AT_MOST + 3 }, (_, at) => line(String(at), [[0, at]])));
    expect([chart.lines.length, chart.of]).toEqual([LINES_AT_MOST, LINES_AT_MOST + 3]);
  });
  it("nothing is a chart too", () => expect(chartOf(BASE, [])).toMatchObject({ times: [], lines: [], of: 0 }));
});

it.each([
  [{ from: 20, to: 30 }, [15, 15, 20, 25, 30]],
  [{ from: 0, to: 12 }, [10]],
  [{ from: 37, to: 99 }, [35, 40]],
  [{ from: 50, to: 99 }, [40]],
  [{ from: 0, to: 5 }, []],
])("within %o", (range, expected) => expect(within([10, 15, 15, 20, 25, 30, 35, 40], range, (moment) => moment)).toEqual(expected));

describe("readingsOf", () => {
  const chart = chartOf(BASE, [
    { ...line("a", [[0, 9], [10 * S, 1], [20 * S, 3]]), most: 10 },
    line("b", [[0, 5], [10 * S, null]]),
  ]);
  it("tells the newest values, and those of the range", () => {
    expect(readingsOf(chart, { from: 5 * S, to: 30 * S }, null)).toEqual([
      { key: "a", label: "a", now: "3 u of 10 u", lowest: "1 u", mean: "2 u", highest: "3 u" },
      { key: "b", label: "b", now: "5 u", lowest: "–", mean: "–", highest: "–" },
    ]);
  });
  it("tells the values of a moment", () => {
    expect(readingsOf(chart, { from: 0, to: 30 * S }, 12 * S).map(({ now }) => now)).toEqual(["1 u of 10 u", "5 u"]);
  });
  it("a value that is too old is not told", () => {
    expect(readingsOf(chart, { from: 0, to: 200 * S }, null).map(({ now }) => now)).toEqual(["–", "–"]);
  });
  it("a point is told until the next one", () => {
    const points = chartOf({ ...BASE, kind: "points" }, [line("a", [[0, 9]])]);
    expect(readingsOf(points, { from: 0, to: 900 * S }, null)[0]?.now).toBe("9 u");
  });
});

it("isEmpty looks at the range only", () => {
  const chart = chartOf(BASE, [line("a", [[0, 9], [10 * S, null]])]);
  expect(isEmpty(chart, { from: 0, to: S })).toBe(false);
  expect(isEmpty(chart, { from: S, to: 20 * S })).toBe(true);
});

it("32 lines are told apart by colour and dashes", () => {
  const looks = Array.from({ length: 32 }, (_, index) => `${colourOf(index)} ${dashOf(index).join()}`);
  expect(new Set(looks).size).toBe(32);
});
