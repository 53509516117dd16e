// Files of comma-separated values (RFC 4180).

export type CsvValue = string | number | null;

/** Lines of a file. */
export function csvLines(lines: readonly (readonly CsvValue[])[]): string {
  return lines.map((cells) => `${cells.map(csvField).join(",")}\r\n`).join("");
}

/** A spreadsheet would take a text that begins so for a formula. */
function csvField(value: CsvValue): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
