// What the columns of the table say of a request, as text for people and as a value for other programs.

import type { ActivityEntry } from "../../api/schema";
import { perSecond } from "../../format/quantity";
import { dateTime } from "../../format/time";
import type { Column } from "./columns";
import type { Sort } from "./selection";

export type ColumnName =
  | "id"
  | "time"
  | "model"
  | "path"
  | "content_type"
  | "status"
  | "cached"
  | "prompt"
  | "generated"
  | "drafted"
  | "prefill"
  | "decode"
  | "duration"
  | "queued"
  | "first_byte"
  | "error"
  | "capture"
  | "meta";

export interface ActivityColumn extends Column<ColumnName> {
  /** What the API calls the order by this column; `null` where it knows none. */
  sort: Sort | null;
  isNumber: boolean;
}

/** All columns, in the order that nobody has changed. */
export const COLUMNS: readonly ActivityColumn[] = [
  { name: "id", text: "ID", shown: true, sort: "id", isNumber: true },
  { name: "time", text: "Time", shown: true, sort: "time", isNumber: false },
  { name: "model", text: "Model", shown: true, sort: "model", isNumber: false },
  { name: "path", text: "Path", shown: false, sort: "req_path", isNumber: false },
  { name: "content_type", text: "Content-Type", shown: false, sort: "resp_content_type", isNumber: false },
  { name: "status", text: "Status", shown: true, sort: "resp_status_code", isNumber: false },
  { name: "cached", text: "Cached", shown: true, sort: "cached", isNumber: true },
  { name: "prompt", text: "Prompt", shown: true, sort: "prompt", isNumber: true },
  { name: "generated", text: "Generated", shown: true, sort: "generated", isNumber: true },
  { name: "drafted", text: "Drafted", shown: false, sort: "drafted", isNumber: true },
  { name: "prefill", text: "Prefill", shown: true, sort: "prompt_speed", isNumber: true },
  { name: "decode", text: "Decode", shown: true, sort: "gen_speed", isNumber: true },
  { name: "duration", text: "Duration", shown: true, sort: "duration", isNumber: true },
  { name: "queued", text: "Queue and load", shown: false, sort: "queued", isNumber: true },
  { name: "first_byte", text: "First byte", shown: false, sort: "first_byte", isNumber: true },
  { name: "capture", text: "Capture", shown: true, sort: null, isNumber: false },
  { name: "error", text: "Error", shown: false, sort: null, isNumber: false },
  { name: "meta", text: "Meta", shown: false, sort: null, isNumber: false },
];

/** What is shown where nothing is known. */
export const NOTHING = "–";

/** A cell as text for people. */
export function textOf(name: ColumnName, row: ActivityEntry): string {
  const { tokens } = row;
  switch (name) {
    case "id":
      return String(row.id);
    case "time":
      return dateTime(Date.parse(row.timestamp));
    case "model":
      return row.model;
    case "path":
      return row.req_path || NOTHING;
    case "content_type":
      return row.resp_content_type || NOTHING;
    case "status":
      return statusOf(row).text;
    case "cached":
      return tokens.cache_tokens > 0 ? String(tokens.cache_tokens) : NOTHING;
    case "prompt":
      return String(tokens.input_tokens);
    case "generated":
      return String(tokens.output_tokens);
    case "drafted":
      return drafted(tokens.draft_acc_tokens, tokens.draft_tokens);
    case "prefill":
      return perSecond(tokens.prompt_per_second);
    case "decode":
      return perSecond(tokens.tokens_per_second);
    case "duration":
      return seconds(row.duration_ms);
    case "queued":
      return seconds(row.queued_ms);
    case "first_byte":
      return seconds(row.first_byte_ms);
    case "error":
      return row.error_msg ?? NOTHING;
    case "capture":
      return row.has_capture ? "yes" : NOTHING;
    case "meta":
      return metaOf(row).map(([key, value]) => `${key}: ${value}`).join(", ") || NOTHING;
  }
}

/** A cell as a value for a spreadsheet; `null` is unknown. */
export function valueOf(name: ColumnName, row: ActivityEntry): string | number | null {
  const { tokens } = row;
  switch (name) {
    case "id":
      return row.id;
    case "time":
      return row.timestamp;
    case "status":
      return row.resp_status_code;
    case "cached":
      return known(tokens.cache_tokens);
    case "prompt":
      return known(tokens.input_tokens);
    case "generated":
      return known(tokens.output_tokens);
    case "drafted":
      return known(tokens.draft_tokens);
    case "prefill":
      return known(tokens.prompt_per_second);
    case "decode":
      return known(tokens.tokens_per_second);
    case "duration":
      return row.duration_ms;
    case "queued":
      return row.queued_ms ?? null;
    case "first_byte":
      return row.first_byte_ms ?? null;
    case "path":
      return row.req_path;
    case "content_type":
      return row.resp_content_type;
    case "error":
      return row.error_msg ?? null;
    case "capture":
      return row.has_capture ? 1 : 0;
    case "meta":
      return row.metadata === undefined ? null : JSON.stringify(row.metadata);
    case "model":
      return row.model;
  }
}

export type StatusKind = "done" | "warning" | "failed";

/** How a request ended: its status with a word and a mark, so that it does not speak by colour alone. */
export function statusOf(row: ActivityEntry): { text: string; mark: string; kind: StatusKind } {
  const status = row.resp_status_code;
  if (status === 499) return { text: "499 client left", mark: "⊘", kind: "warning" };
  if (status >= 500) return { text: `${status} server error`, mark: "✕", kind: "failed" };
  if (status >= 400) return { text: `${status} refused`, mark: "✕", kind: "failed" };
  if (row.error_msg !== undefined) return { text: `${status} broke off`, mark: "⚠", kind: "failed" };
  if (status >= 300) return { text: `${status} redirected`, mark: "→", kind: "warning" };
  return { text: `${status} ok`, mark: "✓", kind: "done" };
}

/** Metadata of a row as pairs of text. */
export function metaOf(row: ActivityEntry): [string, string][] {
  return Object.entries(row.metadata ?? {}).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
}

/** `61.7% (148/240)`. */
function drafted(accepted: number, all: number): string {
  if (accepted < 0 || all <= 0) return NOTHING;
  return `${((accepted / all) * 100).toFixed(1)}% (${accepted}/${all})`;
}

function seconds(milliseconds: number | null | undefined): string {
  return typeof milliseconds === "number" ? `${(milliseconds / 1000).toFixed(2)} s` : NOTHING;
}

/** −1 stands for unknown. */
function known(number: number): number | null {
  return number < 0 ? null : number;
}
