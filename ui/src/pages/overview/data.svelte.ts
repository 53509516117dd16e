// What the overview has asked of herder. Everything is asked for again when the herd has changed, at most once per second; the samples,
// every few seconds while somebody looks.

import { getJson } from "../../api/client";
import type { ActivityPage, ModelDetailsList, Residency } from "../../api/schema";
import { fetchSwaps } from "../../api/swaps";
import { Fetched } from "../../fetched.svelte";
import { Pace } from "../../pace";
import { measure, type Samples } from "./samples";
import type { Minutes } from "./timeline/axis";

/** Milliseconds between two looks at the samples: herder takes none more often. */
const SAMPLING = 5000;

export class OverviewData {
  /** The window that is looked at. */
  minutes: Minutes;
  readonly models = new Fetched((signal) => getJson<ModelDetailsList>("/api/models", signal));
  readonly swaps = new Fetched(fetchSwaps);
  readonly samples: Fetched<Samples> = new Fetched((signal) => measure(this.samples.value, signal));
  /** Milliseconds that herder's clock is before this browser's. */
  skew = $state(0);
  readonly residency = new Fetched(async (signal) => {
    const residency = await getJson<Residency>(`/api/residency?minutes=${this.minutes}`, signal);
    this.skew = Date.parse(residency.now) - Date.now();
    return residency;
  });
  /** How many requests have ended in the window, and how many of them failed. */
  readonly requests = new Fetched(async (signal) => {
    const start = new Date(Date.now() + this.skew - this.minutes * 60_000).toISOString();
    const path = `/api/metrics/activity?limit=1&start=${encodeURIComponent(start)}`;
    const [all, failed] = await Promise.all([
      getJson<ActivityPage>(path, signal),
      getJson<ActivityPage>(`${path}&status=failed`, signal),
    ]);
    return { ended: all.total, failed: failed.total };
  });

  #herd = new Pace(() => {
    this.models.refresh();
    this.swaps.refresh();
    this.residency.refresh();
  });
  #activity = new Pace(() => this.requests.refresh());
  #sampledAt = -Infinity;

  constructor(minutes: Minutes) {
    this.minutes = minutes;
  }

  /** Another window. */
  look(minutes: Minutes): void {
    if (minutes === this.minutes) return;
    this.minutes = minutes;
    this.residency.restart();
    this.requests.restart();
  }

  /** The herd has changed. */
  herdChanged(): void {
    this.#herd.ask();
  }

  /** A request has ended. */
  activityChanged(): void {
    this.#activity.ask();
  }

  /** A second has passed; `steady` never jumps. */
  ticked(steady: number): void {
    if (steady - this.#sampledAt < SAMPLING) return;
    this.#sampledAt = steady;
    this.samples.refresh();
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#herd.stop();
    this.#activity.stop();
    for (const fetched of [this.models, this.swaps, this.samples, this.residency, this.requests]) fetched.stop();
  }
}
