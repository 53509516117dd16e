// The columns of one table as the person of this browser wants them.

import { Preference } from "../../preference.svelte";
import { arranged, isKept, moved, NOTHING_KEPT, switched, type Column, type Kept } from "./columns";

export class ColumnLayout<C extends Column> {
  /** All, in order. */
  readonly all: C[] = $derived.by(() => arranged(this.#columns, this.#kept.value));
  readonly shown: C[] = $derived(this.all.filter((column) => column.shown));
  #columns: readonly C[];
  #kept: Preference<Kept>;

  constructor(memory: string, columns: readonly C[]) {
    this.#columns = columns;
    this.#kept = new Preference(`${memory}-columns`, NOTHING_KEPT, isKept);
  }

  move(from: number, to: number): void {
    this.#kept.value = moved(this.all, from, to, this.#kept.value);
  }

  show(name: string, shown: boolean): void {
    this.#kept.value = switched(this.all, name, shown, this.#kept.value);
  }

  reset(): void {
    this.#kept.value = NOTHING_KEPT;
  }
}
