// What this page has asked of herder for its models: loads and unloads under way, and those that failed. They go on while another page is
// shown. What the models then do is told by the event stream.

import { SvelteMap } from "svelte/reactivity";
import { send, withModel } from "../../api/client";
import { isAbort, isCancelled } from "../../api/error";
import { herd } from "../../live/herd.svelte";
import { notices } from "../../notices.svelte";
import type { Pending } from "./actions";

/** Loads that wait at once: each holds a connection, and a browser has six for one host. */
export const MOST_LOADS = 4;

interface Failed {
  what: "load" | "unload";
  error: unknown;
}

type Operation = { kind: "load"; abort: AbortController; since: number } | { kind: "unload" };

class Operations {
  #running = new SvelteMap<string, Operation>();
  #failed = new SvelteMap<string, Failed>();
  /** All models are being unloaded. */
  unloadingAll = $state(false);
  /** Why that failed. */
  unloadAllError = $state.raw<unknown>(null);

  pending(model: string): Pending {
    return this.#running.get(model)?.kind ?? null;
  }

  /** When this page began to wait for a load, in milliseconds. */
  since(model: string): number | null {
    const operation = this.#running.get(model);
    return operation?.kind === "load" ? operation.since : null;
  }

  failed(model: string): Failed | null {
    return this.#failed.get(model) ?? null;
  }

  dismiss(model: string): void {
    this.#failed.delete(model);
  }

  get canLoad(): boolean {
    return [...this.#running.values()].filter((operation) => operation.kind === "load").length < MOST_LOADS;
  }

  async load(model: string): Promise<void> {
    if (this.#running.has(model) || !this.canLoad) return;
    const operation: Operation = { kind: "load", abort: new AbortController(), since: Date.now() };
    await this.#run(model, operation, async () => {
      await send("POST", withModel("/api/models/load/", model), undefined, operation.abort.signal);
      notices.done(`${model} is ready.`);
    });
  }

  async unload(model: string): Promise<void> {
    await this.#run(model, { kind: "unload" }, async () => {
      await stop(model);
      notices.done(`${model} is stopped.`);
    });
  }

  /** Gives up this page's own wish for a model; others may still get it loaded. */
  giveUp(model: string): void {
    const operation = this.#running.get(model);
    if (operation?.kind === "load") operation.abort.abort();
    this.#running.delete(model);
  }

  /** Ends a load, whoever wanted it. */
  async cancel(model: string): Promise<void> {
    this.giveUp(model);
    await this.unload(model);
  }

  /** Loads once more. An unload ends the pause after failures. */
  async retry(model: string, paused: boolean): Promise<void> {
    if (paused) await this.#run(model, { kind: "unload" }, () => stop(model));
    else this.dismiss(model);
    if (this.failed(model) === null) await this.load(model);
  }

  async unloadAll(): Promise<void> {
    this.unloadingAll = true;
    this.unloadAllError = null;
    try {
      for (const [model, operation] of [...this.#running]) if (operation.kind === "load") this.giveUp(model);
      await send("POST", "/api/models/unload");
      notices.done("All models are stopped.");
    } catch (error) {
      this.unloadAllError = error;
    } finally {
      this.unloadingAll = false;
    }
  }

  async #run(model: string, operation: Operation, act: () => Promise<void>): Promise<void> {
    this.#failed.delete(model);
    this.#running.set(model, operation);
    try {
      await act();
    } catch (error) {
      if (!isAbort(error) && !isCancelled(error)) this.#failed.set(model, { what: operation.kind, error });
    } finally {
      // Another one may have taken its place.
      if (this.#running.get(model) === operation) this.#running.delete(model);
      // A failure that this one has caused is known to herder now.
      herd.modelsChanged();
    }
  }
}

async function stop(model: string): Promise<void> {
  await send("POST", withModel("/api/models/unload/", model));
}

export const operations = new Operations();
