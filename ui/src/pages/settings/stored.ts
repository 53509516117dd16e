// What this browser has kept for the page, in words.

/** All keys of the page begin so. */
const OURS = "herder-";

/** Names of what is kept by the page, sorted, without what they all begin with. Other pages of the same address keep things, too. */
export function keptNames(storage: Pick<Storage, "length" | "key">): string[] {
  const names: string[] = [];
  for (let at = 0; at < storage.length; at += 1) {
    const key = storage.key(at);
    if (key?.startsWith(OURS)) names.push(key.slice(OURS.length));
  }
  return names.sort();
}

/** Forgets all of it. */
export function forget(storage: Pick<Storage, "length" | "key" | "removeItem">): void {
  for (const name of keptNames(storage)) storage.removeItem(OURS + name);
}

/** A commit as people write it: seven characters. */
export function shortCommit(commit: string): string {
  return /^[0-9a-f]{8,}$/i.test(commit) ? commit.slice(0, 7) : commit;
}
