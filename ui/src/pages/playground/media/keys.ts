// Which keys start a run.

/** Whether a key press means: go. Shift+Enter is a new line, and an Enter that ends the composition of a character is no more than that. */
export function wantsToStart(event: Pick<KeyboardEvent, "key" | "shiftKey" | "isComposing">): boolean {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing;
}
