// Answers of model servers for the tests of the chat, as streams of `/v1/chat/completions`.

import type { Reply } from "./support/script";

/** One frame. */
export function frame(data: unknown): { text: string } {
  return { text: `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n` };
}

/** A frame with a piece of the answer. */
export function piece(delta: object): { text: string } {
  return frame({ object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: null }] });
}

/** The last frames. */
export const END = [frame({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }), frame("[DONE]")];

/** A stream of these pieces and its end. */
export function answer(deltas: object[], more: Partial<Reply> = {}): Reply {
  return { chunks: [...deltas.map(piece), ...END], ...more };
}

/** An answer of this text, in several pieces. */
export function says(text: string): Reply {
  return answer((text.match(/[\s\S]{1,40}/g) ?? []).map((content) => ({ content })));
}
