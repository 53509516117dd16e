// The time, once a second, for what ticks on the screen. Hidden pages do no work.

class Clock {
  /** Milliseconds of the epoch. */
  now = $state(Date.now());
  /** Milliseconds of `performance.now()`, at the same moment. */
  steady = $state(performance.now());

  constructor() {
    const tick = (): void => {
      this.now = Date.now();
      this.steady = performance.now();
    };
    setInterval(() => {
      if (!document.hidden) tick();
    }, 1000);
    document.addEventListener("visibilitychange", tick);
  }
}

export const clock = new Clock();
