// Events as herder sends them: JSON whose `data` is a text that holds JSON (spec/http-api.md 1.16).

import type { LogData } from "../api/schema";
import type { LiveEvent } from "./protocol";

/** A `logData` event of a stream that has chosen its logs. */
export type LogEvent = { type: "logData"; data: LogData & { cursor?: string; continues?: boolean } };

const KINDS = new Set(["modelStatus", "inflight", "uiConfig", "profileChanged", "activity", "logData"]);

/** The event in a frame; `null` for a kind that this page does not know, or for what is no event. */
export function decode(frame: string): LiveEvent | LogEvent | null {
  try {
    const { type, data } = JSON.parse(frame) as { type?: unknown; data?: unknown };
    if (typeof type !== "string" || typeof data !== "string" || !KINDS.has(type)) return null;
    return { type, data: JSON.parse(data) } as LiveEvent | LogEvent;
  } catch {
    return null;
  }
}
