import { expect, it } from "vitest";
import type { ModelNow } from "../api/schema";
import { menu, shownName } from "./models_menu";

const model = (id: string, name = "", more: Partial<ModelNow> = {}) =>
  ({ id, name, peerID: "", unlisted: false, state: "stopped", description: "", ...more }) as ModelNow;
const models = [
  model("m10"),
  model("z", "alpha"),
  model("m9"),
  model("attic/n", "", { peerID: "attic" }),
  model("scribe", "", { unlisted: true }),
];

it("sorts by shown name with numbers by value, peers apart", () => {
  const { local, peers } = menu(models, false);
  expect(local.map(shownName)).toEqual(["alpha", "m9", "m10"]);
  expect(peers.map(shownName)).toEqual(["attic/n"]);
});
it("shows unlisted ones when wanted", () => {
  expect(menu(models, true).local.map((found) => found.id)).toContain("scribe");
});
