// The lines of a log as the page keeps them: cut from a stream of text that ends wherever it likes, bounded in number, length and sum.

import { parse, plain, type Run, type Style } from "./ansi";
import { levelOf, type Level } from "./level";

/** Lines that are kept. Each is an element of the page; herder itself keeps about a thousand. */
export const KEPT_LINES = 5000;

/** Lines above the limit before the oldest are dropped, so that this does not happen at every line. */
const SLACK = 500;

/** Characters of a line that are kept and shown. */
export const LONGEST_LINE = 20_000;

/** Characters of all lines. */
export const KEPT_CHARACTERS = 4 * 1024 * 1024;

/** What stands where text is missing. */
export const GAP = "Some lines are missing here: herder was started anew, or wrote more than it keeps.";

export interface Line {
  /** Counts from 1 since the log was opened, or cleared. */
  number: number;
  kind: "line" | "gap";
  runs: Run[];
  /** The text without codes. */
  text: string;
  /** Characters of it that are not kept. */
  cut: number;
  /** Level of one of herder's own lines, or of the line that it continues. */
  level: Level | null;
}

export class LogBuffer {
  lines: Line[] = [];
  #number = 0;
  #characters = 0;
  /** Codes that were begun in an earlier line hold. */
  #style: Style | null = null;
  #level: Level | null = null;
  /** The line whose end has not come yet, with its codes. */
  #begun = "";
  #begunCut = 0;
  /** Whether the last of `lines` is the begun line. */
  #isOpen = false;

  /** Takes text. Returns the number of the first line that is new, or that has changed. */
  append(text: string): number {
    const first = this.#isOpen ? this.#number : this.#number + 1;
    let at = 0;
    for (;;) {
      const end = text.indexOf("\n", at);
      this.#extend(end < 0 ? text.slice(at, at + LONGEST_LINE + 1) : text.slice(at, end), end < 0 ? text.length - at : end - at);
      if (end < 0) break;
      this.#show(true);
      at = end + 1;
    }
    if (this.#begun !== "") this.#show(false);
    this.#trim();
    return first;
  }

  /** Notes that text is missing. Returns the number of the first line that is new. */
  gap(text: string = GAP): number {
    if (this.#isOpen) this.#show(true);
    this.#style = null;
    this.#level = null;
    this.#number += 1;
    this.lines.push({ number: this.#number, kind: "gap", runs: [{ text, style: null }], text, cut: 0, level: null });
    return this.#number;
  }

  /** Forgets all lines. A begun line goes on as a new one. */
  clear(): void {
    this.lines = [];
    this.#number = 0;
    this.#characters = 0;
    this.#begun = "";
    this.#begunCut = 0;
    this.#isOpen = false;
  }

  /** Adds to the begun line `piece`, of which `length` characters came. */
  #extend(piece: string, length: number): void {
    // As on a terminal, a lone carriage return begins the line again; one before the end of a line does nothing.
    const whole = this.#begun + piece.slice(0, LONGEST_LINE + 1);
    const again = whole.lastIndexOf("\r", whole.length - 2);
    if (again >= 0) this.#begunCut = 0;
    const kept = whole.slice(again + 1);
    this.#begunCut += Math.max(0, length - LONGEST_LINE - 1) + Math.max(0, kept.length - LONGEST_LINE);
    this.#begun = kept.slice(0, LONGEST_LINE);
  }

  /** Puts the begun line among the lines, in the place of what was there of it. */
  #show(isWhole: boolean): void {
    const text = this.#begun.endsWith("\r") ? this.#begun.slice(0, -1) : this.#begun;
    const { runs, style } = parse(text, this.#style);
    const shown = plain(runs);
    const level = levelOf(shown) ?? this.#level;
    if (this.#isOpen) this.#characters -= this.lines.pop()?.text.length ?? 0;
    else this.#number += 1;
    this.lines.push({ number: this.#number, kind: "line", runs, text: shown, cut: this.#begunCut, level });
    this.#characters += shown.length;
    this.#isOpen = !isWhole;
    if (!isWhole) return;
    this.#style = style;
    this.#level = level;
    this.#begun = "";
    this.#begunCut = 0;
  }

  #trim(): void {
    if (this.lines.length <= KEPT_LINES + SLACK && this.#characters <= KEPT_CHARACTERS) return;
    let drop = Math.max(0, this.lines.length - KEPT_LINES);
    let characters = this.#characters;
    for (let at = 0; at < this.lines.length - 1 && (at < drop || characters > KEPT_CHARACTERS * 0.75); at += 1) {
      characters -= this.lines[at]?.text.length ?? 0;
      drop = Math.max(drop, at + 1);
    }
    this.lines = this.lines.slice(drop);
    this.#characters = characters;
  }
}
