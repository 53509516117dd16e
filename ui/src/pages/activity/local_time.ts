// Local times as a `datetime-local` field holds them.

/** `2027-02-03T04:05:06`; empty for none. */
export function fieldOf(milliseconds: number | null): string {
  if (milliseconds === null) return "";
  const offset = new Date(milliseconds).getTimezoneOffset() * 60_000;
  return new Date(milliseconds - offset).toISOString().slice(0, 19);
}

/** Milliseconds of the epoch; `null` for none. */
export function timeOf(field: string): number | null {
  const time = field === "" ? Number.NaN : new Date(field).getTime();
  return Number.isFinite(time) ? time : null;
}
