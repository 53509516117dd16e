// Colours code, by classes. In a chunk of its own, which is fetched when an answer holds code in a language that it knows.

import hljs from "highlight.js/lib/common";

/** Characters of code that are coloured; longer code is shown as it is. */
const MOST_COLOURED = 30_000;

/** The code as HTML with classes; `null` when the language is unknown or the code too long. There is no guessing. */
export function highlight(code: string, language: string): string | null {
  if (code.length > MOST_COLOURED || hljs.getLanguage(language) === undefined) return null;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
