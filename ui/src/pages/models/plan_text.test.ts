import { describe, expect, it } from "vitest";
import type { SwapPlan } from "../../api/schema";
import { idleSeconds, planWords } from "./plan_text";

const busy = (model: string, in_flight = 0, waiting = 0) => ({ model, state: "ready" as const, in_flight, waiting });
const victim = (model: string, why: string, in_flight = 0, waiting = 0) => ({ ...busy(model, in_flight, waiting), why });
const plan = (more: Partial<SwapPlan>): SwapPlan => ({
  model: "x", state: "stopped", outcome: "load", text: "", reasons: [], decides_again_in_seconds: null, victims: [], set: null,
  cost: null, swap_seconds: null, alternatives: [], running: [], ...more,
});

describe("planWords", () => {
  const table: [string, Partial<SwapPlan>, string][] = [
    ["nobody runs", {}, "Nothing has to stop for it."],
    ["known time", { swap_seconds: 40.2 }, "Nothing has to stop for it; takes about 40 s."],
    ["fits", { running: [busy("a"), busy("b"), busy("x")], swap_seconds: 3 }, "Fits beside a and b; takes about 3.0 s."],
    ["swap", { victims: [victim("a", "w", 2), victim("b", "w")], swap_seconds: 40 }, "Loading this would stop a (serves 2 requests) and b (idle 30 s) and take about 40 s."],
    ["unknown time", { victims: [victim("c", "w", 1, 1)] }, "Loading this would stop c (serves 1 request, 1 request waits)."],
    ["wait", { outcome: "wait", reasons: ["a serves 1 request", "b is being loaded"] }, "Loading this would wait: a serves 1 request, and b is being loaded."],
    ["wait, then stop", { outcome: "wait", reasons: ["r"], victims: [victim("c", "w", 0, 2)], swap_seconds: 70 }, "Loading this would wait: r. Then it would stop c (2 requests wait) and take about 1 m 10 s."],
    ["refuse", { outcome: "refuse", reasons: ["herder ends"] }, "Loading this would be refused: herder ends."],
    ["join", { outcome: "join" }, "It is being loaded."],
    ["serve", { outcome: "serve" }, "It is ready."],
    ["serve later", { outcome: "serve", victims: [victim("c", "w")] }, "It is ready; a request waits until c has stopped."],
  ];
  it.each(table)("%s", (_, more, sentence) => expect(planWords(plan(more), new Map([["b", 30]])).sentence).toBe(sentence));
  it("says a common reason once, else one for each", () => {
    const because = (...whys: string[]) => planWords(plan({ victims: whys.map((why, at) => victim(`m${at}`, why)) }), new Map()).because;
    expect(because()).toEqual([]);
    expect(because("w", "w")).toEqual(["w"]);
    expect(because("w", "v")).toEqual(["m0: w", "m1: v"]);
  });
});

it.each([
  [600, null, null],
  [600, "2026-11-23T15:09:30.000Z", 30],
  [600, "2026-11-23T15:11:00.000Z", 0],
])("idle of ttl %i with unload at %s", (ttl_seconds, unload_at, seconds) =>
  expect(idleSeconds({ ttl_seconds, unload_at }, Date.parse("2026-11-23T15:00:00.000Z"))).toBe(seconds));
