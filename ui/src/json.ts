// Reading JSON of which nothing is known: whatever a model server, a client or a file says, reading it does not throw.

export type Json = Record<string, unknown>;

/** The fields of an object; none for anything else. */
export function fields(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The elements of a list; none for anything else. */
export function elements(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text; empty for anything else. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A number that counts something; `undefined` for anything else. */
export function amount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Without the fields that are undefined. */
export function known<T extends object>(value: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, found]) => found !== undefined)) as T;
}
