// Which logs the page shows: names, links, and what the query or this browser's memory asks for.

import type { ModelNow } from "../../api/schema";
import type { LogSource } from "../../live/protocol";

const OF_MODEL = "model:";

/** What a person calls a log. */
export function nameOf(source: LogSource): string {
  if (source === "proxy") return "herder";
  if (source === "upstream") return "all models";
  return source.slice(OF_MODEL.length);
}

/** The log that a text names; `null` when it names none. */
export function sourceOf(text: string | null): LogSource | null {
  if (text === "proxy" || text === "upstream") return text;
  return text !== null && text.startsWith(OF_MODEL) && text.length > OF_MODEL.length ? (text as LogSource) : null;
}

/** What a pane of the page shows: a log, or a sentence why there is none. */
export type Showing = { source: LogSource } | { reason: string };

/** What to show for a log that was asked for. herder refuses logs of models that it does not run, so it is not asked for them. */
export function showing(source: LogSource, models: readonly ModelNow[] | null): Showing {
  if (!source.startsWith(OF_MODEL)) return { source };
  if (models === null) return { reason: "Loading models …" };
  const name = nameOf(source);
  const model = models.find((one) => one.id === name) ?? models.find((one) => one.aliases?.includes(name));
  if (model === undefined) return { reason: `There is no model ${name}. Choose another log.` };
  if (model.peerID !== "") return { reason: `herder has no log of ${name}: its process belongs to the peer ${model.peerID}.` };
  return { source: `model:${model.id}` };
}

/** Both panes: what the query asks for, else what this browser remembers. The second may be absent. */
export function panesOf(query: URLSearchParams, remembered: readonly string[]): { first: LogSource; second: LogSource | null } {
  const first = sourceOf(query.get("source"));
  const second = query.get("second");
  if (first !== null) return { first, second: sourceOf(second) };
  return { first: sourceOf(remembered[0] ?? null) ?? "proxy", second: sourceOf(second ?? remembered[1] ?? null) };
}

/** Name of the file for a log that is saved. */
export function fileName(source: LogSource, now: number): string {
  const name = nameOf(source).replace(/[^\p{L}\p{N}.-]+/gu, "_");
  return `${name}-${new Date(now).toISOString().slice(0, 19).replaceAll(":", "-")}.log`;
}
