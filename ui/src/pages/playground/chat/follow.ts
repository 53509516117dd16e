// Whether a view that grows stays at its end: until the person scrolls up, and again when they come back.

/** Pixels above the end that still count as the end. */
const NEAR = 40;

export interface Place {
  /** `scrollTop`, now and before. */
  top: number;
  before: number;
  /** `scrollHeight` less `clientHeight`. */
  end: number;
}

/** Whether to follow after a scroll. Growth alone moves the end away, not the person. */
export function follows(following: boolean, { top, before, end }: Place): boolean {
  if (end - top <= NEAR) return true;
  return top < before ? false : following;
}
