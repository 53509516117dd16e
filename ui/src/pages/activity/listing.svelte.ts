// The page of finished requests that is on the screen: asked for again when a person chooses something else, and, on page 1, when
// requests have ended; elsewhere it only counts them, so that nothing jumps under the eyes.

import { getJson } from "../../api/client";
import type { ActivityPage } from "../../api/schema";
import { Fetched } from "../../fetched.svelte";
import { herd } from "../../live/herd.svelte";
import { isOneOf, Preference } from "../../preference.svelte";
import { router } from "../../router/router.svelte";
import { Pace } from "../../pace";
import { changes, contradiction, pathOfSelection, ROWS, selectionOf, type Selection } from "./selection";

export class Listing {
  /** Requests that have ended since this page was asked for; it does not show them yet. */
  unseen = $state(0);
  readonly page = new Fetched<ActivityPage>((signal) => getJson(pathOfSelection(this.selection, Date.now()), signal));
  readonly selection: Selection = $derived.by(() => {
    const asked = selectionOf(router.query, this.#rows.value);
    return { ...asked, model: this.#model() ?? asked.model };
  });
  /** Why nothing can match; empty when something can. */
  readonly contradiction = $derived(contradiction(this.selection));
  /** What is asked for, as a text: what else changes in the address asks for nothing. */
  readonly wish = $derived(pathOfSelection(this.selection, 0));
  #model: () => string | undefined;
  #rows: Preference<number>;
  #pace = new Pace(() => this.page.refresh());
  #connection = herd.connection;
  #revision = herd.activityRevision;

  /** `model` gives the one model whose requests count, or nothing for all. `memory` is where the browser remembers the rows of a page. */
  constructor(memory: string, model: () => string | undefined) {
    this.#model = model;
    this.#rows = new Preference<number>(`${memory}-rows`, 25, isOneOf<number>(ROWS));
  }

  /** A person has chosen something. */
  choose(part: Partial<Selection>): void {
    if (part.rows !== undefined) this.#rows.value = part.rows;
    router.change(changes(part), true);
  }

  /** Asks now. */
  show(): void {
    this.#pace.stop();
    this.#shown();
    if (this.contradiction === "") this.page.restart();
    else this.page.stop();
  }

  /** Something has ended, or herder is there again. */
  heard(): void {
    if (this.contradiction !== "") return;
    const isBack = herd.connection !== this.#connection && herd.connection.state === "open";
    this.#connection = herd.connection;
    if (isBack || this.selection.page === 1) {
      if (herd.activityRevision === this.#revision) return;
      this.#shown();
      this.#pace.ask();
    } else {
      this.unseen = herd.activityRevision - this.#revision;
    }
  }

  stop(): void {
    this.#pace.stop();
    this.page.stop();
  }

  #shown(): void {
    this.#revision = herd.activityRevision;
    this.unseen = 0;
  }
}
