// The heavy pieces of formatting, each fetched when something needs it for the first time. What cannot be fetched stays away until the
// page is loaded again: the text is shown as it is written.

import type { Engines, format } from "./format";

class Loading<T> {
  value: T | null = null;
  #load: () => Promise<T>;
  #promise: Promise<void> | null = null;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** Resolves when it is there, and never when it cannot be had. */
  want(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#load().then(
        (value) => {
          this.value = value;
          resolve();
        },
        (error: unknown) => console.warn("this part of the formatting is missing:", error),
      );
    });
    return this.#promise;
  }
}

export const formatter = new Loading<typeof format>(async () => (await import("./format")).format);
export const drawer = new Loading<NonNullable<Engines["draw"]>>(async () => (await import("./tex")).drawTex);
export const highlighter = new Loading<NonNullable<Engines["highlight"]>>(async () => (await import("./highlight")).highlight);
