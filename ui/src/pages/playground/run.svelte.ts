// One request of a tab of the playground: what runs, what came of it, why it failed. It belongs to the module of its tab, not to a
// component, so that it goes on while other tabs and pages are shown.

import { describe, isAbort, isCancelled } from "../../api/error";
import { herd } from "../../live/herd.svelte";
import { underWay } from "./under_way.svelte";

export class Run<T> {
  running = $state(false);
  /** `Date.now()` at the start of the last run. */
  startedAt = $state(0);
  /** What came of the last run that came to something; it stays while another runs and when that one fails. */
  result = $state.raw<T | null>(null);
  /** Why the last run failed; `null` when it did not, was cancelled, or while one runs. */
  error = $state<string | null>(null);
  /** Whether the last run was ended elsewhere, on purpose. */
  ended = $state(false);
  #controller: AbortController | null = null;

  /** Runs `work`, unless something runs already. Never throws: see `error`. */
  async start(work: (signal: AbortSignal) => Promise<T>): Promise<void> {
    if (this.running) return;
    const controller = new AbortController();
    this.#controller = controller;
    this.running = true;
    this.ended = false;
    underWay.requests += 1;
    this.startedAt = Date.now();
    this.error = null;
    try {
      await herd.ready;
      const result = await work(controller.signal);
      if (this.#controller === controller) this.result = result;
    } catch (error) {
      if (this.#controller !== controller) return;
      if (isCancelled(error)) this.ended = true;
      else if (!isAbort(error)) this.error = describe(error);
    } finally {
      if (this.#controller === controller) this.#end();
    }
  }

  /** Ends what runs, without an error. */
  cancel(): void {
    this.#controller?.abort();
    if (this.running) this.#end();
  }

  #end(): void {
    this.#controller = null;
    this.running = false;
    underWay.requests -= 1;
  }
}
