// Which requests a test consists of.

import type { Bounds } from "../media/number";

/** Models that are lined up. */
export const MOST_ENTRIES = 64;

/** Requests of one test: each has a card with its answer. */
export const MOST_REQUESTS = 200;

export const REPEAT: Bounds = { least: 1, most: 20, step: 1, usual: 1 };
export const MAX_TOKENS: Bounds = { least: 1, most: 1_000_000, step: 1, usual: 256 };

export const PROMPT = "Describe a walk through a city in the rain, in about a hundred words.";

/** The models in the order in which they are asked: the whole list, again and again. */
export function planOf(entries: readonly string[], repeat: number): string[] {
  return Array.from({ length: repeat }, () => entries)
    .flat()
    .slice(0, MOST_REQUESTS);
}

/** The list with one entry a place earlier (-1) or later (1). */
export function moved(entries: readonly string[], index: number, by: -1 | 1): string[] {
  const [here, there] = [entries[index], entries[index + by]];
  if (here === undefined || there === undefined) return [...entries];
  return entries.with(index, there).with(index + by, here);
}
