// Asking for one answer and handing on what comes of it, until it is complete, fails or is stopped.

import { describe, isAbort, isCancelled, saysUnloaded } from "../../../api/error";
import { herd } from "../../../live/herd.svelte";
import { askModel } from "../ask";
import { add } from "./answer";
import type { Answer, Message } from "./conversation";
import { ENDED_ELSEWHERE, turnsOf } from "./conversation";
import { dialectOf } from "./dialect";
import { bodyOf, type ChatSettings } from "./settings";
import { Reading } from "./stream";

/** Milliseconds for which a connection stays open after the answer's end was announced: the server should close it. */
const GRACE = 1000;

const ENDED = { stopped: true, finish: ENDED_ELSEWHERE };

/** Writes an answer to what was said `earlier`. `grown` is called with every new state of it; the last one has a `total`. */
export async function write(
  answer: Answer,
  earlier: readonly Message[],
  settings: ChatSettings,
  signal: AbortSignal,
  grown: (answer: Answer) => void,
): Promise<void> {
  let now = answer;
  let start = performance.now();
  const elapsed = (): number => performance.now() - start;
  try {
    await herd.ready;
    start = performance.now();
    const response = await askModel(settings.endpoint, bodyOf(answer.model, settings, turnsOf(earlier)), signal);
    const reading = new Reading(dialectOf(settings.endpoint), response.headers.get("content-type"));
    for await (const text of textOf(response, reading)) {
      now = add(now, reading.feed(text), elapsed());
      grown(now);
    }
    now = add(now, reading.end(), elapsed());
    // The load was told as reasoning, so what ended it comes as a piece.
    if (now.error !== null && saysUnloaded(now.error)) now = { ...now, error: null, ...ENDED };
    else if (!now.complete && now.error === null) now = { ...now, error: "The answer ended without its end mark; something may be missing." };
  } catch (error) {
    if (isAbort(error) || signal.aborted) now = { ...now, stopped: true };
    else if (isCancelled(error)) now = { ...now, ...ENDED };
    else if (!(error instanceof TypeError)) now = { ...now, error: describe(error) };
    // The browser's word for a connection that broke. After the end of the answer nothing is lost with it.
    else if (!now.complete) now = { ...now, error: "The connection was lost; something may be missing." };
  }
  grown({ ...now, total: elapsed() });
}

/** The text of an answer as it arrives. */
export async function* textOf(response: Response, reading: Reading): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let closing: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
      if (reading.ended) closing ??= setTimeout(() => void reader.cancel(), GRACE);
    }
  } finally {
    clearTimeout(closing);
    // When the reading has failed, nobody wants the rest.
    void reader.cancel().catch(() => {});
  }
}
