// Which page a path of this site means. Paths, not hashes: they survive a reload, dots and slashes in model ids included.

/** The pages, in the order of the sidebar. */
export const PAGES = [
  "overview",
  "models",
  "playground",
  "activity",
  "logs",
  "performance",
  "hardware",
  "config",
  "settings",
] as const;

export type PageName = (typeof PAGES)[number];

export type Place =
  | { page: PageName }
  /** One model, by id or alias. */
  | { page: "model"; model: string }
  | { page: "unknown"; path: string };

/** Where the site lives. */
export const BASE = "/ui/";

/** The place of a path. */
export function placeOf(path: string): Place {
  const below = `${path}/`.startsWith(BASE) ? path.slice(BASE.length) : path.replace(/^\/+/, "");
  const segments = below.replace(/\/+$/, "").split("/").map(decoded);
  const [first = "", ...others] = segments;
  if (first === "") return { page: "overview" };
  // An id may hold slashes, written as they are or encoded.
  if (first === "models" && others.length > 0) return { page: "model", model: others.join("/") };
  const page = PAGES.find((name) => name === first);
  return page !== undefined && others.length === 0 ? { page } : { page: "unknown", path };
}

/** The path of a page. */
export function pathOf(page: PageName): string {
  return page === "overview" ? BASE : BASE + page;
}

/** The path of a model's page. */
export function pathOfModel(id: string): string {
  return `${BASE}models/${encodeURIComponent(id)}`;
}

/** Where an old link of llama-swap's page (`/ui/#/models/x`) leads; `null` when it is none. */
export function pathOfHash(hash: string): string | null {
  if (!hash.startsWith("#/")) return null;
  return BASE + hash.slice(2);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray percent sign is part of the name.
    return segment;
  }
}
