// What herder knows of its own models beyond their state (`GET /api/models`).

import { getJson } from "../../api/client";
import type { ModelDetails, ModelDetailsList } from "../../api/schema";

/** All models, or the one of this id or alias. */
export async function fetchDetails(signal: AbortSignal, model?: string): Promise<ModelDetails[]> {
  const query = model === undefined ? "" : `?model=${encodeURIComponent(model)}`;
  return (await getJson<ModelDetailsList>(`/api/models${query}`, signal)).models;
}
