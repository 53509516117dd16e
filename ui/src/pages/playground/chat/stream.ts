// Reading an answer from the network: a stream of events, or JSON in one piece, whatever the server chose.

import { createParser } from "eventsource-parser";
import { readEnvelope } from "../../../api/error";
import type { Piece } from "./answer";
import type { Dialect } from "./dialect";
import { fields, type Json } from "../../../json";

/** Characters of an answer, frames included. No model writes that much; a server that has gone mad does. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

/** Characters of lines that are no event; an error of herder or a whole answer fits. */
const LONGEST_STRAY = 4 * 1024 * 1024;

/** What a whole answer holds at least one of. */
const SAYS_SOMETHING: Piece["kind"][] = ["text", "reasoning", "refusal", "tool", "finish", "error"];

/** Turns what arrives into pieces. */
export class Reading {
  /** Whether the server has said that nothing follows. */
  ended = false;
  #dialect: Dialect;
  #isWhole: boolean;
  #found: Piece[] = [];
  /** Lines that are no event: JSON that is not in frames. */
  #stray = "";
  #understood = false;
  #length = 0;
  #parser = createParser({
    onEvent: ({ data }) => this.#frame(data),
    onError: (error) => {
      if (error.line !== undefined && this.#stray.length < LONGEST_STRAY) this.#stray += `${error.line}\n`;
    },
  });

  /** `contentType` is the answer's. */
  constructor(dialect: Dialect, contentType: string | null) {
    this.#dialect = dialect;
    this.#isWhole = contentType?.includes("json") ?? false;
  }

  /** Takes some text. Throws when the answer is too long. */
  feed(text: string): Piece[] {
    this.#length += text.length;
    if (this.#length > LONGEST_ANSWER) throw new Error(`the answer is longer than ${LONGEST_ANSWER} characters`);
    if (this.#isWhole) this.#stray += text;
    else this.#parser.feed(text);
    return this.#take();
  }

  /** There is no more. */
  end(): Piece[] {
    // The last event need not be followed by a blank line.
    if (!this.#isWhole) this.#parser.feed("\n\n");
    const left = this.#stray.trim();
    if (left !== "") this.#whole(left);
    return this.#take();
  }

  #frame(data: string): void {
    if (data.trim() === "[DONE]") {
      this.ended = true;
      this.#found.push({ kind: "end" });
      return;
    }
    const frame = parsed(data);
    if (frame === null) return;
    this.#understood = true;
    const failure = failureOf(frame);
    this.#found.push(...(failure ?? this.#dialect.readFrame(frame)));
    if (this.#found.some(({ kind }) => kind === "end")) this.ended = true;
  }

  #whole(text: string): void {
    const [prefix = ""] = /^error:\s*/.exec(text) ?? [];
    const answer = parsed(text.slice(prefix.length));
    const failure = answer && (failureOf(answer) ?? (prefix === "" ? null : failureOf({ error: answer })));
    const pieces = failure ?? (answer === null ? [] : this.#dialect.readWhole(answer));
    if (pieces.some(({ kind }) => SAYS_SOMETHING.includes(kind))) this.#found.push(...pieces, { kind: "end" });
    else if (!this.#understood) this.#found.push({ kind: "error", message: `The answer is not understood: ${text.slice(0, 200)}` });
  }

  #take(): Piece[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

/** An error in the place of a frame, as every API may send one. */
function failureOf(frame: Json): Piece[] | null {
  const error = frame["error"];
  if (error === undefined || error === null) return null;
  // A whole answer of `/v1/responses` that failed says so itself.
  const { message, code } = readEnvelope(JSON.stringify(frame));
  return [{ kind: "error", message: message || code || "the server reports an error" }];
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? fields(value) : null;
  } catch {
    return null;
  }
}
