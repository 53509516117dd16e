// The one place of a browser that talks to herder's event stream, and tells all tabs. It runs in a shared worker, or in the page
// where a browser has none. Hidden tabs are told nothing; when nobody looks, the stream ends.

import { age, fold, type Open } from "./requests";
import type { LogEvent } from "./decode";
import { append } from "./log_text";
import type { Connection, LiveEvent, LogSource, ToHub, ToTab } from "./protocol";
import { EventStream } from "./stream";

/** What a tab is reached through. */
export interface Port {
  postMessage(message: ToTab): void;
  onmessage: ((event: MessageEvent<ToHub>) => void) | null;
  close?(): void;
}

/** Milliseconds for which the stream goes on after the last visible tab was hidden: a person who switches between two windows should not
 *  cause a connection each time. */
const LINGER = 10_000;

/** Milliseconds without a word from a visible tab after which it counts as gone: a tab that crashed cannot say good-bye. */
const LOST = 90_000;

interface Tab {
  port: Port;
  visible: boolean;
  logs: LogSource[];
  heard: number;
}

interface Log {
  text: string;
  cursor: string | null;
  /** Tells it from an earlier log of the same source. */
  life: number;
  /** Characters that have come since its beginning. */
  end: number;
}

export class Hub {
  #tabs = new Map<Port, Tab>();
  #key: string | null = null;
  #connection: Connection = { state: "paused" };
  /** The last event of each kind that tells how things are. */
  #known = new Map<LiveEvent["type"], LiveEvent>();
  #requests: Open[] = [];
  #logs = new Map<LogSource, Log>();
  #lives = 0;
  #refused = new Map<LogSource, string>();
  /** The logs that the connection of now carries; `null` when there is no connection. */
  #carried: string | null = null;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #stream = new EventStream({
    connection: (connection) => this.#connected(connection),
    event: (event) => this.#heard(event),
    refusedLogs: (reason) => this.#refusedLogs(reason),
  });

  constructor() {
    setInterval(() => this.#forgetLost(), LOST / 3);
  }

  /** A tab has come. */
  add(port: Port): void {
    const tab: Tab = { port, visible: false, logs: [], heard: Date.now() };
    this.#tabs.set(port, tab);
    port.onmessage = ({ data }) => this.#told(tab, data);
  }

  #told(tab: Tab, message: ToHub): void {
    tab.heard = Date.now();
    if (message.kind !== "bye") this.#findAgain(tab);
    switch (message.kind) {
      case "hello":
        if (message.key !== null && message.key !== this.#key) this.#useKey(message.key);
        tab.port.postMessage({ kind: "key", key: this.#key });
        this.#look(tab, message.visible, message.logs);
        break;
      case "status":
        this.#look(tab, message.visible, message.logs);
        break;
      case "key":
        this.#useKey(message.key);
        break;
      case "retry":
        this.#restart();
        break;
      case "alive":
        break;
      case "bye":
        // The last word: a browser still tells a page that it is hidden when it has gone, and the page tells on.
        tab.port.onmessage = null;
        tab.port.close?.();
        this.#tabs.delete(tab.port);
        this.#review();
        break;
    }
  }

  /** Takes back a tab that has counted as lost, and tells it everything again. Nothing had happened to it: the computer slept. */
  #findAgain(tab: Tab): void {
    if (this.#tabs.has(tab.port)) return;
    this.#tabs.set(tab.port, tab);
    const { visible, logs } = tab;
    tab.visible = false;
    this.#look(tab, visible, logs);
  }

  /** A tab looks at something, or has stopped to. */
  #look(tab: Tab, visible: boolean, logs: LogSource[]): void {
    const wasVisible = tab.visible;
    const before = new Set(wasVisible ? tab.logs : []);
    Object.assign(tab, { visible, logs });
    this.#review();
    if (!visible) return;
    if (!wasVisible) {
      tab.port.postMessage({ kind: "connection", connection: this.#connection });
      for (const event of this.#known.values()) tab.port.postMessage({ kind: "event", event });
      if (this.#known.size > 0) {
        const now = performance.now();
        const requests = this.#requests.map((open) => ({ ...open, elapsed_ms: Math.round(age(open, now)) }));
        tab.port.postMessage({ kind: "event", event: { type: "inflight", data: { operation: "snapshot", requests } } });
      }
    }
    for (const source of logs) {
      if (before.has(source)) continue;
      const reason = this.#refused.get(source);
      if (reason !== undefined) tab.port.postMessage({ kind: "logRefused", source, reason });
      const log = this.#logs.get(source);
      if (log) tab.port.postMessage({ kind: "log", source, text: log.text, life: log.life, end: log.end, gap: false });
    }
  }

  /** Connects, connects anew, or ends the stream, as the tabs need it. */
  #review(): void {
    const visible = [...this.#tabs.values()].filter((tab) => tab.visible);
    clearTimeout(this.#lingering);
    if (visible.length === 0) {
      if (this.#carried === null) return;
      this.#lingering = setTimeout(() => {
        this.#carried = null;
        this.#stream.stop({ state: "paused" });
      }, LINGER);
      return;
    }
    const wanted = this.#wanted();
    // A hidden tab that comes back goes on where it was.
    const followed = new Set([...this.#tabs.values()].flatMap((tab) => tab.logs));
    for (const source of this.#logs.keys()) if (!followed.has(source)) this.#logs.delete(source);
    for (const source of this.#refused.keys()) if (!wanted.includes(source)) this.#refused.delete(source);
    if (this.#carried !== wanted.join("\n")) this.#restart();
  }

  /** The logs that visible tabs show. */
  #wanted(): LogSource[] {
    const sources = new Set<LogSource>();
    for (const tab of this.#tabs.values()) if (tab.visible) for (const source of tab.logs) sources.add(source);
    return [...sources].sort();
  }

  #restart(): void {
    this.#carried = this.#wanted().join("\n");
    this.#stream.start(() => this.#path(), this.#key);
  }

  #path(): string {
    const wanted = this.#wanted().filter((source) => !this.#refused.has(source));
    const query = wanted.map((source) => {
      const cursor = this.#logs.get(source)?.cursor ?? null;
      return `logs=${encodeURIComponent(cursor === null ? source : `${source}~${cursor}`)}`;
    });
    return `/api/events?${query.length === 0 ? "logs=none" : query.join("&")}`;
  }

  #useKey(key: string | null): void {
    this.#key = key;
    for (const tab of this.#tabs.values()) tab.port.postMessage({ kind: "key", key });
    if (this.#carried !== null) this.#restart();
  }

  #connected(connection: Connection): void {
    this.#connection = connection;
    this.#broadcast({ kind: "connection", connection });
  }

  #heard(event: LiveEvent | LogEvent): void {
    if (event.type === "logData") {
      this.#logged(event);
      return;
    }
    if (event.type === "inflight") this.#requests = fold(this.#requests, event.data, performance.now());
    else if (event.type !== "activity") this.#known.set(event.type, event);
    this.#broadcast({ kind: "event", event });
  }

  #logged({ data }: LogEvent): void {
    const source = data.source as LogSource;
    const continues = data.continues ?? true;
    const log = this.#logs.get(source);
    const isFirst = log === undefined;
    // herder was started anew, or too much was written while nobody looked: what is kept stays, with a mark at the gap.
    const gap = !continues && !isFirst;
    const text = append(log?.text ?? "", data.data);
    if (isFirst) this.#lives += 1;
    const life = log?.life ?? this.#lives;
    const end = (log?.end ?? 0) + data.data.length;
    this.#logs.set(source, { text, cursor: data.cursor ?? null, life, end });
    for (const tab of this.#tabs.values()) {
      if (!tab.visible || !tab.logs.includes(source)) continue;
      tab.port.postMessage({ kind: "log", source, text: data.data, life, end, gap });
    }
  }

  /** herder refuses the whole stream because of one log, that of a model which a reload has removed: go on without those of models. */
  #refusedLogs(reason: string): void {
    for (const source of this.#wanted()) {
      if (!source.startsWith("model:")) continue;
      this.#refused.set(source, reason);
      for (const tab of this.#tabs.values()) {
        if (tab.visible && tab.logs.includes(source)) tab.port.postMessage({ kind: "logRefused", source, reason });
      }
    }
  }

  #broadcast(message: ToTab): void {
    for (const tab of this.#tabs.values()) if (tab.visible) tab.port.postMessage(message);
  }

  #forgetLost(): void {
    const earliest = Date.now() - LOST;
    for (const [port, tab] of this.#tabs) {
      // A hidden tab says nothing for as long as it is hidden.
      if (tab.visible && tab.heard < earliest) this.#tabs.delete(port);
    }
    this.#review();
  }
}
