// Which pages a pager offers.

/** Numbers that are offered at once. */
const NUMBERS = 7;

/** Up to seven page numbers around the current one. Pages count from 1. */
export function numbers(page: number, pages: number): number[] {
  const count = Math.min(NUMBERS, Math.max(1, pages));
  const first = Math.max(1, Math.min(page - Math.floor(NUMBERS / 2), pages - count + 1));
  return Array.from({ length: count }, (_, index) => first + index);
}
