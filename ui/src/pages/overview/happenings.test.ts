import { describe, expect, it } from "vitest";
import type { ResidencySpan as Span, Swap } from "../../api/schema";
import { happeningsOf, HAPPENINGS_AT_MOST, since, spoken } from "./happenings";

const at = (second: number) => new Date(1_000_000 + second * 1000).toISOString();
const swap = (more: Partial<Swap> = {}): Swap => ({
  id: 1, began: at(10), model: "orca-7b", cause: "request", victims: [], explanation: "nobody had to leave", drain_seconds: 0, waiting: 1,
  waited: 1, stop_seconds: null, load_seconds: 2, outcome: "ready", reason: null, ...more,
}) as Swap;
const span = (state: Span["state"], from: number, until: number | null, more: Partial<Span> = {}): Span => ({
  state, from: at(from), until: until === null ? null : at(until), cause: "requested", by: null, ended: null, ...more,
});
const victims = [{ model: "a b", stop_seconds: 0.5 }, { model: "x/y", stop_seconds: null }];

describe("a swap in words", () => {
  const table: [string, Partial<Swap>, string][] = [
    ["for a request", {}, "orca-7b was loaded. Asked by: a request. Left: nobody had to. Cost: 2.0 s to load"],
    [
      "with victims",
      { victims, explanation: "they take turns", drain_seconds: 1.5, stop_seconds: 0.5, waited: 3 },
      "orca-7b took the place of a b, x/y. Asked by: a request; 3 waited for it in the end. Left: a b (gone after 500 ms), x/y (still there). " +
        "Why: they take turns. Cost: 1.5 s until it could begin, 500 ms to stop, 2.0 s to load",
    ],
    [
      "that failed",
      { outcome: "failed", reason: "it was not ready in time", cause: "preload" },
      "orca-7b could not be loaded. Asked by: the preload at herder's start. Left: nobody had to. Reason: it was not ready in time. Cost: 2.0 s to load",
    ],
    [
      "that was given up",
      { outcome: "abandoned", reason: "it was unloaded", load_seconds: null, cause: "operator" },
      "The load of orca-7b was given up. Asked by: an operator. Left: nobody had to. Reason: it was unloaded",
    ],
    [
      "under way",
      { outcome: "in_progress", victims, load_seconds: null, waited: null, waiting: 2, explanation: "turns" },
      "orca-7b is being loaded in place of a b, x/y. Asked by: 2 requests, which wait. Left: a b (gone after 500 ms), x/y (still there). Why: turns",
    ],
  ];
  it.each(table)("%s", (_name, more, text) => {
    const [only] = happeningsOf([swap(more)], []);
    expect(only && spoken(only)).toBe(text);
  });
  it("tells how long it took", () => {
    const took = (more: Partial<Swap>) => happeningsOf([swap(more)], [])[0]?.took;
    const told = [took({}), took({ stop_seconds: 0.5 }), took({ load_seconds: null }), took({ outcome: "in_progress", stop_seconds: 1 })];
    expect(told).toEqual([2000, 2500, null, null]);
  });
});

it.each<[Partial<Swap>, string]>([
  [{}, "for a request"],
  [{ victims, explanation: "they take turns" }, "they take turns"],
  [{ victims, outcome: "failed", reason: "it was not ready in time" }, "it was not ready in time"],
])("why %#", (more, why) => expect(happeningsOf([swap(more)], [])[0]?.why).toBe(why));

describe("ends that no swap explains", () => {
  const told = (...spans: Span[]) => happeningsOf([], [{ id: "m", spans }]).map((end) => spoken(end));
  it("idleness", () => {
    const spans = [span("ready", 5, 20), span("stopping", 20, 21, { cause: "idle for 60 s" })];
    expect(told(...spans)).toEqual(["m was stopped. Why: idle for 60 s. Cost: 1.0 s to stop"]);
  });
  it("a crash", () => {
    expect(told(span("ready", 5, 20, { ended: "crashed: exit status 137" }))).toEqual(["m ended by itself. Why: crashed: exit status 137"]);
  });
  it.each([
    ["an eviction is a swap's", [span("ready", 5, 20), span("stopping", 20, 21, { cause: "evicted for b", by: "b" })]],
    ["a failed start is a swap", [span("starting", 5, 6, { ended: "its process ended before it was ready" })]],
    ["what lasts has not ended", [span("ready", 5, null)]],
  ])("%s", (_name, spans) => expect(told(...spans)).toEqual([]));
});

it("is in order of time, from a moment on", () => {
  const swaps = [swap({ id: 3, began: at(30) }), swap({ id: 2, began: at(10) }), swap({ id: 1, began: at(1) })];
  const ends = [{ id: "m", spans: [span("stopping", 20, null)] }];
  const { list, more } = since(happeningsOf(swaps, ends), Date.parse(at(5)));
  expect(list.map((found) => found.key)).toEqual(["swap 2", `stopped m ${at(20)}`, "swap 3"]);
  expect(more).toBe(0);
  expect(since(happeningsOf(swaps, ends), Date.parse(at(31)))).toEqual({ list: [], more: 0 });
});

it("keeps the latest of too many", () => {
  const swaps = Array.from({ length: HAPPENINGS_AT_MOST + 5 }, (_, i) => swap({ id: i, began: at(i) }));
  const { list, more } = since(happeningsOf(swaps, []), 0);
  expect([list.length, more, list[0]?.key]).toEqual([HAPPENINGS_AT_MOST, 5, "swap 5"]);
});
