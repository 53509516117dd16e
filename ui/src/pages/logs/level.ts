// The level of one of herder's own lines: `2026-11-23T16:07:07Z [INFO] …`, with or without a time before it.

export const LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export type Level = (typeof LEVELS)[number];

/** Characters in which the level must stand: after the longest time that herder writes. */
const HEAD = 48;

/** The level of a line; `null` for one that continues another, or is not herder's. */
export function levelOf(text: string): Level | null {
  const match = /^[^[]*\[(DEBUG|INFO|WARN|ERROR)\] /.exec(text.slice(0, HEAD));
  return (match?.[1] as Level | undefined) ?? null;
}

/** Whether a line of this level is worth as much as `least`. A line without level is nothing that herder says of itself. */
export function isAtLeast(level: Level | null, least: Level): boolean {
  return level !== null && LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}
