import { expect, it } from "vitest";
import { wantsToStart } from "./keys";

it.each([
  ["Enter", false, false, true],
  ["Enter", true, false, false],
  ["Enter", false, true, false],
  ["a", false, false, false],
])("%s, shift %j, composing %j: %j", (key, shiftKey, isComposing, starts) => expect(wantsToStart({ key, shiftKey, isComposing })).toBe(starts));
