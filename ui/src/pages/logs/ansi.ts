// Terminal text: its colour codes become runs of text with a style, every other control sequence is dropped (spec/ui.md section 6). What is
// left is plain text, which the page only ever inserts as text.

/** A colour of a terminal: one of the 256 of its table, or red, green and blue. */
export type TerminalColour = number | readonly [red: number, green: number, blue: number];

/** How text looks. Absent means: as usual. */
export interface Style {
  foreground?: TerminalColour;
  background?: TerminalColour;
  bold?: true;
  italic?: true;
  underline?: true;
  strike?: true;
}

/** Text in one style; `null` is the usual one. */
export interface Run {
  text: string;
  style: Style | null;
}

/** Runs of one line; a line with more changes of style shows its rest in the usual one. Each is an element of the page. */
export const MOST_RUNS = 500;

// CSI with its final letter; a CSI whose end is still to come; OSC (titles, links); other two-letter escapes; control characters but for
// the tab.
const CONTROL =
  /\x1b\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e])|\x1b\[[\x20-\x3f]*$|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[\x40-\x5f]?|[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f]/g;

/** The runs of a line that begins in `style`, and the style in which it ends. */
export function parse(line: string, style: Style | null = null): { runs: Run[]; style: Style | null } {
  const runs: Run[] = [];
  let at = 0;
  let now = style;
  const add = (text: string): void => {
    if (text === "") return;
    const last = runs.at(-1);
    const shown = runs.length < MOST_RUNS ? now : null;
    if (last && last.style === shown) last.text += text;
    else runs.push({ text, style: shown });
  };
  for (const match of line.matchAll(CONTROL)) {
    add(line.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[2] === "m") now = changed(now, match[1] ?? "");
  }
  add(line.slice(at));
  return { runs, style: now };
}

/** The text without its codes. */
export function plain(runs: readonly Run[]): string {
  return runs.map((run) => run.text).join("");
}

/** The style after the numbers of an SGR sequence. */
function changed(before: Style | null, numbers: string): Style | null {
  const codes = numbers.split(/[;:]/).map(Number);
  let style: Style = { ...before };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) style = {};
    else if (code === 1) style.bold = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 9) style.strike = true;
    else if (code === 22) delete style.bold;
    else if (code === 23) delete style.italic;
    else if (code === 24) delete style.underline;
    else if (code === 29) delete style.strike;
    else if (code === 39) delete style.foreground;
    else if (code === 49) delete style.background;
    else if (code >= 30 && code <= 37) style.foreground = code - 30;
    else if (code >= 90 && code <= 97) style.foreground = code - 82;
    else if (code >= 40 && code <= 47) style.background = code - 40;
    else if (code >= 100 && code <= 107) style.background = code - 92;
    else if (code === 38 || code === 48) {
      const { colour, used } = extended(codes.slice(at + 1));
      if (colour !== null) style[code === 38 ? "foreground" : "background"] = colour;
      at += used;
    }
  }
  return Object.keys(style).length === 0 ? null : style;
}

/** The colour after 38 or 48: `5;n`, or `2;red;green;blue`; and how many numbers it took. */
function extended(codes: number[]): { colour: TerminalColour | null; used: number } {
  const isByte = (value: number | undefined): value is number => value !== undefined && value >= 0 && value <= 255;
  const [kind, first, second, third] = codes;
  if (kind === 5) return { colour: isByte(first) ? first : null, used: 2 };
  if (kind !== 2) return { colour: null, used: 1 };
  const isColour = isByte(first) && isByte(second) && isByte(third);
  return { colour: isColour ? [first, second, third] : null, used: 4 };
}
