import { describe, expect, it } from "vitest";
import { drawingOf, FIELD } from "./histogram";

const SPREAD = { bins: [1, 0, 0, 1, 1], min: 80, max: 180, binSize: 20, p50: 150, p95: 177, p99: 179.4 };

describe("drawingOf", () => {
  it("the example of the specification", () => {
    const { bars, marks, ticks, from, to, text } = drawingOf(SPREAD);
    expect(bars.map((bar) => `${bar.range}: ${bar.count}`)).toEqual([
      "80.0 to 100: 1",
      "100 to 120: 0",
      "120 to 140: 0",
      "140 to 160: 1",
      "160 to 180: 1",
    ]);
    expect(bars[1]?.height).toBe(0);
    expect(marks.map((mark) => mark.name)).toEqual(["p50", "p95", "p99"]);
    expect(marks[0]?.x).toBeCloseTo(FIELD.left + 0.7 * (FIELD.right - FIELD.left));
    expect(ticks.map((tick) => tick.count)).toEqual([0, 1]);
    expect([from, to]).toEqual(["80.0", "180"]);
    expect(text).toBe("3 requests from 80.0 to 180 tokens per second, p50 150, p95 177, p99 179");
  });
  it("all rates are the same", () => {
    const { bars, marks, text } = drawingOf({ bins: [4], min: 33.1, max: 33.1, binSize: 0, p50: 33.1, p95: 33.1, p99: 33.1 });
    expect(bars).toHaveLength(1);
    expect(bars[0]?.range).toBe("33.1");
    for (const mark of marks) expect(mark.x).toBe((FIELD.left + FIELD.right) / 2);
    expect(text).toContain("4 requests from 33.1 to 33.1");
  });
  it("everything is inside", () => {
    const { bars, marks } = drawingOf({ ...SPREAD, p99: 500, p50: -3 });
    for (const bar of bars) {
      expect(bar.x).toBeGreaterThanOrEqual(FIELD.left);
      expect(bar.x + bar.width).toBeLessThanOrEqual(FIELD.right);
      expect(bar.y).toBeGreaterThanOrEqual(FIELD.top);
    }
    for (const mark of marks) expect(mark.x >= FIELD.left && mark.x <= FIELD.right).toBe(true);
  });
  it("half is a line of its own where it is a whole number", () => {
    expect(drawingOf({ ...SPREAD, bins: [4, 2] }).ticks.map((tick) => tick.count)).toEqual([0, 2, 4]);
  });
});
