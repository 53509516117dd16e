// Formulas in Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, never in code, because the parser of Markdown finds them among its own
// constructs. Decides what is a formula; a drawer that is handed in draws it.

import type { Code, Construct, Effects, Extension, HtmlExtension, State, TokenizeContext } from "micromark-util-types";

/** Draws TeX as HTML that is safe to insert; `null` when it cannot. */
export type Draw = (tex: string, display: boolean) => string | null;

/** Characters of one formula; what claims to be a longer one is text. */
const LONGEST_FORMULA = 4_000;

declare module "micromark-util-types" {
  interface TokenTypeMap {
    formula: "formula";
    formulaData: "formulaData";
  }
}

const DOLLAR = 36;
const BACKSLASH = 92;
const ROUND = 40;
const SQUARE = 91;

/** Closing code after `\` by opening one. */
const CLOSING: Record<number, number> = { [ROUND]: 41, [SQUARE]: 93 };

export const formulas: Extension = {
  text: { [DOLLAR]: text(), [BACKSLASH]: text() },
  flow: { [DOLLAR]: flow(), [BACKSLASH]: flow() },
};

/** Writes formulas; without a drawer, which may come later, and for what it refuses, the source. */
export function formulaHtml(draw: Draw | null): HtmlExtension {
  return {
    enter: {
      formula() {
        this.buffer();
      },
    },
    exit: {
      formula(token) {
        this.resume();
        const { tex, display, rest } = readFormula(this.sliceSerialize(token));
        const drawn = tex === null || draw === null ? null : draw(tex, display);
        const isWrong = tex !== null && draw !== null;
        const source = this.encode(this.sliceSerialize(token).slice(0, rest === "" ? undefined : -rest.length));
        this.tag(display ? '<span class="formula display">' : '<span class="formula">');
        if (drawn !== null) this.tag(drawn);
        else this.raw(`<code class="tex${isWrong ? " wrong" : ""}">${source}</code>`);
        this.tag("</span>");
        if (rest.trim() !== "") this.raw(this.encode(rest));
      },
    },
  };
}

/** Takes a formula apart. `tex` is `null` when its end is missing; `rest` is what stands behind it on its last line. */
export function readFormula(source: string): { tex: string | null; display: boolean; rest: string } {
  const two = source.slice(0, 2);
  const open = two === "$$" || two === "\\(" || two === "\\[" ? two : "$";
  const close = open === "\\(" ? "\\)" : open === "\\[" ? "\\]" : open;
  const display = open === "$$" || open === "\\[";
  for (let at = open.length; at < source.length; at += source[at] === "\\" ? 2 : 1) {
    if (source.startsWith(close, at)) {
      return { tex: source.slice(open.length, at), display, rest: source.slice(at + close.length) };
    }
  }
  return { tex: null, display, rest: "" };
}

const isLineEnd = (code: Code): boolean => code !== null && code < -2;
const isSpace = (code: Code): boolean => code === -2 || code === -1 || code === 32;
const isDigit = (code: Code): boolean => code !== null && code >= 48 && code <= 57;

/** A formula among text. A single dollar sign opens one only before, and closes one only after, something that is no space, and closes none
 *  before a digit: `$5 and $6` are prices. */
function text(): Construct {
  return {
    name: "formula",
    previous: (code) => code !== DOLLAR,
    tokenize(effects, ok, nok) {
      let closing = DOLLAR;
      let dollars = 0;
      let length = 0;
      let before: Code = null;
      return begin;

      function begin(code: Code): State | undefined {
        effects.enter("formula");
        effects.enter("formulaData");
        effects.consume(code);
        if (code === BACKSLASH) return bracket;
        dollars = 1;
        return dollar;
      }
      function bracket(code: Code): State | undefined {
        const found = code === null ? undefined : CLOSING[code];
        if (found === undefined) return nok(code);
        closing = found;
        effects.consume(code);
        return inside;
      }
      function dollar(code: Code): State | undefined {
        if (code === DOLLAR) {
          dollars += 1;
          if (dollars > 2) return nok(code);
          effects.consume(code);
          return dollar;
        }
        if (dollars === 1 && (isSpace(code) || isLineEnd(code))) return nok(code);
        return inside(code);
      }
      function inside(code: Code): State | undefined {
        length += 1;
        if (code === null || length > LONGEST_FORMULA) return nok(code);
        if (isLineEnd(code)) return lineEnd(code);
        if (code === DOLLAR && dollars > 0) {
          if (length === 1 || (dollars === 1 && (isSpace(before) || isLineEnd(before)))) return nok(code);
          effects.consume(code);
          return dollars === 1 ? closed : secondDollar;
        }
        before = code;
        effects.consume(code);
        return code === BACKSLASH ? escaped : inside;
      }
      function lineEnd(code: Code): State | undefined {
        before = code;
        effects.exit("formulaData");
        effects.enter("lineEnding");
        effects.consume(code);
        effects.exit("lineEnding");
        effects.enter("formulaData");
        return inside;
      }
      function escaped(code: Code): State | undefined {
        if (code === null || isLineEnd(code)) return inside(code);
        // Formulas of this kind do not nest; without this rule each opening bracket would be searched to the end.
        if (dollars === 0 && (code === ROUND || code === SQUARE)) return nok(code);
        before = code;
        effects.consume(code);
        return dollars === 0 && code === closing ? closed : inside;
      }
      function secondDollar(code: Code): State | undefined {
        if (code !== DOLLAR) return nok(code);
        effects.consume(code);
        return closed;
      }
      function closed(code: Code): State | undefined {
        if (dollars === 1 && isDigit(code)) return nok(code);
        effects.exit("formulaData");
        effects.exit("formula");
        return ok(code);
      }
    },
  };
}

/** A formula that begins a line: in its first line nothing may stand behind it. It may go over several lines, of which none is blank, and
 *  they are not read as lists, headings or the like. */
function flow(): Construct {
  return {
    name: "formulaBlock",
    concrete: true,
    tokenize(effects, ok, nok) {
      const interrupting = this.interrupt === true;
      const following: Construct = { tokenize: nextLine, partial: true };
      let dollars = true;
      let first = true;
      return begin;

      function begin(code: Code): State | undefined {
        dollars = code === DOLLAR;
        effects.enter("formula");
        effects.enter("formulaData");
        effects.consume(code);
        return second;
      }
      function second(code: Code): State | undefined {
        if (code !== (dollars ? DOLLAR : SQUARE)) return nok(code);
        effects.consume(code);
        return third;
      }
      function third(code: Code): State | undefined {
        return code === DOLLAR ? nok(code) : inside(code);
      }
      function inside(code: Code): State | undefined {
        if (code === null || isLineEnd(code)) return interrupting ? ok(code) : lineEnd(code);
        effects.consume(code);
        if (code === BACKSLASH) return escaped;
        return code === DOLLAR && dollars ? secondDollar : inside;
      }
      function escaped(code: Code): State | undefined {
        if (code === null || isLineEnd(code)) return inside(code);
        effects.consume(code);
        return code === CLOSING[SQUARE] && !dollars ? behind : inside;
      }
      function secondDollar(code: Code): State | undefined {
        if (code !== DOLLAR) return inside(code);
        effects.consume(code);
        return behind;
      }
      function behind(code: Code): State | undefined {
        if (code === null || isLineEnd(code)) {
          if (interrupting) return ok(code);
          effects.exit("formulaData");
          return end(code);
        }
        if (first && !isSpace(code)) return nok(code);
        effects.consume(code);
        return behind;
      }
      function lineEnd(code: Code): State | undefined {
        effects.exit("formulaData");
        return code === null ? end(code) : effects.attempt(following, nextBegun, end)(code);
      }
      function nextBegun(code: Code): State | undefined {
        first = false;
        effects.enter("formulaData");
        return inside(code);
      }
      function end(code: Code): State | undefined {
        effects.exit("formula");
        return ok(code);
      }
    },
  };
}

/** The end of a line behind which the formula goes on: with a line of the same list item or quotation that is not blank. */
function nextLine(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
  const isLazy = (): boolean => this.parser.lazy[this.now().line] === true;
  const begin: State = (code) => {
    effects.enter("lineEnding");
    effects.consume(code);
    effects.exit("lineEnding");
    return lineStart;
  };
  const lineStart: State = (code) => (isLazy() ? nok(code) : effects.check({ tokenize: blank, partial: true }, nok, ok)(code));
  return begin;
}

function blank(effects: Effects, ok: State, nok: State): State {
  let inside = false;
  const space: State = (code) => {
    if (isSpace(code)) {
      if (!inside) effects.enter("formulaData");
      inside = true;
      effects.consume(code);
      return space;
    }
    if (inside) effects.exit("formulaData");
    return code === null || isLineEnd(code) ? ok(code) : nok(code);
  };
  return space;
}
