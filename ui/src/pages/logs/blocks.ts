// Shown lines in blocks: the page adds to the last block and drops the first, and never touches those between.

import type { Shown } from "./filter";

export interface Block {
  /** Number of its first line: no other block has it. */
  key: number;
  lines: readonly Shown[];
}

/** Lines of a block: the most that is looked at again when a line is added. */
export const BLOCK_LINES = 100;

/** The blocks after lines have come. `added` replaces what is shown from line number `from` on; blocks that lie wholly before `first` go. */
export function extend(blocks: readonly Block[], from: number, added: readonly Shown[], first: number): Block[] {
  const kept = blocks.filter((block) => (block.lines.at(-1)?.line.number ?? 0) >= first);
  // Only a begun line changes, and it is the last.
  while ((kept.at(-1)?.key ?? -1) >= from) kept.pop();
  const last = kept.at(-1);
  const open = last ? last.lines.filter((shown) => shown.line.number < from) : [];
  if (last && (open.length < last.lines.length || open.length < BLOCK_LINES)) kept.pop();
  else open.length = 0;
  const lines = [...open, ...added];
  for (let at = 0; at < lines.length; at += BLOCK_LINES) {
    const part = lines.slice(at, at + BLOCK_LINES);
    kept.push({ key: part[0]?.line.number ?? 0, lines: part });
  }
  return kept;
}

/** Blocks of lines, from the beginning. */
export function blocksOf(lines: readonly Shown[]): Block[] {
  return extend([], 0, lines, 0);
}

/** All lines of blocks. */
export function linesOf(blocks: readonly Block[]): Shown[] {
  return blocks.flatMap((block) => block.lines);
}
