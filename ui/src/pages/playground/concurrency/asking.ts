// One request of the test, from when it is sent until it has ended.

import { describe, isAbort, isCancelled, saysUnloaded } from "../../../api/error";
import type { Phase as OpenPhase } from "../../../api/schema";
import { askModel } from "../ask";
import { add, separateLoading, type Content, type Piece } from "../chat/answer";
import { chatCompletions } from "../chat/chat_completions";
import { Reading } from "../chat/stream";
import { textOf } from "../chat/writer";
import { advance, close, phaseOf, type Signs } from "./phases";
import type { Trial } from "./trial";

export interface Question {
  prompt: string;
  maxTokens: number;
  /** Goes out as `X-Request-ID`, by which the page finds the request among those that herder tells of. */
  requestId: string;
}

/** Asks, and hands on every new state of the trial. */
export class Asking {
  trial: Trial;
  readonly #question: Question;
  readonly #grown: (trial: Trial) => void;
  /** Milliseconds since the test began. */
  readonly #elapsed: () => number;
  #signs: Signs = { open: null, narrated: false, last: null };

  constructor(trial: Trial, question: Question, elapsed: () => number, grown: (trial: Trial) => void) {
    this.trial = trial;
    this.#question = question;
    this.#elapsed = elapsed;
    this.#grown = grown;
  }

  get requestId(): string {
    return this.#question.requestId;
  }

  /** What herder says of it now. */
  heard(open: OpenPhase): void {
    if (this.trial.state === "open" && open !== this.#signs.open) this.#found({ open }, this.trial.content);
  }

  /** Never throws: see `trial`. */
  async run(signal: AbortSignal): Promise<void> {
    const sentAt = this.#elapsed();
    this.#set({ state: "open", sentAt, spans: advance([], "waiting", sentAt) });
    try {
      const response = await askModel("/v1/chat/completions", this.#body(), signal, { "x-request-id": this.requestId });
      const reading = new Reading(chatCompletions, response.headers.get("content-type"));
      for await (const text of textOf(response, reading)) this.#took(reading.feed(text), sentAt);
      this.#took(reading.end(), sentAt);
      const { error, complete } = this.trial.content;
      if (error !== null && saysUnloaded(error)) this.#set({ state: "stopped", ...this.#ended() });
      else this.#end(error ?? (complete ? null : "The answer ended without its end mark."));
    } catch (error) {
      if (isAbort(error) || signal.aborted || isCancelled(error)) this.#set({ state: "stopped", ...this.#ended() });
      else this.#end(error instanceof TypeError ? "The connection was lost." : describe(error));
    }
  }

  #body(): Record<string, unknown> {
    const { prompt, maxTokens } = this.#question;
    const messages = [{ role: "user", content: prompt }];
    return { model: this.trial.model, messages, max_tokens: maxTokens, stream: true, stream_options: { include_usage: true } };
  }

  #took(pieces: readonly Piece[], sentAt: number): void {
    if (pieces.length === 0) return;
    const content = add(this.trial.content, pieces, this.#elapsed() - sentAt);
    const { reasoning } = separateLoading(content.thought);
    const signs: Partial<Signs> = { narrated: content.thought !== reasoning };
    const text = pieces.findLast(({ kind }) => kind === "text" || kind === "refusal" || kind === "tool" || kind === "reasoning");
    if (text !== undefined && text.kind !== "reasoning") signs.last = "content";
    else if (text !== undefined && reasoning !== "") signs.last = "reasoning";
    this.#found(signs, content);
  }

  #found(signs: Partial<Signs>, content: Content): void {
    this.#signs = { ...this.#signs, ...signs };
    this.#set({ content, spans: advance(this.trial.spans, phaseOf(this.#signs), this.#elapsed()) });
  }

  #end(error: string | null): void {
    this.#set({ state: error === null ? "done" : "failed", error, ...this.#ended() });
  }

  #ended(): Pick<Trial, "endedAt" | "spans"> {
    const endedAt = this.#elapsed();
    return { endedAt, spans: close(this.trial.spans, endedAt) };
  }

  #set(change: Partial<Trial>): void {
    this.trial = { ...this.trial, ...change };
    this.#grown(this.trial);
  }
}
