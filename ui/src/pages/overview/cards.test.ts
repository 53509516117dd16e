import { expect, it } from "vitest";
import type { ModelDetails, ModelNow } from "../../api/schema";
import { cardsOf, failedText, leaveText, memoryText } from "./cards";

const model = (id: string, state: string, peerID = "") => ({ id, name: "", peerID, state, unlisted: false, description: "" }) as ModelNow;
const NOW = Date.parse("2026-11-23T15:00:00Z");
const details = (more: object = {}) => ({ id: "b", ttl_seconds: 60, unload_at: null, resident_bytes: null, ...more }) as ModelDetails;

it("shows those with a process, by name, hidden ones too", () => {
  const models = [model("m10", "ready"), model("m9", "starting"), model("gone", "stopped"), model("attic/x", "", "attic"), model("b", "stopping")];
  const cards = cardsOf(models, [details()], new Map([["m9", { serving: 0, waiting: 2 }]]));
  expect(cards.map((card) => [card.model.id, card.details?.id ?? null, card.busy.waiting])).toEqual([
    ["b", "b", 0],
    ["m9", null, 2],
    ["m10", null, 0],
  ]);
});

it.each([
  [{ ttl_seconds: 0 }, "ready", "stays until another model needs its place"],
  [{}, "ready", "leaves when idle for 1 m 00 s"],
  [{ unload_at: "2026-11-23T15:00:12.300Z" }, "ready", "leaves in 13.0 s if idle"],
  [{ unload_at: "2026-11-23T15:01:20Z" }, "ready", "leaves in 1 m 20 s if idle"],
  [{ unload_at: "2026-11-23T14:59:59Z" }, "ready", "leaves now"],
  [{}, "starting", ""],
])("leaves %j when %s", (more, state, text) => expect(leaveText(details(more), state, NOW)).toBe(text));

it("tells memory where it is known", () => {
  expect(memoryText(details({ resident_bytes: 3 * 1024 ** 3 }))).toBe("3.00 GiB");
  expect(memoryText(details())).toBe("");
});

it.each([
  [0, 0, "0 %"],
  [7, 0, "0 %"],
  [1000, 1, "below 1 %"],
  [8, 2, "25 %"],
])("of %d requests %d failed", (ended, failed, text) => expect(failedText({ ended, failed })).toBe(text));
