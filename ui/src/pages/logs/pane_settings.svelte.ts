// How logs look in this browser: the same in every pane.

import { isFlag, isOneOf, Preference } from "../../preference.svelte";

/** Sizes of the text, in pixels. */
export const SIZES = [11, 13, 15, 18] as const;

export const settings = {
  wrap: new Preference("log-wrap", false, isFlag),
  numbers: new Preference("log-numbers", false, isFlag),
  size: new Preference<(typeof SIZES)[number]>("log-size", 13, isOneOf(SIZES)),
};
