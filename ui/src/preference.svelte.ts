// What this browser remembers: one value under one key of localStorage. What is kept but makes no sense counts as absent.

/** A value that outlives the page. */
export class Preference<T> {
  #key: string;
  #value: T = $state() as T;

  /** `accept` says whether what was found is such a value. */
  constructor(key: string, initial: T, accept: (value: unknown) => value is T) {
    this.#key = `herder-${key}`;
    this.#value = initial;
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "null");
      if (kept !== null && accept(kept)) this.#value = kept;
    } catch {
      // No storage, or no JSON in it.
    }
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    try {
      localStorage.setItem(this.#key, JSON.stringify(value));
    } catch {
      // Full, or forbidden: it lives as long as the page.
    }
  }
}

export const isText = (value: unknown): value is string => typeof value === "string";
export const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
export const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
/** One of these. */
export function isOneOf<T>(values: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => (values as readonly unknown[]).includes(value);
}
/** A list of texts. */
export const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
