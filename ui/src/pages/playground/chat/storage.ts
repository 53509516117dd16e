// Where conversations outlive the page: one key of localStorage each, so that two tabs of the browser disturb each other little.

import type { Conversation } from "./conversation";
import { keepable, MOST_CHATS, readKept } from "./keeping";

const PREFIX = "herder-chat:";

/** How much of a conversation is kept. */
export type Kept = "all" | "without pictures" | "nothing";

/** Everything that is kept, the latest first. */
export function loadAll(): Conversation[] {
  const found: Conversation[] = [];
  try {
    for (let index = 0; index < localStorage.length; index += 1) {
      const conversation = read(localStorage.key(index));
      if (conversation !== null) found.push(conversation);
    }
  } catch {
    // A browser without storage: they live as long as the page.
  }
  return found.sort((a, b) => b.changed - a.changed).slice(0, MOST_CHATS);
}

/** Keeps as much of it as fits. */
export function keep(conversation: Conversation): Kept {
  for (const { text, pictures } of keepable(conversation)) {
    try {
      localStorage.setItem(PREFIX + conversation.id, text);
      return pictures ? "all" : "without pictures";
    } catch {
      // It does not fit; something smaller may.
    }
  }
  return "nothing";
}

/** Forgets it. */
export function drop(id: string): void {
  try {
    localStorage.removeItem(PREFIX + id);
  } catch {
    // There was nothing to forget.
  }
}

/** Tells what another tab of the browser has changed: a conversation, or `null` for one that it has deleted. */
export function onChangeElsewhere(listener: (id: string, conversation: Conversation | null) => void): void {
  addEventListener("storage", ({ key }) => {
    if (key?.startsWith(PREFIX)) listener(key.slice(PREFIX.length), read(key));
  });
}

function read(key: string | null): Conversation | null {
  if (!key?.startsWith(PREFIX)) return null;
  const conversation = readKept(localStorage.getItem(key) ?? "");
  // The key decides: two of one id would be changed together.
  return conversation === null ? null : { ...conversation, id: key.slice(PREFIX.length) };
}
