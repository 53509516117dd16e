// Short messages that come and go, read out by screen readers: what was done, and what went wrong where no better place is.

import { describe, isAbort } from "./api/error";

export interface Message {
  id: number;
  kind: "done" | "failed";
  text: string;
}

/** Messages on the screen at once; older ones give way. */
const MOST = 4;

/** Milliseconds for which a message of success stays; one of failure stays until it is dismissed or pushed out. */
const STAY = 5000;

class Notices {
  list = $state.raw<Message[]>([]);
  #last = 0;

  done(text: string): void {
    const id = this.#add("done", text);
    setTimeout(() => this.dismiss(id), STAY);
  }

  /** Says what failed and why. What was stopped on purpose is no failure. */
  failed(what: string, error: unknown): void {
    if (isAbort(error)) return;
    this.#add("failed", `${what}: ${describe(error)}`);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((message) => message.id !== id);
  }

  #add(kind: Message["kind"], text: string): number {
    this.#last += 1;
    this.list = [...this.list.slice(1 - MOST), { id: this.#last, kind, text }];
    return this.#last;
  }
}

export const notices = new Notices();
