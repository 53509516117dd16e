// The models that are there, and what their cards say.

import type { ModelDetails, ModelNow } from "../../api/schema";
import { bytes, percent } from "../../format/quantity";
import { duration } from "../../format/time";
import { byName } from "../../layout/models_menu";
import { IDLE, type Busy } from "../models/open_requests";

export interface Card {
  model: ModelNow;
  /** Absent as long as they are not known. */
  details: ModelDetails | undefined;
  busy: Busy;
}

/** The models of this herder that have a process, in order of name. The state is that of the event stream; details come later. */
export function cardsOf(models: readonly ModelNow[], details: readonly ModelDetails[], busy: ReadonlyMap<string, Busy>): Card[] {
  return models
    .filter((model) => model.peerID === "" && model.state !== "stopped" && model.state !== "")
    .toSorted(byName)
    .map((model) => ({
      model,
      details: details.find((found) => found.id === model.id),
      busy: busy.get(model.id) ?? IDLE,
    }));
}

/** When it will leave by itself; empty when nothing is known of that. `now` is herder's time. */
export function leaveText(details: Pick<ModelDetails, "ttl_seconds" | "unload_at">, state: string, now: number): string {
  if (state !== "ready") return "";
  if (details.ttl_seconds === 0) return "stays until another model needs its place";
  if (details.unload_at === null) return `leaves when idle for ${duration(details.ttl_seconds * 1000)}`;
  const left = Date.parse(details.unload_at) - now;
  return left <= 0 ? "leaves now" : `leaves in ${duration(Math.ceil(left / 1000) * 1000)} if idle`;
}

/** Memory of its processes; empty when it is not known. */
export function memoryText(details: Pick<ModelDetails, "resident_bytes">): string {
  return details.resident_bytes === null ? "" : bytes(details.resident_bytes);
}

/** The share of requests that failed; those that are few are not rounded away. */
export function failedText({ ended, failed }: { ended: number; failed: number }): string {
  if (failed === 0 || ended === 0) return "0 %";
  const share = (failed / ended) * 100;
  return share < 1 ? "below 1 %" : percent(share);
}
