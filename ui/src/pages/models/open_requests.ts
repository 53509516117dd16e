// How busy each model is, counted from the open requests.

import type { OpenRequest } from "../../api/schema";

export interface Busy {
  /** Requests that its server has. */
  serving: number;
  /** Requests that wait: for their turn, or for the load. */
  waiting: number;
}

export const IDLE: Busy = { serving: 0, waiting: 0 };

/** By id of the model; idle ones are absent. */
export function busyModels(requests: readonly OpenRequest[]): Map<string, Busy> {
  const found = new Map<string, Busy>();
  for (const request of requests) {
    const before = found.get(request.model) ?? IDLE;
    found.set(
      request.model,
      waits(request)
        ? { ...before, waiting: before.waiting + 1 }
        : { ...before, serving: before.serving + 1 },
    );
  }
  return found;
}

function waits(request: OpenRequest): boolean {
  switch (request.phase) {
    case "queued":
    case "loading":
      return true;
    case "waiting":
    case "streaming":
      return false;
  }
}

/** `1 request`, `2 requests` */
export function requestCount(count: number): string {
  return count === 1 ? "1 request" : `${count} requests`;
}

/** `2 in flight, 1 queued`; empty for an idle model. */
export function busyText(busy: Busy): string {
  const parts = [];
  if (busy.serving > 0) parts.push(`${busy.serving} in flight`);
  if (busy.waiting > 0) parts.push(`${busy.waiting} queued`);
  return parts.join(", ");
}
