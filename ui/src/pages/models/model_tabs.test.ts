import { expect, it } from "vitest";
import { tabOf } from "./model_tabs";

it.each([
  ["logs", "logs"],
  ["details", "details"],
  ["x", "activity"],
  [null, "activity"],
] as const)("tab %s", (text, tab) => expect(tabOf(text)).toBe(tab));
