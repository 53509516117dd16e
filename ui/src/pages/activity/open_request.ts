// What the columns of the list of open requests say.

import { bytes } from "../../format/quantity";
import { duration } from "../../format/time";
import { age, type Open } from "../../live/requests";
import type { Column } from "./columns";

export type OpenColumnName = "cancel" | "phase" | "elapsed" | "model" | "request" | "address" | "agent" | "session" | "bytes" | "queue";

export const OPEN_COLUMNS: readonly Column<OpenColumnName>[] = [
  { name: "cancel", text: "Cancel", shown: true },
  { name: "phase", text: "Phase", shown: true },
  { name: "elapsed", text: "Elapsed", shown: true },
  { name: "model", text: "Model", shown: true },
  { name: "request", text: "Request", shown: true },
  { name: "queue", text: "Queue", shown: true },
  { name: "bytes", text: "Bytes", shown: true },
  { name: "address", text: "Address", shown: true },
  { name: "agent", text: "User agent", shown: true },
  { name: "session", text: "Session", shown: true },
];

/** What phases are called, with a mark of a shape of its own. */
export const PHASES: Record<Open["phase"], { text: string; mark: string; about: string }> = {
  queued: { text: "queued", mark: "◌", about: "waits for its turn" },
  loading: { text: "loading", mark: "◐", about: "waits until its model is loaded" },
  waiting: { text: "waiting", mark: "○", about: "the model works, but has answered nothing yet" },
  streaming: { text: "streaming", mark: "●", about: "the answer has begun" },
};

/** A cell as text. `sessions` are the headers that name a session, `now` is a moment of `performance.now()`. */
export function openText(name: Exclude<OpenColumnName, "cancel" | "phase">, request: Open, sessions: readonly string[], now: number): string {
  switch (name) {
    case "elapsed":
      return duration(age(request, now));
    case "model":
      return request.model;
    case "request":
      return `${request.method} ${request.req_path}`;
    case "address":
      return request.remote_ip || "–";
    case "agent":
      return valueOf(request, "user-agent") ?? "–";
    case "session":
      return sessionOf(request, sessions) ?? "–";
    case "bytes":
      return bytes(request.resp_bytes);
    case "queue":
      return queueOf(request);
  }
}

/** When it was granted and when the answer began, for the tooltip of its phase. */
export function stepsOf(request: Open): string {
  const steps = [PHASES[request.phase].about];
  if (typeof request.granted_ms === "number") steps.push(`its turn came after ${duration(request.granted_ms)}`);
  if (typeof request.first_byte_ms === "number") steps.push(`the answer began after ${duration(request.first_byte_ms)}`);
  return steps.join("; ");
}

/** The session that a client names, in the first of these headers that it sends. */
export function sessionOf(request: Open, sessions: readonly string[]): string | undefined {
  for (const name of sessions) {
    const value = valueOf(request, name.toLowerCase());
    if (value !== undefined) return value;
  }
  return undefined;
}

/** `No. 2, about 12 s to go`. */
function queueOf({ queue_position, estimated_wait_ms }: Open): string {
  const parts = [];
  if (typeof queue_position === "number") parts.push(`No. ${queue_position}`);
  if (typeof estimated_wait_ms === "number") parts.push(`about ${duration(estimated_wait_ms)} to go`);
  return parts.join(", ") || "–";
}

/** Characters of the beginning and of the end of a long value that are shown. */
const SHOWN_ENDS = 14;

/** A long value by its head and its tail. */
export function ends(text: string): string {
  const letters = [...text];
  if (letters.length <= 2 * SHOWN_ENDS + 1) return text;
  return `${letters.slice(0, SHOWN_ENDS).join("")}…${letters.slice(-SHOWN_ENDS).join("")}`;
}

function valueOf(request: Open, header: string): string | undefined {
  return Object.entries(request.req_headers).find(([name]) => name.toLowerCase() === header)?.[1];
}
