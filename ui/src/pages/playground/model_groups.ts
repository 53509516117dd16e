// The choices of a model select: names of the model list in groups, aliases under their model, and what a search leaves of them.

import type { ListedModel } from "../../api/schema";

export interface Choice {
  /** What a request says as its `model`. */
  id: string;
  /** The model that it is another name of; `null` for a name of its own. */
  aliasOf: string | null;
  loaded: boolean;
}

export interface Group {
  title: string;
  choices: Choice[];
}

/** Names in this list at which a search field is worth its place. */
export const SEARCH_FROM = 12;

/** The groups in the order in which they are shown, without empty ones. `wanted` are abilities of which a matching model has one. */
export function groupsOf(models: readonly ListedModel[], wanted: readonly string[]): Group[] {
  const profile: Choice[] = [];
  const matching: Choice[] = [];
  const selectors: Choice[] = [];
  const local: Choice[] = [];
  const peers: Choice[] = [];
  for (const model of models) {
    const choice = { id: model.id, aliasOf: null, loaded: model.status.value === "loaded" };
    const matches = wanted.some((ability) => model.capabilities?.[ability] === true);
    switch (model.meta.llamaswap["type"]) {
      case "profile":
        profile.push(choice);
        break;
      case "alias":
        // It stands under its model, which names it, too.
        break;
      case "selector":
        selectors.push(choice);
        break;
      case "peer":
        (matches ? matching : peers).push(choice);
        break;
      default:
        (matches ? matching : local).push(choice, ...aliasesOf(model, choice.loaded));
    }
  }
  const groups = [
    { title: "Profile", choices: profile },
    { title: "Matching capabilities", choices: matching },
    { title: "Selectors", choices: selectors },
    { title: "Local", choices: local },
    { title: "Peers", choices: peers },
  ];
  return groups.filter((group) => group.choices.length > 0);
}

/** What holds all words of the search, in name or title of the group; an alias is found by its model, too. */
export function searched(groups: readonly Group[], search: string): Group[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (group: Group, choice: Choice): boolean => {
    const text = `${group.title} ${choice.id} ${choice.aliasOf ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return groups
    .map((group) => ({ ...group, choices: group.choices.filter((choice) => fits(group, choice)) }))
    .filter((group) => group.choices.length > 0);
}

/** All names in the groups. */
export function namesOf(groups: readonly Group[]): string[] {
  return groups.flatMap((group) => group.choices.map((choice) => choice.id));
}

/** How a choice is written: aliases stand further in, loaded ones say so. */
export function textOf(choice: Choice): string {
  return `${choice.aliasOf === null ? "" : "\u00a0\u00a0\u00a0"}${choice.id}${choice.loaded && choice.aliasOf === null ? " (loaded)" : ""}`;
}

function aliasesOf(model: ListedModel, loaded: boolean): Choice[] {
  const aliases = model.meta.llamaswap["aliases"];
  if (!Array.isArray(aliases)) return [];
  return aliases.map((alias) => ({ id: String(alias), aliasOf: model.id, loaded }));
}
