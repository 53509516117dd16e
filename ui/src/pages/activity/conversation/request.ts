// What a client said: the messages of a request in any of the APIs.

import { partsOf, partsOfMessage, turnOfItem } from "./content";
import { elements, fields, text } from "../../../json";
import type { Turn } from "./turns";

/** Turns of a request; empty when it is no conversation. */
export function turnsOfRequest(value: unknown): Turn[] {
  const request = fields(value);
  const turns: Turn[] = [
    { role: "system", parts: partsOf(request["system"]) },
    { role: "system", parts: partsOf(request["instructions"]) },
    ...elements(request["messages"]).map((message) => ({ role: text(fields(message)["role"]), parts: partsOfMessage(message) })),
    ...items(request["input"]),
    ...prompts(request["prompt"]),
  ];
  return turns.filter((turn) => turn.parts.length > 0);
}

/** Input of the Responses API; what is embedded is a text or a list of texts, too. */
function items(input: unknown): Turn[] {
  if (typeof input === "string") return [{ role: "user", parts: partsOf(input) }];
  return elements(input).map((item) => (typeof item === "string" ? { role: "user", parts: partsOf(item) } : turnOfItem(item, "user")));
}

/** Prompts of a completion. Token numbers are nothing to read. */
function prompts(prompt: unknown): Turn[] {
  const all = typeof prompt === "string" ? [prompt] : elements(prompt).filter((one) => typeof one === "string");
  return all.map((one) => ({ role: "prompt", parts: partsOf(one) }));
}
