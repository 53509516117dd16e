// Copying a text. Without the clipboard, which browsers keep from pages over plain HTTP, it uses a selection.

/** Throws when the browser does not allow it. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copySelected(text);
}

function copySelected(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  // Nothing outside of an open dialog can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser does not allow it");
}
