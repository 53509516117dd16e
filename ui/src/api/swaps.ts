// The last swaps, for each page that tells of them.

import { getJson } from "./client";
import type { SwapList } from "./schema";

/** Swaps that are asked for: as many as herder keeps. */
export const SWAPS_ASKED = 200;

/** The last swaps, the latest first. */
export function fetchSwaps(signal: AbortSignal): Promise<SwapList> {
  return getJson<SwapList>(`/api/swaps?limit=${SWAPS_ASKED}`, signal);
}
