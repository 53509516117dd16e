// The rerank tab: what is written in it, and what came of it. It belongs to no component: see run.svelte.ts.

import { describe } from "../../../../api/error";
import { isText, Preference } from "../../../../preference.svelte";
import { askModel } from "../../ask";
import { Run } from "../../run.svelte";
import { jsonOf } from "../answer_body";
import { filled, rankingOf, readText, rowsOf, textOf, withEmptyRow, type Order, type Ranking, type Row } from "./ranking";
import { DOCUMENTS, QUERY } from "./sample";

export type Mode = "table" | "json";

class Rerank {
  model = new Preference("playground-rerank-model", "", isText);
  query = $state(QUERY);
  rows = $state.raw<readonly Row[]>(rowsOf(DOCUMENTS));
  order = $state<Order>("descending");
  mode = $state<Mode>("table");
  /** What is written in JSON mode. */
  json = $state("");
  /** Why the JSON mode cannot be left; `null` when it can. */
  problem = $state<string | null>(null);
  readonly run = new Run<Ranking>();

  write(id: number, text: string): void {
    this.rows = withEmptyRow(this.rows.map((row) => (row.id === id ? { ...row, text } : row)));
  }

  remove(id: number): void {
    this.rows = withEmptyRow(this.rows.filter((row) => row.id !== id));
  }

  /** Goes to the other mode, unless what is written in this one makes no sense. */
  useMode(mode: Mode): void {
    if (mode === this.mode) return;
    if (mode === "json") this.json = textOf(this.query, this.rows);
    else if (!this.#takeJson()) return;
    this.mode = mode;
  }

  rank(): void {
    if (this.mode === "json" && !this.#takeJson()) return;
    const sent = filled(this.rows);
    const body = { model: this.model.value, query: this.query, documents: sent.map(({ text }) => text) };
    void this.run.start(async (signal) => {
      const ranking = rankingOf(await jsonOf(await askModel("/v1/rerank", body, signal)), sent);
      // Scores are for the table.
      this.mode = "table";
      this.order = "descending";
      return ranking;
    });
  }

  /** Back to the sample. */
  clear(): void {
    this.query = QUERY;
    this.rows = rowsOf(DOCUMENTS);
    this.json = textOf(this.query, this.rows);
    this.problem = null;
    this.run.result = null;
    this.run.error = null;
  }

  #takeJson(): boolean {
    try {
      const { query, documents } = readText(this.json);
      this.query = query;
      // Documents that were not touched keep their scores.
      if (textOf(query, this.rows) !== textOf(query, rowsOf(documents))) {
        this.rows = rowsOf(documents);
        this.run.result = null;
      }
      this.problem = null;
      return true;
    } catch (error) {
      this.problem = describe(error);
      return false;
    }
  }
}

export const rerank = new Rerank();
