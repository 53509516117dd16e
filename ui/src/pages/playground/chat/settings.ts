// What a person can set for the chat, how it is read from a form, and what of it a request carries. What is not set is not sent.

import { ENDPOINTS, dialectOf, type Dialect, type Endpoint } from "./dialect";
import { fields, text, type Json } from "../../../json";

export const PARAMETERS = {
  temperature: { label: "Temperature", min: 0, max: 2, step: 0.05 },
  topP: { label: "Top P", min: 0, max: 1, step: 0.01 },
  topK: { label: "Top K", min: 0, max: 1_000_000, step: 1 },
  minP: { label: "Min P", min: 0, max: 1, step: 0.01 },
  maxTokens: { label: "Max tokens", min: 1, max: 10_000_000, step: 1 },
  seed: { label: "Seed", min: -1, max: 4_294_967_295, step: 1 },
  presencePenalty: { label: "Presence penalty", min: -2, max: 2, step: 0.05 },
  frequencyPenalty: { label: "Frequency penalty", min: -2, max: 2, step: 0.05 },
} as const;

export type ParameterName = keyof typeof PARAMETERS;
export const PARAMETER_NAMES = Object.keys(PARAMETERS) as ParameterName[];

export const SEND_KEYS = ["Enter", "Ctrl+Enter"] as const;

/** As a person has written it: an empty text is not set. */
export interface ChatSettings {
  endpoint: Endpoint;
  system: string;
  parameters: Record<ParameterName, string>;
  /** One stop sequence per line; `\n` and `\t` stand for a line break and a tab. */
  stop: string;
  /** A JSON object whose fields go into the request. */
  extras: string;
  sendWith: (typeof SEND_KEYS)[number];
}

/** Stop sequences that are sent; servers take a few only. */
export const MOST_STOPS = 16;

export const UNSET: ChatSettings = readSettings({});

/** Settings from whatever was stored; what makes no sense is unset. */
export function readSettings(value: unknown): ChatSettings {
  const stored = fields(value);
  const parameters = fields(stored["parameters"]);
  return {
    endpoint: ENDPOINTS.find((endpoint) => endpoint === stored["endpoint"]) ?? "/v1/chat/completions",
    system: text(stored["system"]),
    parameters: Object.fromEntries(PARAMETER_NAMES.map((name) => [name, text(parameters[name])])) as Record<ParameterName, string>,
    stop: text(stored["stop"]),
    extras: text(stored["extras"]),
    sendWith: SEND_KEYS.find((key) => key === stored["sendWith"]) ?? "Enter",
  };
}

/** What is wrong with a parameter; `null` when nothing is. */
export function problemOf(name: ParameterName, written: string): string | null {
  const { min, max, step } = PARAMETERS[name];
  if (written.trim() === "") return null;
  const value = Number(written);
  if (!Number.isFinite(value)) return "This is no number.";
  if (step === 1 && !Number.isInteger(value)) return "Whole numbers only.";
  return value < min || value > max ? `From ${min} to ${max}.` : null;
}

/** What is wrong with the extras; `null` when nothing is. */
export function problemOfExtras(written: string): string | null {
  if (written.trim() === "") return null;
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? null : "This must be a JSON object, such as {\"top_a\": 0.2}.";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether anything is wrong with them. */
export function areSound(settings: ChatSettings): boolean {
  return problemOfExtras(settings.extras) === null && PARAMETER_NAMES.every((name) => problemOf(name, settings.parameters[name]) === null);
}

/** The stop sequences. */
export function stopsOf(written: string): string[] {
  return written
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replaceAll("\\n", "\n").replaceAll("\\t", "\t"))
    .slice(0, MOST_STOPS);
}

/** The body of a request, as one endpoint wants it. Extras win over everything else. */
export function bodyOf(model: string, settings: ChatSettings, turns: Parameters<Dialect["body"]>[0]): Json {
  const dialect = dialectOf(settings.endpoint);
  const body: Json = { model, stream: true, ...dialect.body(turns, settings.system.trim()) };
  for (const name of PARAMETER_NAMES) {
    const called = dialect.parameters[name];
    const written = settings.parameters[name];
    if (called !== undefined && written.trim() !== "" && problemOf(name, written) === null) body[called] = Number(written);
  }
  const stops = stopsOf(settings.stop);
  if (dialect.parameters.stop !== undefined && stops.length > 0) body[dialect.parameters.stop] = stops;
  if (settings.extras.trim() !== "" && problemOfExtras(settings.extras) === null) Object.assign(body, JSON.parse(settings.extras));
  return body;
}
