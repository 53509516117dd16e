import { expect, it } from "vitest";
import { mappings } from "./profile_mappings";

it("mappings are sorted by name, numbers by value", () => {
  expect(mappings({ pins: { m10: "a", m9: "", banned: "b" } })).toEqual([
    { requested: "banned", target: "b" },
    { requested: "m9", target: "" },
    { requested: "m10", target: "a" },
  ]);
});
