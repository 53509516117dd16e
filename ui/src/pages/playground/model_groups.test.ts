import { describe, expect, it } from "vitest";
import type { ListedModel } from "../../api/schema";
import { groupsOf, namesOf, searched, textOf } from "./model_groups";

const listed = (id: string, type: string, more: Partial<ListedModel> = {}, meta: Record<string, unknown> = {}): ListedModel => ({
  id,
  object: "model",
  created: 0,
  owned_by: "llama-swap",
  status: { value: "unloaded" },
  meta: { llamaswap: { type, ...meta } },
  ...more,
});
const MODELS = [
  listed("attic/nova-70b", "peer"),
  listed("chatty", "alias", {}, { modelID: "orca-7b" }),
  listed("default-llm", "profile"),
  listed("orca-7b", "model", { status: { value: "loaded" } }, { aliases: ["chatty", "orca-think"] }),
  listed("painter", "model", { capabilities: { image_generation: true } }, { aliases: ["brush"] }),
  listed("pool", "selector"),
];
const shape = (groups: ReturnType<typeof groupsOf>) => groups.map((group) => [group.title, ...group.choices.map((choice) => choice.id)]);

describe("groupsOf", () => {
  it("puts what can do it first, aliases under their model, each name once", () => {
    expect(shape(groupsOf(MODELS, ["image_generation", "image_to_image"]))).toEqual([
      ["Profile", "default-llm"],
      ["Matching capabilities", "painter", "brush"],
      ["Selectors", "pool"],
      ["Local", "orca-7b", "chatty", "orca-think"],
      ["Peers", "attic/nova-70b"],
    ]);
  });
  it("has no matching group when nothing special is wanted", () => {
    expect(shape(groupsOf(MODELS, [])).map(([title]) => title)).toEqual(["Profile", "Selectors", "Local", "Peers"]);
    expect(groupsOf([], [])).toEqual([]);
  });
  it("writes aliases further in and says what is loaded", () => {
    const local = groupsOf(MODELS, [])[2]?.choices.map(textOf);
    expect(local).toEqual(["orca-7b (loaded)", "\u00a0\u00a0\u00a0chatty", "\u00a0\u00a0\u00a0orca-think", "painter", "\u00a0\u00a0\u00a0brush"]);
  });
});

it.each([
  ["", 8],
  ["ORCA", 3],
  ["peers nova", 1],
  ["nothing", 0],
])("search %j leaves %d", (search, left) => expect(namesOf(searched(groupsOf(MODELS, []), search)).length).toBe(left));
