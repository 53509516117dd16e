// What a model answered at once: the body of an answer in any of the APIs.

import { partsOf, partsOfMessage, turnOfItem } from "./content";
import { elements, fields, text } from "../../../json";
import { shown, type Turn } from "./turns";

/** Turns of an answer; empty when it is no conversation. */
export function turnsOfAnswer(value: unknown): Turn[] {
  const answer = fields(value);
  const choices = elements(answer["choices"]).map((choice, index) => {
    const { message, text: completed } = fields(choice);
    const parts = message === undefined ? partsOf(completed) : partsOfMessage(message);
    return { role: index === 0 ? "assistant" : `assistant (${index + 1})`, parts };
  });
  const turns: Turn[] = [
    ...choices,
    ...elements(answer["output"]).map((item) => turnOfItem(item, "assistant")),
    // Anthropic's list of blocks, or the text of llama.cpp's own completion.
    { role: "assistant", parts: partsOf(answer["content"]) },
    ...errors(answer["error"]),
  ];
  return turns.filter((turn) => turn.parts.length > 0);
}

/** The error of an envelope or of an event. */
export function errors(error: unknown): Turn[] {
  const message = text(fields(error)["message"]) || shown(error);
  return message === "" ? [] : [{ role: "error", parts: [{ kind: "error", text: message }] }];
}
