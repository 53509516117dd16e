// Documents, the scores that a model gave them, and the orders in which they are shown (spec/ui.md 4.4).

import { fields } from "../../../../json";

export interface Row {
  id: number;
  text: string;
}

/** A score holds for the text that was scored. */
export interface Scored {
  text: string;
  score: number;
}

export type Order = "descending" | "ascending" | "original";

/** Documents of one request: they are shown as rows. */
export const MOST_DOCUMENTS = 500;

/** The rows, always with one empty row at the end to write in, unless there are too many. */
export function withEmptyRow(rows: readonly Row[]): Row[] {
  const last = rows.at(-1);
  if (rows.length >= MOST_DOCUMENTS || (last && last.text.trim() === "")) return [...rows];
  return [...rows, { id: nextId(rows), text: "" }];
}

/** Rows of texts. */
export function rowsOf(texts: readonly string[]): Row[] {
  return withEmptyRow(texts.map((text, id) => ({ id, text })));
}

/** The rows with a document in them. */
export function filled(rows: readonly Row[]): Row[] {
  return rows.filter(({ text }) => text.trim() !== "");
}

/** The score of a row, as long as its text is the one that was scored. */
export function scoreOf(row: Row, scores: ReadonlyMap<number, Scored>): number | null {
  const scored = scores.get(row.id);
  return scored !== undefined && scored.text === row.text ? scored.score : null;
}

/** The rows in this order; those without a score come last, as they stand. */
export function ordered(rows: readonly Row[], scores: ReadonlyMap<number, Scored>, order: Order): Row[] {
  if (order === "original") return [...rows];
  const sign = order === "ascending" ? 1 : -1;
  const scoreless = rows.filter((row) => scoreOf(row, scores) === null);
  const scored = rows.filter((row) => scoreOf(row, scores) !== null);
  scored.sort((a, b) => sign * ((scoreOf(a, scores) ?? 0) - (scoreOf(b, scores) ?? 0)));
  return [...scored, ...scoreless];
}

/** The order after this one. */
export function nextOrder(order: Order): Order {
  switch (order) {
    case "descending":
      return "ascending";
    case "ascending":
      return "original";
    case "original":
      return "descending";
  }
}

export interface Ranking {
  scores: Map<number, Scored>;
  /** Tokens that were read, as far as the server says. */
  tokens: number | null;
}

/** Reads the answer to a request with these rows. Throws when there is no score in it. */
export function rankingOf(answer: unknown, sent: readonly Row[]): Ranking {
  const { results, usage } = fields(answer);
  const scores = new Map<number, Scored>();
  for (const result of Array.isArray(results) ? results : []) {
    const { index, relevance_score: relevance, score } = fields(result);
    const value = typeof relevance === "number" ? relevance : score;
    const row = typeof index === "number" ? sent[index] : undefined;
    if (row !== undefined && typeof value === "number") scores.set(row.id, { text: row.text, score: value });
  }
  if (scores.size === 0) throw new Error("There are no scores in the answer.");
  const { total_tokens: total } = fields(usage);
  return { scores, tokens: typeof total === "number" ? total : null };
}

/** What the JSON mode edits. */
export function textOf(query: string, rows: readonly Row[]): string {
  return JSON.stringify({ query, documents: filled(rows).map(({ text }) => text) }, null, 2);
}

/** Reads what was written in JSON mode. Throws, with the reason, when it is not what is needed. */
export function readText(text: string): { query: string; documents: string[] } {
  const { query, documents } = fields(JSON.parse(text));
  if (typeof query !== "string") throw new Error("`query` must be a text.");
  if (!Array.isArray(documents) || !documents.every((each): each is string => typeof each === "string")) throw new Error("`documents` must be a list of texts.");
  if (documents.length > MOST_DOCUMENTS) throw new Error(`At most ${MOST_DOCUMENTS} documents can be ranked here.`);
  return { query, documents };
}

function nextId(rows: readonly Row[]): number {
  return rows.reduce((highest, { id }) => Math.max(highest, id), -1) + 1;
}
