import { expect, it } from "vitest";
import type { OpenRequest } from "../../api/schema";
import { busyModels, busyText, requestCount } from "./open_requests";

const request = (model: string, more: object): OpenRequest => ({ id: "1", model, ...more }) as OpenRequest;

it("counts who is served and who waits, by model", () => {
  const found = busyModels([
    request("a", { phase: "streaming" }),
    request("a", { phase: "waiting" }),
    request("a", { phase: "loading" }),
    request("b", { phase: "queued", queue_position: 2 }),
    request("p/m", { phase: "waiting" }),
  ]);
  expect(Object.fromEntries(found)).toEqual({
    a: { serving: 2, waiting: 1 },
    b: { serving: 0, waiting: 1 },
    "p/m": { serving: 1, waiting: 0 },
  });
});
it.each([
  [0, 0, ""],
  [2, 0, "2 in flight"],
  [0, 1, "1 queued"],
  [1, 3, "1 in flight, 3 queued"],
])("%i served and %i waiting", (serving, waiting, text) => expect(busyText({ serving, waiting })).toBe(text));
it("one request is no plural", () => expect([1, 2].map(requestCount)).toEqual(["1 request", "2 requests"]));
