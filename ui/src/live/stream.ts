// One event stream over fetch, because a browser's own EventSource cannot carry a key. Knows how to connect, to notice that the
// connection is dead, and to come again; what the events mean is the hub's business.

import { createParser } from "eventsource-parser";
import { errorOf, isAbort } from "../api/error";
import { pause } from "./backoff";
import { decode, type LogEvent } from "./decode";
import type { Connection, LiveEvent } from "./protocol";

/** Milliseconds without a byte after which the connection counts as dead; herder gives a sign of life every 15 seconds. */
const SILENCE = 40_000;

/** Characters of one event. A log of herder keeps far less; more is not herder that speaks. */
const LONGEST_EVENT = 64 * 1024 * 1024;

export interface Listener {
  connection(connection: Connection): void;
  event(event: LiveEvent | LogEvent): void;
  /** herder does not know a log that was asked for (status 400). */
  refusedLogs(reason: string): void;
}

/** The stream of one browser. */
export class EventStream {
  #listener: Listener;
  /** Ends the connection, or the pause, of now. */
  #stop: AbortController | null = null;
  #attempt = 0;
  #isOpen = false;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Connects, anew if it is connected. `path` is asked at every attempt, because a log's cursor moves on. */
  start(path: () => string, key: string | null): void {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#attempt = 0;
    void this.#run(path, key, stop.signal);
  }

  /** Ends. */
  stop(connection: Connection): void {
    this.#stop?.abort();
    this.#stop = null;
    this.#isOpen = false;
    this.#listener.connection(connection);
  }

  async #run(path: () => string, key: string | null, stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      // A stream that is taken anew, because of another log, is no change that a person should see.
      if (!this.#isOpen) this.#listener.connection({ state: "connecting" });
      const reason = await this.#connect(path(), key, stopped);
      if (stopped.aborted || reason === null) return;
      const milliseconds = pause(this.#attempt, Math.random());
      this.#attempt += 1;
      this.#isOpen = false;
      this.#listener.connection({ state: "waiting", reason, retryAt: Date.now() + milliseconds });
      await rest(milliseconds, stopped);
    }
  }

  /** Why it ended, when another attempt may help; `null` when none would. */
  async #connect(path: string, key: string | null, stopped: AbortSignal): Promise<string | null> {
    const dead = new AbortController();
    let watch = setTimeout(() => dead.abort(), SILENCE);
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (key !== null) headers["authorization"] = `Bearer ${key}`;
    try {
      const response = await fetch(path, {
        headers,
        credentials: "omit",
        cache: "no-store",
        signal: AbortSignal.any([stopped, dead.signal]),
      });
      if (!response.ok || response.body === null) return await this.#refused(response, key);
      const parser = createParser({
        maxBufferSize: LONGEST_EVENT,
        onEvent: ({ data }) => {
          const event = decode(data);
          if (event !== null) this.#listener.event(event);
        },
      });
      this.#isOpen = true;
      this.#listener.connection({ state: "open" });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "herder ended the stream of events";
        this.#attempt = 0;
        clearTimeout(watch);
        watch = setTimeout(() => dead.abort(), SILENCE);
        parser.feed(value);
      }
    } catch (error) {
      if (dead.signal.aborted) return "herder has been silent for too long";
      if (isAbort(error)) return null;
      // Browsers report every trouble of the network as a TypeError; anything else is trouble with what was said.
      return error instanceof TypeError || !(error instanceof Error) ? "herder cannot be reached" : error.message;
    } finally {
      clearTimeout(watch);
      dead.abort();
    }
  }

  async #refused(response: Response, key: string | null): Promise<string | null> {
    const error = await errorOf(response);
    if (response.status === 401 || response.status === 403) {
      const reason = key === null ? "" : "herder does not know this key.";
      this.#isOpen = false;
      this.#listener.connection({ state: "refused", reason });
      return null;
    }
    if (response.status === 400) this.#listener.refusedLogs(error.message);
    return `${error.message} (HTTP ${response.status})`;
  }
}

/** Ends after so many milliseconds, or at once when `stopped`. */
async function rest(milliseconds: number, stopped: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    stopped.addEventListener("abort", end);
  });
}
