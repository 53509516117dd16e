import { describe, expect, it } from "vitest";
import type { ModelNow } from "../../api/schema";
import { actionOf, cancelling, stopAllQuestion, stopQuestion, type Action, type Pending } from "./actions";

describe("actionOf", () => {
  const table: [ModelNow["state"], Pending, Action][] = [
    ["", null, null],
    ["stopped", null, { kind: "load", disabled: false }],
    ["stopped", "load", { kind: "cancel", disabled: false }],
    ["stopped", "unload", { kind: "load", disabled: true }],
    ["starting", null, { kind: "cancel", disabled: false }],
    ["starting", "load", { kind: "cancel", disabled: false }],
    ["starting", "unload", { kind: "cancel", disabled: true }],
    ["ready", null, { kind: "unload", disabled: false }],
    ["ready", "unload", { kind: "unload", disabled: true }],
    ["stopping", null, { kind: "unload", disabled: true }],
    ["stopping", "load", { kind: "cancel", disabled: false }],
  ];
  it.each(table)("%s with %s", (state, pending, action) => expect(actionOf(state, pending)).toEqual(action));
});

describe("cancelling", () => {
  const table: [ModelNow["state"], Pending, number, ReturnType<typeof cancelling>][] = [
    ["stopped", "load", 0, "stop"],
    ["stopped", "load", 2, "give up"],
    ["stopping", "load", 1, "give up"],
    ["starting", "load", 0, "stop"],
    ["starting", "load", 1, "ask"],
    ["starting", null, 0, "stop"],
    ["starting", null, 3, "ask"],
  ];
  it.each(table)("%s with %s and %i others", (state, pending, waiting, how) =>
    expect(cancelling(state, pending, { serving: 0, waiting })).toBe(how));
});

describe("questions", () => {
  const table: [number, number, string | null][] = [
    [0, 0, null],
    [1, 0, "1 request to m is running and will be cut off."],
    [2, 1, "2 requests to m are running and will be cut off. 1 request waits for m and will be answered with an error."],
    [0, 3, "3 requests wait for m and will be answered with an error."],
  ];
  it.each(table)("%i served and %i waiting", (serving, waiting, text) => expect(stopQuestion("m", { serving, waiting })).toBe(text));
  it("requests to peers do not count", () => {
    const busy = new Map([
      ["a", { serving: 1, waiting: 0 }],
      ["b", { serving: 2, waiting: 0 }],
      ["p/m", { serving: 7, waiting: 7 }],
    ]);
    expect(stopAllQuestion(busy, new Set(["a", "b"]))).toBe("3 requests to the models are running and will be cut off.");
    expect(stopAllQuestion(busy, new Set(["c"]))).toBeNull();
  });
});
