// This tab's end of the wire to the hub: says whether the tab is visible and which logs it shows, and passes on what it hears.

import { Hub, type Port } from "./hub";
import { news, type Place } from "./log_text";
import type { LogSource, ToHub, ToTab } from "./protocol";

/** Milliseconds between two signs of life; a third of what the hub waits for. */
const ALIVE = 30_000;

type TabPort = Pick<MessagePort, "postMessage" | "onmessage">;

/** Who follows a log: is given text, and whether it replaces what was given before, or comes after a gap. */
export interface LogListener {
  text(text: string, reset: boolean, gap: boolean): void;
  refused(reason: string): void;
}

/** Listeners of a log, and what each has been given. */
type Listeners = Map<LogListener, Place | null>;

export class Tab {
  #port: TabPort;
  #listeners = new Map<LogSource, Listeners>();
  #announced = false;

  constructor(heard: (message: ToTab) => void, key: string | null) {
    this.#port = connect();
    this.#port.onmessage = ({ data }: MessageEvent<ToTab>) => {
      if (data.kind === "log") {
        this.#logged(data);
      } else if (data.kind === "logRefused") {
        for (const listener of this.#listeners.get(data.source)?.keys() ?? []) listener.refused(data.reason);
      } else {
        heard(data);
      }
    };
    this.#hello(key);
    document.addEventListener("visibilitychange", () => this.#say());
    addEventListener("pagehide", () => this.#post({ kind: "bye" }));
    // A page that comes back from the browser's cache of pages.
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    setInterval(() => {
      if (!document.hidden) this.#post({ kind: "alive" });
    }, ALIVE);
  }

  useKey(key: string | null): void {
    this.#post({ kind: "key", key });
  }

  /** Tries to connect at once. */
  retry(): void {
    this.#post({ kind: "retry" });
  }

  /** Gives a log's kept text and what follows to `listener` until the returned function is called. */
  follow(source: LogSource, listener: LogListener): () => void {
    const listeners = this.#listeners.get(source) ?? new Map<LogListener, Place | null>();
    // One more listener of the same log needs the text from its beginning: the hub sends that to tabs that begin.
    if (listeners.size > 0) {
      this.#listeners.delete(source);
      this.#say();
    }
    listeners.set(listener, null);
    this.#listeners.set(source, listeners);
    this.#say();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(source);
      this.#say();
    };
  }

  /** Gives each listener what it has not been given yet. */
  #logged({ source, text, life, end, gap }: Extract<ToTab, { kind: "log" }>): void {
    const listeners = this.#listeners.get(source);
    for (const [listener, had] of listeners ?? []) {
      const { fresh, isReset } = news(had, { life, end }, text);
      listeners?.set(listener, { life, end });
      listener.text(fresh, isReset, gap);
    }
  }

  #hello(key: string | null): void {
    this.#post({ kind: "hello", key, visible: !document.hidden, logs: [] });
    this.#announced = true;
  }

  #say(): void {
    if (!this.#announced) return;
    this.#post({ kind: "status", visible: !document.hidden, logs: [...this.#listeners.keys()] });
  }

  #post(message: ToHub): void {
    this.#port.postMessage(message);
  }
}

/** The shared worker, or a hub in this page where the browser has no shared workers. */
function connect(): TabPort {
  if ("SharedWorker" in globalThis) {
    const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: "herder" });
    worker.port.start();
    return worker.port;
  }
  const { port1, port2 } = new MessageChannel();
  new Hub().add(port2 as unknown as Port);
  return port1;
}
