// Numbers that a person types: kept within their bounds.

export interface Bounds {
  least: number;
  most: number;
  step: number;
  /** In the place of what is no number. */
  usual: number;
}

/** A number within the bounds, whole where the step is. */
export function within(value: unknown, { least, most, step, usual }: Bounds): number {
  if (typeof value !== "number" || !Number.isFinite(value)) return usual;
  const bounded = Math.min(most, Math.max(least, value));
  return Number.isInteger(step) ? Math.round(bounded) : bounded;
}
