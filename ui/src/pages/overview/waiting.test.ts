import { describe, expect, it } from "vitest";
import type { SwapPlan } from "../../api/schema";
import type { Open } from "../../live/requests";
import { leftText, planText, waitingOf } from "./waiting";

const open = (id: string, more: object = {}) =>
  ({ id, model: "orca-7b", elapsed_ms: 1000, heardAt: 500, remote_ip: "10.0.0.7", req_headers: {}, ...more }) as Open;

describe("waitingOf", () => {
  it("tells who waits, how long, for how long yet, and for whom", () => {
    const requests = [
      open("1", { phase: "streaming" }),
      open("2", { phase: "queued", queue_position: 2, estimated_wait_ms: 5000, req_headers: { "X-Session-Id": "s-1" } }),
      open("3", { phase: "loading", model: "a/b" }),
    ];
    expect(waitingOf(requests, 2500, ["x-other", "x-session-id"])).toEqual([
      { id: "2", model: "orca-7b", phase: "queued", position: 2, waited: 3000, left: 3000, from: "10.0.0.7", session: "s-1" },
      { id: "3", model: "a/b", phase: "loading", position: null, waited: 3000, left: null, from: "10.0.0.7", session: null },
    ]);
  });
  it("does not count below nothing", () => {
    expect(waitingOf([open("1", { phase: "queued", estimated_wait_ms: 100 })], 9000, [])[0]?.left).toBe(0);
  });
});

it.each([
  [null, "not known"],
  [0, "any moment now"],
  [12_000, "about 12.0 s"],
])("%s ms left", (left, text) => expect(leftText(left)).toBe(text));

const plan = (more: Partial<SwapPlan>) => ({ outcome: "wait", victims: [], reasons: [], text: "t\n", ...more }) as SwapPlan;
const victim = (model: string, in_flight: number) => ({ model, in_flight, state: "ready", waiting: 0, why: "" }) as const;
it.each([
  [plan({ victims: [victim("a", 0), victim("b", 2)] }), "a, b (2 requests running) must leave first"],
  [plan({ victims: [victim("a", 1)], reasons: ["a is busy"] }), "a (1 request running) must leave first; a is busy"],
  [plan({ outcome: "serve" }), "it is ready"],
  [plan({ outcome: "join" }), "it is being loaded"],
  [plan({ outcome: "load" }), "nobody has to leave for it"],
  [plan({}), "t"],
])("plan %#", (value, text) => expect(planText(value)).toBe(text));
