// The list of models in the sidebar: which, and in which order.

import type { ModelNow } from "../api/schema";

/** Compares names as people do: numbers by value, case aside. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The name under which a model is listed. */
export function shownName(model: Pick<ModelNow, "id" | "name">): string {
  return model.name === "" ? model.id : model.name;
}

/** By shown name, then id. */
export function byName(a: ModelNow, b: ModelNow): number {
  return collator.compare(shownName(a), shownName(b)) || collator.compare(a.id, b.id);
}

/** Local models and those of peers, sorted; unlisted ones only if wanted. */
export function menu(models: readonly ModelNow[], withUnlisted: boolean): { local: ModelNow[]; peers: ModelNow[] } {
  const shown = models.filter((model) => withUnlisted || !model.unlisted).sort(byName);
  return { local: shown.filter((model) => model.peerID === ""), peers: shown.filter((model) => model.peerID !== "") };
}
