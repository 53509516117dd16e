// One pane's view of a log: takes the text that herder tells, at most once per frame, and keeps what is on the screen.

import { herd } from "../../live/herd.svelte";
import type { LogSource } from "../../live/protocol";
import { blocksOf, extend, linesOf, type Block } from "./blocks";
import { GAP, LogBuffer, type Line } from "./buffer";
import { compile, show, type Filter, type Shown } from "./filter";
import type { Level } from "./level";

/** Characters that may wait for the next frame; more are taken without waiting for it. */
const WAITING_CHARACTERS = 2 * 1024 * 1024;

/** What waits for the next frame: text, or the mark of a gap. */
type Waiting = string | null;

export class LogView {
  blocks = $state.raw<Block[]>([]);
  /** Lines that are kept, shown or not. */
  kept = $state(0);
  /** Lines that came while the person looked at older ones, or held the view. */
  unseen = $state(0);
  /** Why herder cannot show the log; `null` when it can. */
  refused = $state<string | null>(null);
  /** Whether herder has told anything of it yet, be it that the log is empty. */
  isKnown = $state(false);
  /** The view is held: lines that come are shown later. */
  isPaused = $state(false);
  /** The view goes along with the newest line. */
  isFollowing = $state(true);
  /** What is wrong with the filter; `null` when nothing is. */
  problem = $state<string | null>(null);
  readonly lines = $derived(this.blocks.reduce((sum, block) => sum + block.lines.length, 0));
  readonly matches = $derived(this.blocks.reduce((sum, block) => sum + block.lines.reduce((all, line) => all + line.matches, 0), 0));

  #buffer = new LogBuffer();
  #filter: Filter = { pattern: null, level: null };
  #waiting: Waiting[] = [];
  #frame = 0;
  /** The lines of a held view. */
  #held: Line[] | null = null;

  /** Follows a log, from its beginning, until the returned function is called. */
  follow(source: LogSource): () => void {
    const end = herd.followLog(source, {
      text: (text, reset, gap) => this.#told(text, reset, gap),
      refused: (reason) => (this.refused = reason),
    });
    return () => {
      end();
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      this.#waiting = [];
      this.#held = null;
      this.clear();
      this.refused = null;
      this.isKnown = false;
      this.isPaused = false;
      this.isFollowing = true;
    };
  }

  /** Shows only lines that match, and that are worth as much as `level`. */
  choose(text: string, level: Level | null): void {
    const { pattern, error } = compile(text);
    this.problem = error;
    this.#filter = { pattern, level };
    this.#showAll();
  }

  /** Holds the view as it is. */
  pause(): void {
    this.#held = this.#buffer.lines.slice();
    this.isPaused = true;
  }

  /** Shows what has come, and goes along with it. */
  resume(): void {
    this.isPaused = false;
    this.isFollowing = true;
    this.unseen = 0;
    if (this.#held === null) return;
    this.#held = null;
    this.#showAll();
  }

  /** The person has scrolled: to the newest line, or away from it. */
  scrolled(isAtEnd: boolean): void {
    if (this.isPaused) return;
    this.isFollowing = isAtEnd;
    if (isAtEnd) this.unseen = 0;
  }

  /** Forgets what is on the screen. What herder keeps stays. */
  clear(): void {
    this.#buffer.clear();
    if (this.#held !== null) this.#held = [];
    this.unseen = 0;
    this.#showAll();
  }

  /** The shown lines as text, without colours. */
  text(): string {
    return linesOf(this.blocks).map(({ line }) => `${line.text}\n`).join("");
  }

  #told(text: string, reset: boolean, gap: boolean): void {
    this.isKnown = true;
    this.refused = null;
    if (reset) {
      this.#waiting = [];
      this.clear();
    }
    if (gap) this.#waiting.push(null);
    const last = this.#waiting.at(-1);
    if (typeof last !== "string") this.#waiting.push(text);
    else this.#waiting[this.#waiting.length - 1] = last + text;
    if ((this.#waiting.at(-1)?.length ?? 0) > WAITING_CHARACTERS) {
      cancelAnimationFrame(this.#frame);
      this.#take();
    } else if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => this.#take());
    }
  }

  /** Takes what waits, once per frame. */
  #take(): void {
    this.#frame = 0;
    const before = this.#buffer.lines.at(-1)?.number ?? 0;
    let from = Infinity;
    for (const piece of this.#waiting) {
      from = Math.min(from, piece === null ? this.#buffer.gap(GAP) : this.#buffer.append(piece));
    }
    this.#waiting = [];
    const lines = this.#buffer.lines;
    const isSeen = this.isFollowing && !this.isPaused;
    if (!isSeen) this.unseen += (lines.at(-1)?.number ?? 0) - before;
    if (this.#held !== null) return;
    let at = lines.length;
    while (at > 0 && (lines[at - 1]?.number ?? 0) >= from) at -= 1;
    this.blocks = extend(this.blocks, from, this.#shown(lines.slice(at)), lines[0]?.number ?? from);
    this.kept = lines.length;
  }

  #showAll(): void {
    const lines = this.#held ?? this.#buffer.lines;
    this.blocks = blocksOf(this.#shown(lines));
    this.kept = lines.length;
  }

  #shown(lines: readonly Line[]): Shown[] {
    return lines.map((line) => show(line, this.#filter)).filter((shown) => shown !== null);
  }
}
