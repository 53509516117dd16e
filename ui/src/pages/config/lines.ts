// The effective configuration as numbered lines, and where in them a person's search is found.

/** Lines that are shown; herder sends no more of a very long configuration than its first megabyte. */
export const MOST_LINES = 5000;

export interface YamlLine {
  number: number;
  /** The text, cut where matches begin and end; every second piece is a match. */
  pieces: string[];
}

/** The lines of a text; with a search only those that hold it, in upper or lower case. */
export function search(yaml: string, wanted: string): { lines: YamlLine[]; matches: number; cut: number } {
  const all = yaml.replace(/\n$/, "").split("\n");
  const needle = wanted.trim().toLowerCase();
  const lines: YamlLine[] = [];
  let matches = 0;
  let cut = 0;
  for (const [at, text] of all.entries()) {
    const pieces = piecesOf(text, needle);
    if (needle !== "" && pieces.length === 1) continue;
    matches += (pieces.length - 1) / 2;
    if (lines.length < MOST_LINES) lines.push({ number: at + 1, pieces });
    else cut += 1;
  }
  return { lines, matches, cut };
}

function piecesOf(text: string, needle: string): string[] {
  const lower = text.toLowerCase();
  // A letter that becomes two in lower case would shift what follows.
  if (needle === "" || lower.length !== text.length) return [text];
  const pieces: string[] = [];
  let at = 0;
  for (;;) {
    const found = lower.indexOf(needle, at);
    if (found < 0) return [...pieces, text.slice(at)];
    pieces.push(text.slice(at, found), text.slice(found, found + needle.length));
    at = found + needle.length;
  }
}
