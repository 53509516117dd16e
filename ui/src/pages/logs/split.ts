// How the width is divided between two panes, in percent of the first.

/** Neither pane becomes narrower than that. */
const LEAST = 5;

/** Percent that an arrow key moves. */
const STEP = 2;

export function within(percent: number): number {
  return Math.min(100 - LEAST, Math.max(LEAST, percent));
}

export const isShare = (value: unknown): value is number => typeof value === "number" && within(value) === value;

/** Where a key moves the bar to; `null` when it does not. */
export function moved(percent: number, key: string): number | null {
  switch (key) {
    case "ArrowLeft":
      return within(percent - STEP);
    case "ArrowRight":
      return within(percent + STEP);
    case "Home":
      return LEAST;
    case "End":
      return 100 - LEAST;
    default:
      return null;
  }
}
