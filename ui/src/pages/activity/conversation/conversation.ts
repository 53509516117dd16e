// The conversation in a body of a capture.

import { valueOf, type Body } from "../body";
import { turnsOfAnswer } from "./answer";
import { turnsOfRequest } from "./request";
import { turnsOfStream } from "./stream";
import type { Turn } from "./turns";

/** Turns of a request or of an answer; empty when it is no conversation. */
export function turnsOf(body: Body, side: "request" | "answer"): Turn[] {
  if (body.kind === "events") return side === "answer" ? turnsOfStream(body.text) : [];
  if (body.kind !== "json") return [];
  const value = valueOf(body.text);
  return side === "request" ? turnsOfRequest(value) : turnsOfAnswer(value);
}
