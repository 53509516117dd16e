// What the swaps of a window come to.

import type { Swap } from "../../api/schema";
import { percent } from "../../format/quantity";
import { duration } from "../../format/time";
import { tookOf } from "./happenings";

export interface Sums {
  swaps: number;
  failed: number;
  /** Milliseconds of stops and loads. */
  lost: number;
  /** Requests that waited for a load. */
  waited: number;
  /** Whether earlier swaps of the window are not known any more. */
  isCut: boolean;
}

/** The sums over those that began after `from`. `most` is how many were asked for: as many as that may not be all. */
export function sumsOf(swaps: readonly Swap[], from: number, most: number): Sums {
  const within = swaps.filter((swap) => Date.parse(swap.began) >= from);
  const sums: Sums = { swaps: within.length, failed: 0, lost: 0, waited: 0, isCut: within.length === most };
  for (const swap of within) {
    if (swap.outcome === "failed") sums.failed += 1;
    sums.lost += tookOf(swap) ?? 0;
    sums.waited += swap.waited ?? 0;
  }
  return sums;
}

/** The line of sums. `requests` is how many ended in the window; `null` when that is not known. */
export function sumsText(sums: Sums, requests: number | null): string {
  const parts = [`${sums.isCut ? "at least " : ""}${sums.swaps === 1 ? "1 swap" : `${sums.swaps} swaps`}`];
  if (sums.failed > 0) parts.push(`${sums.failed} failed`);
  parts.push(`${duration(sums.lost)} lost to stopping and loading`);
  if (requests !== null && requests > 0) {
    const share = Math.min(100, (sums.waited / requests) * 100);
    parts.push(`${percent(share)} of ${requests === 1 ? "1 request" : `${requests} requests`} waited for a load`);
  }
  return parts.join(", ");
}
