// What a test tells the model servers, and what it learns from them, through files in a folder that both know. So a model need not run
// while it is told what to answer, forgets nothing when it is loaded anew, and telling it leaves no trace in herder. The other end is
// model_server.js.

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An answer of a model server. */
export interface Reply {
  /** 200 unless said otherwise. */
  status?: number;
  headers?: Record<string, string>;
  /** A text as it is, anything else as JSON. */
  body?: unknown;
  /** A body piece by piece, as an event stream unless `headers` say otherwise; each piece comes after its pause in milliseconds. */
  chunks?: { text: string; delayMs?: number }[];
  /** Wait for `release` before the body, or, with `chunks`, before the last piece. */
  hold?: boolean;
  /** Cut the connection after the body or the pieces, without its end. */
  cut?: boolean;
}

/** A request that a model server got. */
export interface Received {
  method: string;
  /** Without the query, and without the base path of a peer. */
  path: string;
  query: string;
  headers: Record<string, string>;
  /** Parsed when it is JSON, else as text. */
  body: any;
  /** Whether the client left before the answer was whole. */
  aborted: boolean;
}

interface Script {
  /** Counts the changes, so that a server knows when an answer is a new one. */
  revision: number;
  released: number;
  paths: Record<string, { revision: number; replies: Reply[] }>;
}

/** The scripts of the model servers of one test. */
export class Scripts {
  readonly folder: string;
  #scripts = new Map<string, Script>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Sets what a model answers on a path from now on: one answer, or several in turn, of which the last one stays. */
  script(model: string, path: string, reply: Reply | Reply[]): void {
    this.#change(model, (script) => {
      script.paths[path] = { revision: script.revision, replies: Array.isArray(reply) ? reply : [reply] };
    });
  }

  /** Lets the answers that wait go on. */
  release(model: string): void {
    this.#change(model, (script) => {
      script.released = script.revision;
    });
  }

  /** What a model has received, health checks aside, the oldest first. */
  received(model: string): Received[] {
    let lines: string[];
    try {
      lines = readFileSync(this.#file(model, "received"), "utf8").split("\n");
    } catch {
      return [];
    }
    const requests = new Map<string, Received>();
    for (const line of lines) {
      if (line === "") continue;
      const { key, ...told } = JSON.parse(line) as { key: string } & Partial<Received>;
      const before = requests.get(key);
      requests.set(key, before ? { ...before, ...told } : ({ aborted: false, ...told } as Received));
    }
    return [...requests.values()];
  }

  #change(model: string, change: (script: Script) => void): void {
    const script = this.#scripts.get(model) ?? { revision: 0, released: 0, paths: {} };
    script.revision += 1;
    change(script);
    this.#scripts.set(model, script);
    // Renamed into place, so that no server reads half of it.
    const file = this.#file(model, "script");
    writeFileSync(`${file}.new`, JSON.stringify(script));
    renameSync(`${file}.new`, file);
  }

  #file(model: string, what: "script" | "received"): string {
    return join(this.folder, `${encodeURIComponent(model)}.${what}`);
  }
}
