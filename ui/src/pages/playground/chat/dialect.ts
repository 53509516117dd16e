// The three APIs in which a chat can be held: the body of a question, and what the frames of an answer mean (spec/ui.md 4.1).

import type { Piece } from "./answer";
import { chatCompletions } from "./chat_completions";
import type { Json } from "../../../json";
import { messages } from "./messages";
import { responses } from "./responses";
import type { ParameterName } from "./settings";

export interface Picture {
  name: string;
  /** Media type. */
  type: string;
  /** A `data:` URL; `null` when this browser could not keep it. */
  url: string | null;
}

/** What was said before, without anything that a model does not need. */
export interface Turn {
  role: "user" | "assistant";
  text: string;
  pictures: readonly Picture[];
}

export interface Dialect {
  /** What the parameters are called in this API; those that it does not have are missing. */
  parameters: Partial<Record<ParameterName | "stop", string>>;
  /** The body, but for model, parameters and extras. */
  body(turns: readonly Turn[], system: string): Json;
  /** Reads a frame of a stream. */
  readFrame(frame: Json): Piece[];
  /** Reads an answer that came in one piece. */
  readWhole(answer: Json): Piece[];
}

export const DIALECTS = {
  "/v1/chat/completions": chatCompletions,
  "/v1/messages": messages,
  "/v1/responses": responses,
} satisfies Record<string, Dialect>;

export type Endpoint = keyof typeof DIALECTS;

export const ENDPOINTS = Object.keys(DIALECTS) as Endpoint[];

/** The dialect of an endpoint. */
export function dialectOf(endpoint: Endpoint): Dialect {
  return DIALECTS[endpoint];
}
