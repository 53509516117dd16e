// Cuts an answer that still grows into parts that can be formatted one by one: a finished part never changes again, so that what a person
// reads, selects or scrolls stays where it is, and only the end is formatted anew. How a part looks is `format.ts`'s business.

export interface Part {
  text: string;
  /** Shown as it is written: too long to be formatted, or the rest of something that was. */
  plain: boolean;
}

/** Characters of a part from which any line after a blank one may begin another, even in a list that goes on. */
const LONG_PART = 8_000;

/** Characters at which a part is cut, whatever it is: nothing that people read is one block of this length, and formatting takes
 *  about 20 ms per 1000 characters on a slow machine. */
export const LONGEST_PART = 20_000;

/** Characters of an answer that are formatted; what follows is shown as it is written. */
export const MOST_FORMATTED = 120_000;

/** Parts of an answer that may be as short as a paragraph. Later ones have at least so many characters: a browser slows down under tens
 *  of thousands of parts. */
const MOST_SHORT_PARTS = 300;
const LATER_PART = 2_000;

const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const FENCE = /^( *)(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}(?=[^`]*$)|~{3,})/;
/** A link definition or a footnote: other parts of the text need it. */
const DEFINITION = /^ {0,3}\[[^\]\n]{1,200}\]:/;

/** The parts of a text that grows at its end. */
export class Parts {
  /** What never changes again. */
  finished: Part[] = [];
  #length = 0;
  /** Where the open part begins. */
  #start = 0;
  /** Where the next line to look at begins. */
  #line = 0;
  #fence: string | null = null;
  #inList = false;
  #afterBlank = false;
  /** The open part is what is left of one that was cut. */
  #cut = false;
  /** A definition makes the whole text one part. */
  #whole = false;

  /** Takes the whole text as it is now; it must begin with what it was before. Returns the part that is still open. */
  grow(text: string): Part {
    this.#length = text.length;
    for (;;) {
      const end = text.indexOf("\n", this.#line);
      if (end === -1) break;
      this.#see(text, this.#line, end);
      this.#line = end + 1;
    }
    // A line without an end can be too long, too.
    while (this.#length - this.#start > LONGEST_PART) this.#cutAt(text, this.#start + LONGEST_PART);
    return this.#part(text, text.length);
  }

  #see(text: string, from: number, end: number): void {
    const line = text.slice(from, Math.min(end, from + 1000));
    if (this.#fence !== null) {
      if (closes(line, this.#fence)) {
        this.#fence = null;
        if (!this.#inList || this.#cut) this.#endAt(text, end + 1);
      }
    } else if (line.trim() === "") {
      this.#afterBlank = true;
      return;
    } else {
      this.#open(text, line, from);
    }
    this.#afterBlank = false;
    if (end + 1 - this.#start > LONGEST_PART) this.#cutAt(text, Math.max(from, this.#start));
  }

  /** A line that is not blank, outside of a fence. */
  #open(text: string, line: string, from: number): void {
    const item = LIST_ITEM.test(line);
    const fence = FENCE.exec(line);
    const marker = fence?.[2] ?? null;
    const indented = /^[ \t]/.test(line);
    if (this.#afterBlank && !indented && (!(item && this.#inList) || from - this.#start > LONG_PART)) this.#endAt(text, from);
    if (DEFINITION.test(line)) this.#join(text);
    if (marker !== null && (this.#inList || item || (fence?.[1]?.length ?? 0) <= 3)) {
      if (!this.#inList && !item) this.#endAt(text, from);
      this.#fence = marker;
    }
    if (item) this.#inList = true;
  }

  #endAt(text: string, end: number): void {
    if (this.#whole || end <= this.#start) return;
    if (this.finished.length > MOST_SHORT_PARTS && end - this.#start < LATER_PART && !this.#cut) return;
    this.finished.push(this.#part(text, end));
    this.#start = end;
    this.#inList = false;
    this.#cut = false;
  }

  /** Ends a part in the middle of something; what follows of it stays unformatted. */
  #cutAt(text: string, end: number): void {
    const at = end > this.#start ? end : this.#start + LONGEST_PART;
    this.finished.push({ text: text.slice(this.#start, at), plain: true });
    this.#start = at;
    this.#whole = false;
    this.#cut = true;
  }

  #join(text: string): void {
    if (this.#whole || text.length > LONGEST_PART) return;
    this.#whole = true;
    this.finished = [];
    this.#start = 0;
  }

  #part(text: string, end: number): Part {
    return { text: text.slice(this.#start, end), plain: this.#cut || end > MOST_FORMATTED };
  }
}

function closes(line: string, fence: string): boolean {
  const marks = line.trim();
  return marks.length >= fence.length && [...marks].every((mark) => mark === fence[0]);
}
