// How far a load or a stop is, against what it usually takes.

import { duration } from "../../format/time";

export interface Progress {
  text: string;
  /** 0 to 1; `null` when nothing was measured yet. */
  done: number | null;
  overdue: boolean;
}

/** Over its usual time by this factor it is late: loads vary. */
const LATE = 1.25;

/** `since` and `now` in milliseconds; `usual` in seconds, `null` without a measurement. */
export function progress(since: number, usual: number | null, now: number): Progress {
  // The server's clock may be ahead.
  const seconds = Math.max(0, (now - since) / 1000);
  if (usual === null || usual <= 0) return { text: `${about(seconds)}, no usual time known`, done: null, overdue: false };
  const overdue = seconds > usual * LATE;
  const text = overdue
    ? `${about(seconds)}, overdue: usually ${about(usual)}`
    : `${about(seconds)} of usually ${about(usual)}`;
  return { text, done: Math.min(1, seconds / usual), overdue };
}

/** A length of time without false precision: `0.4 s`, `12 s`, `1 m 05 s`. */
export function about(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return seconds < 59.5 ? `${Math.round(seconds)} s` : duration(Math.round(seconds) * 1000);
}
