// Events as herder sends them: JSON whose `data` is a text that holds JSON (spec/http-api.md 1.16). What has not the shape of an event is
// skipped here, so that nothing behind has to doubt it.

import type { LogData } from "../api/schema";
import type { LiveEvent } from "./protocol";

/** A `logData` event of a stream that has chosen its logs. */
export type LogEvent = { type: "logData"; data: LogData & { cursor?: string; continues?: boolean } };

type Fields = Record<string, unknown>;

/** Whether the data of a kind is what the page counts on. */
const SHAPES: Record<(LiveEvent | LogEvent)["type"], (data: unknown) => boolean> = {
  modelStatus: (data) => Array.isArray(data) && data.every((model) => isFields(model) && typeof model["id"] === "string"),
  inflight: (data) => isFields(data) && isInFlight(data),
  uiConfig: isFields,
  profileChanged: isFields,
  activity: isFields,
  logData: (data) => isFields(data) && typeof data["source"] === "string" && typeof data["data"] === "string",
};

/** The event in a frame; `null` for a kind that this page does not know, or for what is no event. */
export function decode(frame: string): LiveEvent | LogEvent | null {
  try {
    const { type, data: text } = JSON.parse(frame) as { type?: unknown; data?: unknown };
    if (typeof type !== "string" || typeof text !== "string" || !Object.hasOwn(SHAPES, type)) return null;
    const data: unknown = JSON.parse(text);
    return SHAPES[type as keyof typeof SHAPES](data) ? ({ type, data } as LiveEvent | LogEvent) : null;
  } catch {
    return null;
  }
}

function isInFlight(data: Fields): boolean {
  switch (data["operation"]) {
    case "snapshot":
      return data["requests"] === undefined || (Array.isArray(data["requests"]) && data["requests"].every(isOpenRequest));
    case "upsert":
      return isOpenRequest(data["request"]);
    case "remove":
      return typeof data["id"] === "string";
    default:
      return false;
  }
}

function isOpenRequest(value: unknown): boolean {
  return isFields(value) && typeof value["id"] === "string" && typeof value["elapsed_ms"] === "number";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
