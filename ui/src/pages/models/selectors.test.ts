import { describe, expect, it } from "vitest";
import type { ListedModel, ModelNow } from "../../api/schema";
import { pickNow, selectorsOf, type Selector } from "./selectors";

describe("selectors", () => {
  const entry = (id: string, llamaswap: Record<string, unknown>): ListedModel =>
    ({ id, meta: { llamaswap }, status: { value: "unloaded" }, object: "model", created: 0, owned_by: "" }) as ListedModel;
  it("are found among the listed names", () => {
    const found = selectorsOf([
      entry("orca", { type: "model" }),
      entry("pool", { type: "selector", strategy: "spillover", targets: ["a", "b"], spillover: 2 }),
      entry("odd", { type: "selector" }),
    ]);
    expect(found.map(({ id, strategy, targets, spillover }) => [id, strategy, targets, spillover])).toEqual([
      ["pool", "spillover", ["a", "b"], 2],
      ["odd", "", [], null],
    ]);
  });
  const table: [string, ModelNow["state"][], string | null][] = [
    ["pin", ["stopped", "ready"], "m0"],
    ["warm", ["stopped", "starting", "ready"], "m2"],
    ["warm", ["stopped", "starting"], "m1"],
    ["warm", ["stopped", "stopping"], "m0"],
    ["spillover", ["stopping", "stopped"], "m1"],
    ["spillover", ["stopping"], null],
    ["spillover", ["stopped", "ready"], null],
    ["spillover", ["stopped", ""], null],
    ["pin", [], null],
    ["other", ["ready"], null],
  ];
  it.each(table)("%s over %j picks %s", (strategy, states, pick) => {
    const models = states.map((state, at) => ({ id: `m${at}`, state, peerID: state === "" ? "p" : "" }) as ModelNow);
    const selector: Selector = { id: "s", name: "", description: "", strategy, targets: models.map(({ id }) => id), spillover: 1 };
    expect(pickNow(selector, (target) => models.find(({ id }) => id === target))).toBe(pick);
  });
  it("a target that is no model is not picked by spillover", () => {
    const selector: Selector = { id: "s", name: "", description: "", strategy: "spillover", targets: ["gone"], spillover: 1 };
    expect(pickNow(selector, () => undefined)).toBeNull();
  });
});
