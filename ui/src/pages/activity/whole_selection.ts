// All requests that pass the filters, read page by page.

import type { ActivityEntry, ActivityPage } from "../../api/schema";
import { pathOfSelection, type Selection } from "./selection";

/** Most rows of one export: some 20 MB of JSON, which a browser can still hold as one text. */
export const MOST_ROWS = 50_000;

/** Rows of one answer: the most that the API gives. */
const ROWS_AT_ONCE = 999;

export interface Whole {
  rows: ActivityEntry[];
  /** Requests that pass the filters; more than `rows` when there were too many. */
  total: number;
}

/** Reads them. Requests that end meanwhile are left out, so that no page moves. `now` is in milliseconds of the epoch. */
export async function wholeSelection(
  selection: Selection,
  now: number,
  read: (path: string) => Promise<ActivityPage>,
  progress: (rows: number, total: number) => void,
): Promise<Whole> {
  const newest = await read(pathOfSelection({ ...selection, sort: "id", ascending: false, page: 1, rows: 1 }, now));
  const maxId = newest.data[0]?.id;
  const rows: ActivityEntry[] = [];
  if (maxId === undefined) return { rows, total: 0 };
  const pages = Math.ceil(MOST_ROWS / ROWS_AT_ONCE);
  for (let page = 1; page <= pages; page += 1) {
    const part = await read(pathOfSelection({ ...selection, maxId, page, rows: ROWS_AT_ONCE }, now));
    rows.push(...part.data);
    progress(Math.min(rows.length, MOST_ROWS), part.total);
    if (page >= part.total_pages || rows.length >= MOST_ROWS) return { rows: rows.slice(0, MOST_ROWS), total: part.total };
  }
  return { rows, total: rows.length };
}
