import { expect, it } from "vitest";
import { tabOf, TABS } from "./model_tabs";

it.each([
  ["logs", "logs"],
  ["details", "details"],
  ["x", "activity"],
  [null, "activity"],
] as const)("tab %s", (text, tab) => expect(tabOf(text, TABS)).toBe(tab));
it("a tab that this model does not have", () => expect(tabOf("logs", [TABS[0], TABS[2]])).toBe("activity"));
