// Requests as a file: Markdown and CSV have the columns that are shown, in their order; JSON has all that the API says.

import type { ActivityEntry } from "../../api/schema";
import { csvLines } from "../../format/csv";
import { duration } from "../../format/time";
import { textOf, valueOf, type ActivityColumn } from "./cells";
import { summaryOf } from "./summary";

export type Format = "markdown" | "csv" | "json";

/** Formats, and what files of them are called. */
export const FORMATS: Record<Format, { text: string; extension: string; type: string }> = {
  markdown: { text: "Markdown", extension: "md", type: "text/markdown" },
  csv: { text: "CSV", extension: "csv", type: "text/csv" },
  json: { text: "JSON", extension: "json", type: "application/json" },
};

/** The text of the file. */
export function exported(format: Format, rows: readonly ActivityEntry[], columns: readonly ActivityColumn[]): string {
  // A button is nothing that could be written down.
  const written = columns.filter((column) => column.name !== "capture");
  switch (format) {
    case "markdown":
      return markdown(rows, written);
    case "csv":
      return csv(rows, written);
    case "json":
      return `${JSON.stringify(rows, null, 2)}\n`;
  }
}

function markdown(rows: readonly ActivityEntry[], columns: readonly ActivityColumn[]): string {
  const sum = summaryOf(rows);
  const summary = [
    ["Requests", String(sum.requests)],
    ["From", sum.from ?? "–"],
    ["To", sum.to ?? "–"],
    ["Duration", duration(sum.milliseconds)],
    ["Cached", String(sum.cached)],
    ["Prompt", withSpeed(sum.prompt, sum.promptPerSecond)],
    ["Generated", withSpeed(sum.generated, sum.generatedPerSecond)],
    ["Drafted", sum.drafted === 0 ? "–" : `${((sum.accepted / sum.drafted) * 100).toFixed(1)}% (${sum.accepted}/${sum.drafted})`],
  ];
  const table = rows.map((row) => line(columns.map((column) => textOf(column.name, row))));
  const rule = line(columns.map((column) => (column.isNumber ? "---:" : "---")));
  return [
    line(["Sum", "Value"]),
    line(["---", "---:"]),
    ...summary.map(line),
    "",
    line(columns.map((column) => column.text)),
    rule,
    ...table,
    "",
  ].join("\n");
}

function withSpeed(tokens: number, perSecond: number | null): string {
  return perSecond === null ? String(tokens) : `${tokens} (${perSecond.toFixed(2)} t/s)`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(escapedMarkdown).join(" | ")} |`;
}

/** Text of strangers must not become markup: neither a cell, a link nor HTML. */
function escapedMarkdown(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  return flat.replace(/[\\|`*_[\]]/g, "\\$&").replaceAll("<", "&lt;");
}

function csv(rows: readonly ActivityEntry[], columns: readonly ActivityColumn[]): string {
  return csvLines([columns.map(heading), ...rows.map((row) => columns.map((column) => valueOf(column.name, row)))]);
}

function heading(column: ActivityColumn): string {
  switch (column.name) {
    case "duration":
    case "queued":
    case "first_byte":
      return `${column.text} (ms)`;
    case "prefill":
    case "decode":
      return `${column.text} (t/s)`;
    default:
      return column.text;
  }
}
