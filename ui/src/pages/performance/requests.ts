// The charts of the models: how fast they answered the requests that ended in the window.

import type { ActivityEntry } from "../../api/schema";
import { chartOf, type Chart, type Point } from "../../components/time_chart/chart";
import { duration } from "../../format/time";

/** Requests that are asked for, the newest of the window: as many as one page of herder's list holds. */
export const REQUESTS_AT_MOST = 999;

/** Answers that come piece by piece, so that the first byte is the first token. */
const STREAMS = /event-stream|ndjson|x-json-stream/;

/** Tokens per second and time to the first token, a line for each model; `total` is how many requests ended in the window. */
export function requestCharts(rows: readonly ActivityEntry[], total: number): Chart[] {
  const note = total > rows.length ? `The newest ${rows.length.toLocaleString("en")} of ${total.toLocaleString("en")} requests.` : null;
  const chart = (key: string, title: string, text: Chart["text"], value: (row: ActivityEntry) => number | null) =>
    chartOf({ key, title, most: null, kind: "points", text, ...(note === null ? {} : { note }) }, linesOf(rows, value));
  return [
    chart("speed", "Tokens per second", (value) => `${value.toFixed(1)} t/s`, (row) =>
      // Below 0, and without tokens, it is not known.
      row.tokens.tokens_per_second > 0 ? row.tokens.tokens_per_second : null,
    ),
    chart("first-token", "Time to first token", (value) => duration(value * 1000), (row) =>
      STREAMS.test(row.resp_content_type) && row.first_byte_ms !== undefined && row.first_byte_ms !== null
        ? row.first_byte_ms / 1000
        : null,
    ),
  ];
}

function linesOf(rows: readonly ActivityEntry[], value: (row: ActivityEntry) => number | null): { key: string; label: string; points: Point[] }[] {
  const models = new Map<string, Point[]>();
  for (const row of rows) {
    const known = value(row);
    if (known === null) continue;
    const points = models.get(row.model) ?? [];
    points.push([Date.parse(row.timestamp), known]);
    models.set(row.model, points);
  }
  return [...models].map(([label, points]) => ({ key: label, label, points })).sort((a, b) => (a.label < b.label ? -1 : 1));
}
