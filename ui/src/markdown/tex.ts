// Draws formulas as MathML: browsers know how to show it without styles or fonts from elsewhere. In a chunk of its own, which is fetched
// when an answer holds a formula.

import katex from "katex";

/** Macro expansions of one formula. Formulas of people need some dozens; this ends definitions that double themselves. */
const MOST_EXPANSIONS = 500;
/** Largest size that a formula may ask for, in em. */
const LARGEST_SIZE = 50;

/** A formula as MathML; `null` when it is no TeX that is known here. */
export function drawTex(tex: string, display: boolean): string | null {
  try {
    const html = katex.renderToString(tex, {
      displayMode: display,
      output: "mathml",
      throwOnError: true,
      trust: false,
      strict: "ignore",
      maxExpand: MOST_EXPANSIONS,
      maxSize: LARGEST_SIZE,
      // Without this, `\gdef` of one formula would reach the next.
      macros: {},
    });
    // Frames have an inline style, which the content security policy would refuse. Text is escaped, so this matches attributes only.
    return html.replaceAll(/ style="[^"]*"/g, "");
  } catch {
    // Mistakes in the formula, but also recursion that is too deep.
    return null;
  }
}
