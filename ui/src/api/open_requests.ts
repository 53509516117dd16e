// What can be done to a request that is still open.

import { send } from "./client";

/** Ends it for its client, too. */
export async function cancelRequest(id: string): Promise<void> {
  await send("POST", `/api/inflight/${encodeURIComponent(id)}/cancel`);
}
