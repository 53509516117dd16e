// Something asked of herder that is asked again: one request at a time, at most one more queued behind it, late answers dropped, old value
// kept until the new one is there.

import { describe, isAbort } from "./api/error";
import { herd } from "./live/herd.svelte";

export class Fetched<T> {
  /** `null` until the first answer. */
  value = $state.raw<T | null>(null);
  /** Why the last attempt failed; `null` when it did not. */
  error = $state<string | null>(null);
  #load: (signal: AbortSignal) => Promise<T>;
  #running: AbortController | null = null;
  #again = false;

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
  }

  /** Asks again; once more after the request under way, if there is one. */
  refresh(): void {
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    void this.#run();
  }

  /** Asks something else now: what is under way is of no interest any more. */
  restart(): void {
    this.stop();
    void this.#run();
  }

  /** Ends what is under way. For a component that goes. */
  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#again = false;
  }

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    try {
      await herd.ready;
      const value = await this.#load(running.signal);
      if (this.#running !== running) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (this.#running !== running || isAbort(error)) return;
      this.error = describe(error);
    } finally {
      if (this.#running === running) {
        this.#running = null;
        if (this.#again) {
          this.#again = false;
          void this.#run();
        }
      }
    }
  }
}
