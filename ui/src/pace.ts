// A pace: what is asked for often is done at most once a second, and not while nobody looks.

/** Milliseconds between two times (spec/ui.md section 5). */
export const GAP = 1000;

export class Pace {
  #act: () => void;
  #last = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(act: () => void) {
    this.#act = act;
  }

  /** Does it now, or as soon as a second has passed since the last time. */
  ask(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#last + GAP - performance.now();
    if (wait <= 0) this.now();
    else this.#timer = setTimeout(() => this.now(), wait);
  }

  /** Does it now, whatever the pace: a person has asked. */
  now(): void {
    this.stop();
    this.#last = performance.now();
    this.#act();
  }

  /** Forgets what was asked for. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
