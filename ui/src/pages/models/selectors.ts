// Selectors: names that stand for one of several models, and which one that would be now.

import type { ListedModel, ModelNow } from "../../api/schema";

export interface Selector {
  id: string;
  name: string;
  description: string;
  strategy: string;
  targets: string[];
  /** Requests that a target gets before the next one is loaded; `null` with other strategies. */
  spillover: number | null;
}

/** The selectors among what `/v1/models` lists. */
export function selectorsOf(listed: readonly ListedModel[]): Selector[] {
  return listed.flatMap((entry) => {
    const { type, strategy, targets, spillover } = entry.meta.llamaswap;
    if (type !== "selector") return [];
    return [
      {
        id: entry.id,
        name: entry.name ?? "",
        description: entry.description ?? "",
        strategy: typeof strategy === "string" ? strategy : "",
        targets: Array.isArray(targets) ? targets.filter((target) => typeof target === "string") : [],
        spillover: typeof spillover === "number" ? spillover : null,
      },
    ];
  });
}

/** The target that a request would go to now, as far as this page can tell: what spillover counts is known to herder alone. */
export function pickNow(selector: Selector, find: (target: string) => ModelNow | undefined): string | null {
  const { targets } = selector;
  const inState = (...states: ModelNow["state"][]): string[] =>
    targets.filter((target) => states.some((state) => find(target)?.state === state));
  const first = targets[0] ?? null;
  switch (selector.strategy) {
    case "pin":
      return first;
    case "warm":
      return inState("ready")[0] ?? inState("starting")[0] ?? first;
    case "spillover": {
      const local = targets.every((target) => (find(target)?.peerID ?? null) === "");
      return local && inState("ready", "starting").length === 0 ? (inState("stopped")[0] ?? null) : null;
    }
    default:
      return null;
  }
}
