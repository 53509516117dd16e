// Work that is asked for more often than it should be done: at once the first time, then at most once per pause, and once more at the end of
// the pause if it was asked for in between.

export class Pace {
  #run: () => void;
  #pause: number;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #again = false;

  /** `pause` is in milliseconds. */
  constructor(run: () => void, pause: number) {
    this.#run = run;
    this.#pause = pause;
  }

  /** Does it now, or at the end of the pause. */
  ask(): void {
    if (this.#timer !== null) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#again) return;
      this.#again = false;
      this.ask();
    }, this.#pause);
    this.#run();
  }

  /** For a component that goes. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#again = false;
  }
}
