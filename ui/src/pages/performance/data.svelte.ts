// What the performance page has asked of herder: samples of the machine, the requests that ended, and what happened to the models.

import { getJson } from "../../api/client";
import type { ActivityPage, Residency } from "../../api/schema";
import { fetchSwaps } from "../../api/swaps";
import { Fetched } from "../../fetched.svelte";
import { herd } from "../../live/herd.svelte";
import { measure, type Samples } from "../overview/samples";
import { REQUESTS_AT_MOST } from "./requests";
import type { Minutes, Pause } from "./window";

export class PerformanceData {
  /** The end of the window, by herder's clock, in milliseconds of the epoch. */
  end = $state(Date.now());
  #minutes: Minutes;
  #isWhole = true;
  #lookedAt = -Infinity;
  #revision = { activity: -1, models: -1 };

  readonly samples: Fetched<Samples> = new Fetched((signal) => {
    const known = this.#isWhole ? null : this.samples.value;
    this.#isWhole = false;
    return measure(known, signal);
  });
  readonly residency = new Fetched(async (signal) => {
    try {
      const residency = await getJson<Residency>(`/api/residency?minutes=${this.#minutes}`, signal);
      this.end = Date.parse(residency.now);
      return residency;
    } finally {
      // The requests are asked for by herder's clock, which is known best now.
      if (!signal.aborted) this.#lookAtRequests();
    }
  });
  readonly swaps = new Fetched(fetchSwaps);
  readonly requests = new Fetched((signal) => {
    const start = encodeURIComponent(new Date(this.end - this.#minutes * 60_000).toISOString());
    return getJson<ActivityPage>(`/api/metrics/activity?limit=${REQUESTS_AT_MOST}&start=${start}`, signal);
  });

  constructor(minutes: Minutes) {
    this.#minutes = minutes;
  }

  /** Looks at all of the window anew. */
  lookAnew(): void {
    this.#isWhole = true;
    this.#revision = { activity: -1, models: -1 };
    this.#look();
  }

  /** Another window. */
  choose(minutes: Minutes): void {
    if (minutes === this.#minutes) return;
    this.#minutes = minutes;
    this.requests.stop();
    this.#revision.activity = -1;
    this.residency.restart();
  }

  /** A second has passed; `steady` never jumps. */
  ticked(steady: number, pause: Pause): void {
    if (document.hidden || pause === 0 || steady - this.#lookedAt < pause * 1000) return;
    this.#look(steady);
  }

  /** Nobody looks any more. */
  stop(): void {
    for (const fetched of [this.samples, this.residency, this.swaps, this.requests]) fetched.stop();
  }

  #look(steady = performance.now()): void {
    this.#lookedAt = steady;
    this.samples.refresh();
    this.residency.refresh();
    // What is there and has not changed need not be asked for again.
    if (herd.modelsRevision === this.#revision.models && this.swaps.error === null) return;
    this.#revision.models = herd.modelsRevision;
    this.swaps.refresh();
  }

  #lookAtRequests(): void {
    if (herd.activityRevision === this.#revision.activity && this.requests.error === null) return;
    this.#revision.activity = herd.activityRevision;
    this.requests.refresh();
  }
}
