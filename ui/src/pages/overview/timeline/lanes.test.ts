import { describe, expect, it } from "vitest";
import type { ResidencySpan as Span } from "../../../api/schema";
import { barsOf, LANES_AT_MOST, lanesOf, spanText, stateAt, timed } from "./lanes";

const NOW = new Date(2026, 10, 23, 15, 0, 0).getTime();
/** One pixel is six seconds. */
const axis = { from: NOW - 3_600_000, to: NOW, width: 600 };
const at = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const span = (state: Span["state"], from: number, until: number | null, more: Partial<Span> = {}): Span => ({
  state, from: at(from), until: until === null ? null : at(until), cause: "requested", by: null, ended: until === null ? null : "over", ...more,
});
const timedSpans = (spans: Span[]) => timed([{ id: "m", spans }])[0]?.spans ?? [];
const drawn = (spans: Span[]) => barsOf(timedSpans(spans), axis).map(({ state, x, width }) => [state, Math.round(x), Math.round(width)]);

describe("bars", () => {
  const table: [string, Span[], unknown[]][] = [
    ["inside", [span("ready", 1800, 1200)], [["ready", 300, 100]]],
    ["open at the right", [span("ready", 600, null)], [["ready", 500, 100]]],
    ["begun before the window", [span("ready", 7200, 1800)], [["ready", 0, 300]]],
    ["over before the window", [span("ready", 7200, 3700)], []],
    ["too short to see", [span("starting", 1800, 1799)], [["starting", 300, 2]]],
    ["short, then long", [span("starting", 1800, 1799), span("ready", 1799, 1200)], [["starting", 300, 2], ["ready", 302, 98]]],
    ["a swap in each second", Array.from({ length: 6 }, (_, i) => span("ready", 1800 - i, 1799 - i)), [["ready", 300, 2]]],
    ["short, but ready between", [span("starting", 1800, 1799), span("ready", 1799, 1798), span("stopping", 1798, 1797)], [["ready", 300, 2]]],
    ["long, then short", [span("starting", 1800, 1200), span("ready", 1200, 1199)], [["starting", 300, 100], ["ready", 400, 2]]],
    ["just begun", [span("starting", 1, 0.5), span("ready", 0.5, null)], [["ready", 598, 2]]],
    ["at the very end", [span("starting", 0, null)], [["starting", 598, 2]]],
    ["over before it began: the clock was set back", [span("ready", 1200, 1800), span("stopping", 1100, 1000)], [["ready", 400, 2], ["stopping", 417, 17]]],
    ["out of order: the clock was set back", [span("ready", 1200, 600), span("starting", 1800, 1500)], [["starting", 300, 50], ["ready", 400, 100]]],
    ["begins in the time to come, and lasts: the clock was set back", [span("ready", -600, null)], [["ready", 598, 2]]],
    ["was in the time to come", [span("ready", -600, -700)], []],
  ];
  it.each(table)("%s", (_name, spans, bars) => expect(drawn(spans)).toEqual(bars));
  it("are never more than the pixels", () => {
    const many = Array.from({ length: 4000 }, (_, i) => span(i % 2 ? "ready" : "stopping", 3600 - i * 0.9, 3600 - (i + 1) * 0.9));
    expect(barsOf(timedSpans(many), axis).length).toBeLessThanOrEqual(600);
  });
});

describe("lanes", () => {
  it("models without a span in the window have none", () => {
    const models = [
      { id: "a", spans: [span("ready", 60, null)] },
      { id: "b", spans: [span("ready", 9000, 8000)] },
      { id: "c", spans: [] },
    ];
    const { lanes, more } = lanesOf(timed(models), axis);
    expect(lanes.map((lane) => lane.id)).toEqual(["a"]);
    expect(more).toBe(0);
  });
  it("of too many, those that were busy last, in order of id", () => {
    const models = Array.from({ length: LANES_AT_MOST + 2 }, (_, i) => ({ id: String(i).padStart(3, "0"), spans: [span("ready", 3500, 3000 - i)] }));
    const { lanes, more } = lanesOf(timed(models), axis);
    expect(more).toBe(2);
    expect(lanes[0]?.id).toBe("002");
    expect(lanes).toHaveLength(LANES_AT_MOST);
  });
});

it("tells the state at a moment", () => {
  const spans = timedSpans([span("starting", 100, 90), span("ready", 90, 50), span("ready", 20, null)]);
  const states = [101, 95, 90, 50, 30, 20, 0].map((seconds) => stateAt(spans, NOW - seconds * 1000));
  expect(states).toEqual([null, "starting", "ready", null, null, "ready", "ready"]);
});

it.each([
  [span("ready", 600, null), "ready since 14:50:00: requested"],
  [span("stopping", 65, 60, { cause: "evicted for b", ended: "its process has ended" }), "stopping from 14:58:55 to 14:59:00 (5.0 s): evicted for b. Then: its process has ended"],
])("words of a span %#", (value, text) => expect(spanText(value)).toBe(text));
