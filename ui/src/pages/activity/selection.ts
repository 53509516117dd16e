// Which requests the table shows, in which order: the query of the page's address on one side, the parameters of
// `/api/metrics/activity` on the other. What makes no sense in an address counts as absent.

/** The sort names of the API. */
export const SORTS = [
  "id",
  "time",
  "model",
  "req_path",
  "resp_status_code",
  "resp_content_type",
  "cached",
  "prompt",
  "generated",
  "drafted",
  "prompt_speed",
  "gen_speed",
  "duration",
  "queued",
  "first_byte",
] as const;
export type Sort = (typeof SORTS)[number];

/** Rows of a page that can be chosen. */
export const ROWS = [10, 25, 50, 100, 250, 500] as const;

/** How a request may have ended: the API's names, and what they are called on the page. */
export const ENDINGS: readonly (readonly [string, string])[] = [
  ["failed", "failed"],
  ["succeeded", "succeeded"],
  ["2xx", "2xx"],
  ["3xx", "3xx"],
  ["4xx", "4xx"],
  ["5xx", "5xx"],
  ["499", "499 client left"],
];

/** Spans up to now that can be chosen, in minutes. */
export const SPANS: readonly (readonly [number, string])[] = [
  [15, "last 15 minutes"],
  [60, "last hour"],
  [360, "last 6 hours"],
  [1440, "last day"],
  [10_080, "last 7 days"],
];

/** What is asked for. Empty texts, `null` and 0 stand for "any". */
export interface Selection {
  model: string;
  /** One of `ENDINGS`, or any single status. */
  status: string;
  minId: number | null;
  maxId: number | null;
  /** Minutes up to now; it wins over `start` and `end`. */
  minutes: number;
  /** Milliseconds of the epoch. */
  start: number | null;
  end: number | null;
  sort: Sort;
  ascending: boolean;
  page: number;
  rows: number;
}

/** Names in the address. They differ from those of other parts of a page that the table is embedded in. */
type Key = "model" | "status" | "from_id" | "to_id" | "minutes" | "start" | "end" | "sort" | "order" | "page" | "rows";

/** What an address asks for. `rows` is what the browser remembers. */
export function selectionOf(query: URLSearchParams, rows: number): Selection {
  const text = (name: Key): string => query.get(name) ?? "";
  const sort = SORTS.find((name) => name === text("sort")) ?? "id";
  const isEnding = ENDINGS.some(([name]) => name === text("status")) || /^[1-5]\d\d$/.test(text("status"));
  const minutes = SPANS.find(([span]) => String(span) === text("minutes"))?.[0] ?? 0;
  return {
    model: text("model"),
    status: isEnding ? text("status") : "",
    minId: positive(text("from_id")),
    maxId: positive(text("to_id")),
    minutes,
    start: minutes > 0 ? null : moment(text("start")),
    end: minutes > 0 ? null : moment(text("end")),
    sort,
    ascending: text("order") === "asc",
    page: positive(text("page")) ?? 1,
    rows: ROWS.find((count) => String(count) === text("rows")) ?? rows,
  };
}

/** What changes in the address when a part of a selection changes; `null` takes a value away. Every change but that of the page leads to
 *  page 1. */
export function changes(part: Partial<Selection>): Record<string, string | null> {
  const values: Partial<Record<Key, string | null>> = {};
  const set = (key: Key, value: string | number | null | undefined): void => {
    if (value !== undefined) values[key] = value === null || value === 0 || value === "" ? null : String(value);
  };
  set("model", part.model);
  set("status", part.status);
  set("from_id", part.minId);
  set("to_id", part.maxId);
  set("minutes", part.minutes);
  set("start", part.start === undefined || part.start === null ? part.start : new Date(part.start).toISOString());
  set("end", part.end === undefined || part.end === null ? part.end : new Date(part.end).toISOString());
  set("rows", part.rows);
  if (part.sort !== undefined || part.ascending !== undefined) {
    const isDefault = (part.sort ?? "id") === "id" && part.ascending !== true;
    values.sort = isDefault ? null : (part.sort ?? "id");
    values.order = isDefault ? null : part.ascending === true ? "asc" : "desc";
  }
  values.page = part.page !== undefined && part.page > 1 ? String(part.page) : null;
  return values;
}

/** What a click on a heading sorts by: ascending first, then the other way round. */
export function sortedBy(sort: Sort, now: Selection): Pick<Selection, "sort" | "ascending"> {
  return { sort, ascending: sort !== now.sort || !now.ascending };
}

/** What keeps requests out. `model` does not count where the page itself is one of a model. */
export function activeFilters(selection: Selection, isModelFixed: boolean): number {
  const { model, status, minId, maxId, minutes, start, end } = selection;
  const times = minutes > 0 || start !== null || end !== null;
  return [model !== "" && !isModelFixed, status !== "", minId !== null || maxId !== null, times].filter(Boolean).length;
}

/** A selection without filters, in the same order. */
export const NO_FILTERS = {
  model: "",
  status: "",
  minId: null,
  maxId: null,
  minutes: 0,
  start: null,
  end: null,
} as const satisfies Partial<Selection>;

/** Why no request can match; empty when some can. The API refuses such questions. */
export function contradiction({ minId, maxId, start, end }: Selection): string {
  if (minId !== null && maxId !== null && minId > maxId) return "The first ID is larger than the last.";
  if (start !== null && end !== null && start > end) return "The beginning is later than the end.";
  return "";
}

/** The question to the API. `now` is in milliseconds of the epoch. */
export function pathOfSelection(selection: Selection, now: number): string {
  const { model, status, minId, maxId, minutes, sort, ascending, page, rows } = selection;
  const start = minutes > 0 ? now - minutes * 60_000 : selection.start;
  const query = new URLSearchParams();
  if (model !== "") query.set("model", model);
  if (status !== "") query.set("status", status);
  if (minId !== null) query.set("min_id", String(minId));
  if (maxId !== null) query.set("max_id", String(maxId));
  if (start !== null) query.set("start", wholeSecond(start));
  if (selection.end !== null) query.set("end", wholeSecond(selection.end));
  query.set("sort", sort);
  query.set("order", ascending ? "asc" : "desc");
  query.set("page", String(page));
  query.set("limit", String(rows));
  return `/api/metrics/activity?${query}`;
}

/** A number of at least 1; `null` for anything else. */
export function positive(text: string): number | null {
  const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0;
  return number > 0 ? number : null;
}

function moment(text: string): number | null {
  const time = text === "" ? Number.NaN : Date.parse(text);
  return Number.isFinite(time) ? time : null;
}

function wholeSecond(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}
