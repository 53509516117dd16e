// What herder tells by itself, as the pages see it: models, open requests, profile, and how the connection is. Everything stays on the
// screen while the connection is lost; `isStale` says so.

import type { ModelNow, UiConfig } from "../api/schema";
import { session } from "../api/session.svelte";
import { Pace } from "../pace";
import type { Connection, LiveEvent, LogSource, ToTab } from "./protocol";
import { fold, type Open } from "./requests";
import { Tab, type LogListener } from "./tab";

class HerdView {
  connection = $state.raw<Connection>({ state: "connecting" });
  /** `null` until they are known. */
  models = $state.raw<ModelNow[] | null>(null);
  /** `null` until they are known; the oldest first. */
  requests = $state.raw<Open[] | null>(null);
  /** Id of the active profile; `undefined` until it is known. */
  profile = $state<string | null | undefined>(undefined);
  config = $state.raw<UiConfig | null>(null);
  /** Counts up whenever a request has ended and is stored, and at each new connection: time to look at the activity again. */
  activityRevision = $state(0);
  /** Counts up when a model's state or the configuration has changed, and at each new connection, at most once a second: time to look at
   *  details of models again. */
  modelsRevision = $state(0);
  /** Why the connection was lost; `null` when it was not, or is there again. It stays while the next attempts go on. */
  lost = $state<string | null>(null);
  /** Whether what is shown may be old. */
  isStale = $derived(this.lost !== null);

  #tab: Tab | null = null;
  #models = new Pace(() => (this.modelsRevision += 1));
  /** What waits until it is known whether another tab has a key. */
  #keyKnown: () => void = () => {};
  /** Resolves when requests may be sent: other tabs of the session have told their key, if there is one. */
  readonly ready = new Promise<void>((resolve) => {
    this.#keyKnown = resolve;
  });

  /** Begins to listen. Once, at the start of the page. */
  start(): void {
    this.#tab = new Tab((message) => this.#heard(message), session.key);
    // A worker that does not answer must not keep the page from trying.
    setTimeout(() => this.#keyKnown(), 2000);
  }

  /** Takes a key from the login form. */
  useKey(key: string | null): void {
    session.use(key);
    this.#tab?.useKey(key);
  }

  /** Tries to connect at once. */
  retry(): void {
    this.#tab?.retry();
  }

  /** Gives a log's kept text and what follows to `listener` until the returned function is called. */
  followLog(source: LogSource, listener: LogListener): () => void {
    return this.#tab?.follow(source, listener) ?? (() => {});
  }

  /** Details of models are not what they were. */
  modelsChanged(): void {
    this.#models.ask();
  }

  /** The model of this id, else of this alias. */
  find(name: string): ModelNow | undefined {
    const models = this.models ?? [];
    return models.find((model) => model.id === name) ?? models.find((model) => model.aliases?.includes(name));
  }

  #heard(message: ToTab): void {
    switch (message.kind) {
      case "key":
        if (message.key !== session.key) session.use(message.key);
        this.#keyKnown();
        break;
      case "connection":
        this.connection = message.connection;
        if (message.connection.state === "refused") session.refuse(message.connection.reason);
        if (message.connection.state === "waiting") this.lost = message.connection.reason;
        if (message.connection.state === "open") {
          session.refusal = null;
          this.lost = null;
          this.activityRevision += 1;
        }
        break;
      case "event":
        this.#changed(message.event);
        break;
      case "log":
      case "logRefused":
        break;
    }
  }

  #changed(event: LiveEvent): void {
    switch (event.type) {
      case "modelStatus":
        // It also is the first thing that a new connection tells.
        this.models = event.data;
        this.modelsChanged();
        break;
      case "inflight":
        this.requests = fold(this.requests ?? [], event.data, performance.now());
        break;
      case "uiConfig":
        this.config = event.data;
        break;
      case "profileChanged":
        this.profile = event.data.active ?? null;
        break;
      case "activity":
        this.activityRevision += 1;
        break;
    }
  }
}

export const herd = new HerdView();
