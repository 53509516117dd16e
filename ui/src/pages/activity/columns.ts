// Columns that a person can show, hide and move: how what the browser remembers of them meets the columns of this version.

/** A column of a table. */
export interface Column<Name extends string = string> {
  name: Name;
  /** Its heading. */
  text: string;
  /** Whether it is shown to somebody who has chosen nothing. */
  shown: boolean;
}

/** What the browser remembers. */
export interface Kept {
  /** Names in the order that was chosen; empty when none was. */
  order: string[];
  /** What was switched on or off, by name. */
  shown: Record<string, boolean>;
}

export const NOTHING_KEPT: Kept = { order: [], shown: {} };

/** Whether something that was found in the browser's memory is a `Kept`. */
export function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { order, shown } = value as Partial<Kept>;
  if (!Array.isArray(order) || !order.every((name) => typeof name === "string")) return false;
  if (typeof shown !== "object" || shown === null || Array.isArray(shown)) return false;
  return Object.values(shown).every((flag) => typeof flag === "boolean");
}

/** All columns in the order that was chosen. Those that were not there then come last, those that are gone are left out. */
export function arranged<C extends Column>(columns: readonly C[], kept: Kept): C[] {
  const known = kept.order.flatMap((name) => columns.find((column) => column.name === name) ?? []);
  const chosen = [...new Set(known)];
  return [...chosen, ...columns.filter((column) => !chosen.includes(column))].map((column) => ({
    ...column,
    shown: kept.shown[column.name] ?? column.shown,
  }));
}

/** Puts the column at place `from` to place `to`; what makes no sense changes nothing. */
export function moved(columns: readonly Column[], from: number, to: number, kept: Kept): Kept {
  const names = columns.map((column) => column.name);
  if (from === to || from < 0 || to < 0 || from >= names.length || to >= names.length) return kept;
  const [name] = names.splice(from, 1);
  if (name !== undefined) names.splice(to, 0, name);
  return { ...kept, order: names };
}

/** Shows or hides a column. The last one that is shown stays. */
export function switched(columns: readonly Column[], name: string, shown: boolean, kept: Kept): Kept {
  const others = columns.filter((column) => column.shown && column.name !== name);
  if (!shown && others.length === 0) return kept;
  return { ...kept, shown: { ...kept.shown, [name]: shown } };
}
