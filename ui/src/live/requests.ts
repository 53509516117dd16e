// The list of open requests, folded from what the stream tells of them.

import type { InFlight, OpenRequest } from "../api/schema";

/** An open request, and when this page heard of it, in milliseconds of `performance.now()`: its age goes on from there. */
export type Open = OpenRequest & { heardAt: number };

/** The list after an event, the oldest first. What is told of a request twice, or after its end, does no harm. */
export function fold(list: readonly Open[], event: InFlight, now: number): Open[] {
  switch (event.operation) {
    case "snapshot":
      return sorted((event.requests ?? []).map((request) => ({ ...request, heardAt: now })));
    case "upsert": {
      const others = list.filter((request) => request.id !== event.request.id);
      return sorted([...others, { ...event.request, heardAt: now }]);
    }
    case "remove":
      return list.filter((request) => request.id !== event.id);
  }
}

/** How old a request is, in milliseconds. */
export function age(request: Open, now: number): number {
  return request.elapsed_ms + Math.max(0, now - request.heardAt);
}

function sorted(list: Open[]): Open[] {
  return list.sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp) || Number(a.id) - Number(b.id));
}
