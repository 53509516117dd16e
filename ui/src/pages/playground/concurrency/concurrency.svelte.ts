// The concurrency test: what is lined up, what runs, what came of it. It belongs to no component, so that it goes on while other pages
// are shown.

import { herd } from "../../../live/herd.svelte";
import { isFlag, isNumber, isText, isTexts, Preference } from "../../../preference.svelte";
import { NOTHING } from "../chat/answer";
import { within } from "../media/number";
import { SESSION_ID } from "../session_id";
import { Asking } from "./asking";
import { MAX_TOKENS, MOST_ENTRIES, moved, planOf, PROMPT, REPEAT } from "./plan";
import type { Trial } from "./trial";
import { protocolsOfPage, widthOf } from "./width";

/** Milliseconds between two looks at what has come: many answers grow at once. */
const LOOK = 100;

class Concurrency {
  entries = new Preference<string[]>("concurrency-entries", [], isTexts);
  prompt = new Preference("concurrency-prompt", PROMPT, isText);
  maxTokens = new Preference("concurrency-max-tokens", MAX_TOKENS.usual, isNumber);
  repeat = new Preference("concurrency-repeat", REPEAT.usual, isNumber);
  timelineOpen = new Preference("concurrency-timeline", true, isFlag);
  running = $state(false);
  trials = $state.raw<readonly Trial[]>([]);
  /** Milliseconds since the test began. */
  now = $state(0);
  /** Requests that go out at a time. */
  width = $state(widthOf(protocolsOfPage()));
  #began = 0;
  #tests = 0;
  #stop: AbortController | null = null;
  /** The trials as they are; what is shown follows them. */
  #current: Trial[] = [];
  #asking = new Set<Asking>();

  add(model: string): void {
    if (this.entries.value.length < MOST_ENTRIES) this.entries.value = [...this.entries.value, model];
  }

  remove(index: number): void {
    this.entries.value = this.entries.value.filter((_, at) => at !== index);
  }

  move(index: number, by: -1 | 1): void {
    this.entries.value = moved(this.entries.value, index, by);
  }

  /** Back to the prompt and numbers of the beginning. */
  useDefaults(): void {
    this.prompt.value = PROMPT;
    this.maxTokens.value = MAX_TOKENS.usual;
    this.repeat.value = REPEAT.usual;
  }

  /** Sends everything, no more than `width` at a time. */
  async go(): Promise<void> {
    if (this.running) return;
    const plan = planOf(this.entries.value, within(this.repeat.value, REPEAT));
    const stop = new AbortController();
    this.#stop = stop;
    this.running = true;
    this.width = widthOf(protocolsOfPage());
    this.#tests += 1;
    this.#current = plan.map((model, index) => ({
      number: index + 1, model, state: "browser", sentAt: null, endedAt: null, spans: [], content: NOTHING, error: null,
    }));
    await herd.ready;
    this.#began = performance.now();
    this.#look();
    const timer = setInterval(() => this.#look(), LOOK);
    const unfollow = $effect.root(() => {
      $effect(() => this.#listen());
    });
    const waiting = this.#current.values();
    await Promise.all(Array.from({ length: this.width }, () => this.#work(waiting, stop.signal)));
    unfollow();
    clearInterval(timer);
    this.running = false;
    this.#look();
  }

  /** Ends what runs; what still waits in the browser is not sent. */
  stop(): void {
    this.#stop?.abort();
  }

  /** Sends one after the other, as long as there are some. */
  async #work(waiting: Iterator<Trial, undefined> & Iterable<Trial>, signal: AbortSignal): Promise<void> {
    for (const trial of waiting) {
      if (signal.aborted) {
        this.#replace({ ...trial, state: "stopped", endedAt: this.#elapsed() });
        continue;
      }
      const question = {
        prompt: this.prompt.value,
        maxTokens: within(this.maxTokens.value, MAX_TOKENS),
        requestId: `${SESSION_ID}-${this.#tests}-${trial.number}`,
      };
      const asking = new Asking(trial, question, () => this.#elapsed(), (grown) => this.#replace(grown));
      this.#asking.add(asking);
      await asking.run(signal);
      this.#asking.delete(asking);
    }
  }

  /** Follows what herder tells of open requests. */
  #listen(): void {
    for (const request of herd.requests ?? []) {
      const id = Object.entries(request.req_headers).find(([name]) => name.toLowerCase() === "x-request-id")?.[1];
      if (id === undefined) continue;
      for (const asking of this.#asking) if (asking.requestId === id) asking.heard(request.phase);
    }
  }

  #replace(trial: Trial): void {
    this.#current[trial.number - 1] = trial;
  }

  #elapsed(): number {
    return performance.now() - this.#began;
  }

  #look(): void {
    // Nobody sees a hidden page; the last look comes when the test ends.
    if (document.hidden && this.running) return;
    this.now = this.#elapsed();
    this.trials = [...this.#current];
  }
}

export const concurrency = new Concurrency();
