// One herder of one test: the program, its folder, its configuration, and the model servers behind it.

import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configuration, peersCommand } from "./configuration";
import { freeBlock, freePort } from "./ports";
import { servePage, type PageServer } from "./page_from_disk";
import { Scripts, type Received, type Reply } from "./script";

/** The program under test. */
const PROGRAM = process.env["HERDER_PROGRAM"] ?? fileURLToPath(new URL("../../../target/debug/herder", import.meta.url));

/** Milliseconds until a program that was started must answer; the machine may be busy. */
const START_LIMIT = 30_000;

/** Milliseconds for a gentle end, before SIGKILL. */
const STOP_LIMIT = 10_000;

/** Milliseconds between two looks. */
const LOOK = 20;

export interface HerderOptions {
  /** `acceptance`, or the text of a configuration with placeholders (configuration.ts). */
  config: string;
  /** More flags of `herder serve`. */
  flags: string[];
  /** More environment. */
  env: Record<string, string>;
  /** The key with which the test itself asks herder; for configurations with `apiKeys`. */
  key: string | null;
}

export class Herder {
  /** Where the page and the API are, without a slash at the end. */
  url = "";
  /** herder's own address, without the server of `UI_FROM_DISK` in front of it. */
  direct = "";
  readonly folder = mkdtempSync(join(tmpdir(), "herder-browser-"));
  #options: HerderOptions;
  #scripts = new Scripts(this.folder);
  #process: ChildProcess | null = null;
  #peers: ChildProcess | null = null;
  #page: PageServer | null = null;
  /** Answers whose end nobody has waited for. Node would end the request of one that nobody holds any more. */
  #answers: Response[] = [];
  #startPort = 0;
  #peersPort = 0;

  constructor(options: HerderOptions) {
    this.#options = options;
  }

  /** Takes ports, writes the configuration, starts everything. Once. */
  async begin(): Promise<void> {
    this.direct = `http://127.0.0.1:${await freePort()}`;
    this.#startPort = await freeBlock();
    this.#peersPort = await freePort();
    this.#peers = spawn(process.execPath, peersCommand(this.folder, this.#peersPort), { stdio: "ignore" });
    this.#write(this.#options.config);
    await this.start();
    await until("the server of the peers answers", async () => (await fetch(`http://127.0.0.1:${this.#peersPort}/health`)).ok);
    if (process.env["UI_FROM_DISK"]) this.#page = await servePage(this.direct);
    this.url = this.#page?.url ?? this.direct;
  }

  /** Starts herder, on the address that it had before, and waits until it answers. */
  async start(): Promise<void> {
    const herder = spawn(
      PROGRAM,
      ["-config", this.#file("config.yaml"), "-listen", this.direct.replace("http://", ""), ...this.#options.flags],
      { cwd: this.folder, env: { ...process.env, ...this.#options.env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#process = herder;
    let failure = "";
    herder.on("error", (error) => (failure = `cannot start ${PROGRAM}: ${error.message}`));
    for (const output of [herder.stdout, herder.stderr]) {
      output.on("data", (bytes: Buffer) => appendFileSync(this.#file("herder.log"), bytes));
    }
    await until("herder answers", async () => {
      if (failure !== "" || herder.exitCode !== null) throw new Ended(failure || `herder ended at once:\n${this.log()}`);
      return (await fetch(`${this.direct}/health`)).ok;
    });
  }

  /** Ends herder and, with it, its models. */
  async stop(): Promise<void> {
    const herder = this.#process;
    this.#process = null;
    if (herder) await end(herder);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Writes another configuration and has it taken over. */
  async writeConfig(text: string): Promise<Response> {
    this.#write(text);
    return await this.request("/api/config/reload", { method: "POST" });
  }

  /** The JSON at a path of herder. */
  async json(path: string, init: RequestInit = {}): Promise<any> {
    const response = await this.request(path, init);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return await response.json();
  }

  /** A request to herder, as a client that is not the page sends it. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#options.key !== null) headers.set("authorization", `Bearer ${this.#options.key}`);
    const answer = await fetch(this.direct + path, { ...init, headers });
    this.#answers.push(answer);
    return answer;
  }

  /** A chat request of another client. It stays open until its answer has been read, or herder ends. */
  async chat(model: string, text = "Hello", more: object = {}): Promise<Response> {
    return await this.request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: text }], ...more }),
    });
  }

  /** Sets what a model (or `peers`) answers on a path from now on: one answer, or several in turn, of which the last one stays. */
  script(model: string, path: string, reply: Reply | Reply[]): void {
    this.#scripts.script(model, path, reply);
  }

  /** Lets the answers of a model that wait because of `hold` go on. */
  release(model: string): void {
    this.#scripts.release(model);
  }

  /** What a model (or `peers`) has received, the oldest first. */
  received(model: string): Received[] {
    return this.#scripts.received(model);
  }

  /** What herder has written. */
  log(): string {
    try {
      return readFileSync(this.#file("herder.log"), "utf8");
    } catch {
      return "";
    }
  }

  /** Ends everything and takes the folder away. */
  async dispose(): Promise<void> {
    await this.#page?.close();
    await this.stop();
    if (this.#peers) await end(this.#peers);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(text: string): void {
    const filled = { folder: this.folder, peers: `127.0.0.1:${this.#peersPort}`, program: PROGRAM, startPort: this.#startPort };
    writeFileSync(this.#file("config.yaml"), configuration(text, filled));
  }

  #file(name: string): string {
    return join(this.folder, name);
  }
}

/** What waiting longer cannot mend. */
class Ended extends Error {}

/** Waits until it is so. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  for (;;) {
    try {
      if (await isSo()) return;
    } catch (error) {
      if (error instanceof Ended) throw error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${START_LIMIT / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

/** SIGTERM, and SIGKILL for who does not obey. herder's models end with herder, whatever ends it. */
async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null || program.pid === undefined) return;
  const gone = new Promise((resolve) => program.once("exit", resolve));
  program.kill("SIGTERM");
  const timer = setTimeout(() => program.kill("SIGKILL"), STOP_LIMIT);
  await gone;
  clearTimeout(timer);
}
