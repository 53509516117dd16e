// The list of models: which are shown, in which order, and under which headings.

import type { ModelCompany, ModelDetails, ModelNow } from "../../api/schema";
import { byName } from "../../layout/models_menu";

/** Rows of a list that are shown at first, and how many more come at a time: a thousand models would make the page slow. */
export const ROWS_AT_A_TIME = 200;

export const ORDERS = ["loaded", "name"] as const;
export type Order = (typeof ORDERS)[number];

/** The order that the query asks for. */
export function orderOf(text: string | null): Order {
  return ORDERS.find((order) => order === text) ?? "loaded";
}

/** Whether each word of the search is in the name, the id, an alias or the description; case does not count. */
export function matches(model: ModelNow, search: string): boolean {
  const text = [model.name, model.id, model.description, ...(model.aliases ?? [])].join("\n").toLowerCase();
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return words.every((word) => text.includes(word));
}

/** The models to show, in order. Those that are being loaded keep their place, so that a row does not leave the pointer that clicked it. */
export function chosen(
  models: readonly ModelNow[],
  choice: { search: string; unlisted: boolean; order: Order },
): ModelNow[] {
  const rank = (model: ModelNow): number => (model.state === "ready" || model.state === "stopping" ? 0 : 1);
  return models
    .filter((model) => choice.unlisted || !model.unlisted)
    .filter((model) => matches(model, choice.search))
    .sort((a, b) => (choice.order === "loaded" ? rank(a) - rank(b) : 0) || byName(a, b));
}

export interface Section {
  /** What tells it from others; what is kept when it is folded. */
  key: string;
  title: string;
  /** What its members may do together; empty when nothing is known. */
  note: string;
  models: ModelNow[];
}

/** The group that holds the models of no group. */
const NO_GROUP = "(default)";

/** The models by group, or by the sets of the matrix that they are in, or by peer; sections keep the order in which their first models come. */
export function sections(models: readonly ModelNow[], details: ReadonlyMap<string, ModelDetails>): Section[] {
  const found = new Map<string, Section>();
  for (const model of models) {
    const heading = model.peerID === "" ? headingOf(details.get(model.id)?.residency) : peerHeading(model.peerID);
    const section = found.get(heading.key) ?? { ...heading, models: [] };
    section.models.push(model);
    found.set(heading.key, section);
  }
  return [...found.values()];
}

/** The heading under which a model of this company comes. */
export function headingOf(company: ModelCompany | undefined): Omit<Section, "models"> {
  switch (company?.kind) {
    case undefined:
      return { key: "?", title: "Models", note: "" };
    case "group": {
      const title = company.group === NO_GROUP ? "No group" : `Group ${company.group}`;
      return { key: `group ${company.group}`, title, note: groupNote(company) };
    }
    case "matrix": {
      const names = company.sets.map((set) => set.name);
      if (names.length === 0) return { key: "sets", title: "In no set", note: "runs alone" };
      return {
        key: `sets ${names.join(", ")}`,
        title: `${names.length === 1 ? "Set" : "Sets"} ${names.join(", ")}`,
        note: company.sets.map((set) => set.expression).join("; "),
      };
    }
  }
}

/** What a group's settings mean. */
export function groupNote(company: Extract<ModelCompany, { kind: "group" }>): string {
  const notes = [company.swap ? "one at a time" : "may run together"];
  if (company.exclusive) notes.push("stops other groups");
  if (company.persistent) notes.push("never stopped by other groups");
  return notes.join(", ");
}

function peerHeading(peer: string): Omit<Section, "models"> {
  return { key: `peer ${peer}`, title: `Peer ${peer}`, note: "" };
}
