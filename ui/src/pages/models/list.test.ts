import { describe, expect, it } from "vitest";
import type { ModelCompany, ModelDetails, ModelNow } from "../../api/schema";
import { chosen, groupNote, headingOf, matches, orderOf, sections } from "./list";

const model = (id: string, more: Partial<ModelNow> = {}): ModelNow => ({
  id, name: "", description: "", state: "stopped", unlisted: false, peerID: "", ...more,
});

describe("search", () => {
  const vega = model("vega/coder-32b", { name: "Vega Coder", aliases: ["big one"], description: "Writes Rust" });
  const table: [string, boolean][] = [
    ["", true],
    ["  ", true],
    ["vega", true],
    ["VEGA", true],
    ["coder-32", true],
    ["rust vega", true],
    ["big", true],
    ["rust orca", false],
    ["vegas", false],
    [".*", false],
  ];
  it.each(table)("%j: %s", (search, found) => expect(matches(vega, search)).toBe(found));
});

describe("choice and order", () => {
  const models = [
    model("m10"),
    model("m9", { state: "starting" }),
    model("z", { state: "ready" }),
    model("y", { state: "stopping" }),
    model("hidden", { unlisted: true }),
  ];
  const ids = (choice: Partial<Parameters<typeof chosen>[1]>): string[] =>
    chosen(models, { search: "", unlisted: false, order: "name", ...choice }).map(({ id }) => id);
  it("by name, numbers by value", () => expect(ids({})).toEqual(["m9", "m10", "y", "z"]));
  it("loaded first; what is being loaded keeps its place", () => expect(ids({ order: "loaded" })).toEqual(["y", "z", "m9", "m10"]));
  it("unlisted ones when wanted", () => expect(ids({ unlisted: true })[0]).toBe("hidden"));
  it("only those that fit", () => expect(ids({ search: "m1" })).toEqual(["m10"]));
  it.each([["name", "name"], ["loaded", "loaded"], ["x", "loaded"], [null, "loaded"]] as const)("order %s", (text, order) =>
    expect(orderOf(text)).toBe(order));
});

describe("sections", () => {
  const duo: ModelCompany = { kind: "group", group: "duo", swap: false, exclusive: true, persistent: false };
  const rest: ModelCompany = { ...duo, group: "(default)", swap: true };
  const sets = (...names: string[]): ModelCompany => ({
    kind: "matrix", sets: names.map((name) => ({ name, expression: `${name} & x` })), evict_cost: 1,
  });
  const details = new Map(Object.entries({ a: duo, b: rest, c: duo }).map(([id, residency]) => [id, { id, residency } as ModelDetails]));
  it("keep the order of their first models", () => {
    const found = sections([model("a"), model("b"), model("c"), model("new"), model("p/m", { peerID: "p" })], details);
    expect(found.map(({ title, models }) => [title, models.map(({ id }) => id)])).toEqual([
      ["Group duo", ["a", "c"]],
      ["No group", ["b"]],
      ["Models", ["new"]],
      ["Peer p", ["p/m"]],
    ]);
  });
  const headings: [ModelCompany | undefined, string, string][] = [
    [undefined, "Models", ""],
    [duo, "Group duo", "may run together, stops other groups"],
    [rest, "No group", "one at a time, stops other groups"],
    [sets(), "In no set", "runs alone"],
    [sets("big"), "Set big", "big & x"],
    [sets("big", "small"), "Sets big, small", "big & x; small & x"],
  ];
  it.each(headings)("heading of %j", (company, title, note) => expect(headingOf(company)).toMatchObject({ title, note }));
  it("a group that nobody stops", () =>
    expect(groupNote({ ...duo, exclusive: false, persistent: true })).toBe("may run together, never stopped by other groups"));
});
