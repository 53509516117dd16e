// Who waits, out of the open requests; and the words for it.

import type { SwapPlan } from "../../api/schema";
import { duration } from "../../format/time";
import { age, type Open } from "../../live/requests";
import { requestCount } from "../models/open_requests";

export interface Waiting {
  id: string;
  model: string;
  phase: "queued" | "loading";
  /** Its place in the queue, where that is known. */
  position: number | null;
  /** Milliseconds since it came. */
  waited: number;
  /** Milliseconds until its turn, as far as that is known. */
  left: number | null;
  /** Address of the client, and its session if it names one. */
  from: string;
  session: string | null;
}

/** Those who wait, the oldest first. `steady` is the moment of now in milliseconds of `performance.now()`; `sessionHeaders` name a session. */
export function waitingOf(requests: readonly Open[], steady: number, sessionHeaders: readonly string[]): Waiting[] {
  const rows: Waiting[] = [];
  for (const request of requests) {
    const { phase } = request;
    if (phase !== "queued" && phase !== "loading") continue;
    const estimate = request.estimated_wait_ms ?? null;
    rows.push({
      id: request.id,
      model: request.model,
      phase,
      position: request.queue_position ?? null,
      waited: age(request, steady),
      left: estimate === null ? null : Math.max(0, estimate - Math.max(0, steady - request.heardAt)),
      from: request.remote_ip,
      session: sessionOf(request.req_headers, sessionHeaders),
    });
  }
  return rows;
}

/** How long it will take yet: `any moment now` when the estimate has run out. */
export function leftText(left: number | null): string {
  if (left === null) return "not known";
  return left < 500 ? "any moment now" : `about ${duration(left)}`;
}

/** What has to happen before a model's requests are served. */
export function planText(plan: SwapPlan): string {
  const victims = plan.victims.map(({ model, in_flight }) =>
    in_flight === 0 ? model : `${model} (${requestCount(in_flight)} running)`,
  );
  const parts: string[] = [];
  if (victims.length > 0) parts.push(`${victims.join(", ")} must leave first`);
  parts.push(...plan.reasons);
  if (parts.length > 0) return parts.join("; ");
  switch (plan.outcome) {
    case "serve":
      return "it is ready";
    case "join":
      return "it is being loaded";
    case "load":
      return "nobody has to leave for it";
    case "wait":
    case "refuse":
      return plan.text.trim();
  }
}

function sessionOf(headers: Readonly<Record<string, string>>, names: readonly string[]): string | null {
  for (const name of names) {
    const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase());
    if (found && found[1] !== "") return found[1];
  }
  return null;
}
