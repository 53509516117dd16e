// The samples of the machine that the page has: those of the window, extended by what came since. Processors and GPUs are looked at
// apart, so each has its own last moment, and nothing is taken twice.

import { ApiError } from "../../api/error";
import { getJson } from "../../api/client";
import type { GpuSample, Performance, SystemSample } from "../../api/schema";

export interface Samples {
  enabled: boolean;
  system: SystemSample[];
  gpus: GpuSample[];
}

/** Samples of each kind that are kept: herder keeps an hour, the page goes on for six at one look in five seconds, of eight GPUs. */
export const SAMPLES_AT_MOST = 8 * 6 * 720;

const NONE: Samples = { enabled: true, system: [], gpus: [] };

/** What has been measured since the last look, added to what is known. */
export async function measure(known: Samples | null, signal: AbortSignal): Promise<Samples> {
  const kept = known?.enabled ? known : NONE;
  const after = afterOf(kept);
  try {
    const path = after === null ? "/api/performance" : `/api/performance?after=${encodeURIComponent(after)}`;
    return extended(kept, await getJson<Performance>(path, signal));
  } catch (error) {
    // Monitoring is switched off.
    if (error instanceof ApiError && error.status === 503) return { ...NONE, enabled: false };
    throw error;
  }
}

/** From when on to ask: the earlier of the last moments of the two kinds, so that neither misses any. */
export function afterOf(kept: Samples): string | null {
  const system = kept.system.at(-1)?.timestamp;
  if (system === undefined) return null;
  const gpu = kept.gpus.at(-1)?.timestamp;
  return gpu !== undefined && Date.parse(gpu) < Date.parse(system) ? gpu : system;
}

/** The known ones and the fresh ones that are later. */
export function extended(kept: Samples, fresh: Performance): Samples {
  return { enabled: true, system: later(kept.system, fresh.sys_stats), gpus: later(kept.gpus, fresh.gpu_stats) };
}

function later<S extends { timestamp: string }>(kept: readonly S[], fresh: readonly S[]): S[] {
  const last = Date.parse(kept.at(-1)?.timestamp ?? "");
  const added = Number.isNaN(last) ? fresh : fresh.filter((sample) => Date.parse(sample.timestamp) > last);
  return [...kept, ...added].slice(-SAMPLES_AT_MOST);
}
