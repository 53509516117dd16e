// Which keys send what was written.

import type { ChatSettings } from "./settings";

/** Whether a key press means: send. An Enter that ends the composition of a character never does; Shift+Enter is a new line. */
export function wantsToSend(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "isComposing">,
  sendWith: ChatSettings["sendWith"],
): boolean {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return false;
  return sendWith === "Enter" || event.ctrlKey || event.metaKey;
}
