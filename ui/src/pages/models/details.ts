// What herder knows of its own models beyond their state (`GET /api/models`), and how the page asks for it.

import { getJson } from "../../api/client";

export interface MeasuredTime {
  seconds: number | null;
  count: number;
}

export type Company =
  | { kind: "group"; group: string; swap: boolean; exclusive: boolean; persistent: boolean; members: string[] }
  | { kind: "matrix"; sets: { name: string; expression: string }[]; evict_cost: number };

export interface LastFailure {
  at: string;
  reason: string;
  status: string | null;
  log_tail: string[];
  failures_in_a_row: number;
  next_attempt_at: string | null;
}

export interface ModelDetails {
  id: string;
  name: string;
  description: string;
  aliases: string[];
  unlisted: boolean;
  state: "stopped" | "starting" | "ready" | "stopping";
  since: string | null;
  cmd: string;
  cmd_stop: string | null;
  proxy: string;
  check_endpoint: string | null;
  pid: number | null;
  ttl_seconds: number;
  unload_at: string | null;
  concurrency_limit: number;
  in_flight: number;
  queued: number;
  residency: Company;
  filters: string[];
  capabilities?: Record<string, boolean>;
  context_length?: number;
  metadata: Record<string, unknown> | null;
  costs: { load: MeasuredTime; stop: MeasuredTime; service: MeasuredTime };
  resident_bytes: number | null;
  last_failure: LastFailure | null;
}

/** All models, or the one of this id or alias. */
export async function fetchDetails(signal: AbortSignal, model?: string): Promise<ModelDetails[]> {
  const query = model === undefined ? "" : `?model=${encodeURIComponent(model)}`;
  const answer = await getJson<{ models: ModelDetails[] }>(`/api/models${query}`, signal);
  return answer.models;
}
