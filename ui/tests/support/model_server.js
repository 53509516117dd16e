// A scripted model server. It answers as a model of each API would, well enough for a page, unless a script says otherwise, and writes
// down what it receives (script.ts is the other end of both).
//
//   node model_server.js --folder DIR --id MODEL --port N [--ready-after MILLISECONDS] [--fail EXIT-STATUS]

import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answerOf } from "./model_answers.js";

const { values: flags } = parseArgs({
  options: {
    folder: { type: "string" },
    id: { type: "string" },
    port: { type: "string" },
    "ready-after": { type: "string", default: "0" },
    fail: { type: "string" },
  },
});
const { folder, id } = flags;
if (!folder || !id || !flags.port) throw new Error("--folder, --id and --port are needed");

/** Bytes of a body that are written down. */
const LONGEST_BODY = 1024 * 1024;

/** Milliseconds between two looks at whether a held answer may go on. */
const LOOK = 20;

const name = join(folder, encodeURIComponent(id));
const started = Date.now();
/** How many of a path's answers have been given, by path and revision of its script. */
const given = new Map();
let requests = 0;

console.log(`${id}: loading`);
if (flags.fail !== undefined) {
  console.error(`${id}: cannot allocate the model`);
  process.exit(Number(flags.fail));
}
process.on("SIGTERM", () => process.exit(0));

createServer(async (request, response) => {
  const url = new URL(request.url, "http://model");
  const path = url.pathname.replace(/^\/base(?=\/)/, "");
  if (path === "/health") {
    const ready = Date.now() - started >= Number(flags["ready-after"]);
    response.writeHead(ready ? 200 : 503).end(ready ? "OK" : "loading");
    return;
  }
  const body = await bodyOf(request);
  const key = `${process.pid}-${(requests += 1)}`;
  note({ key, method: request.method, path, query: url.search.slice(1), headers: request.headers, body });
  response.on("close", () => {
    if (!response.writableEnded) note({ key, aborted: true });
  });
  const since = script().released;
  const reply = scripted(path) ?? answerOf({ model: id, method: request.method, path, body, host: request.headers.host });
  try {
    await send(reply, response, () => script().released > since);
  } catch (error) {
    response.destroy(error);
  }
}).listen(Number(flags.port), "127.0.0.1", () => console.log(`${id}: listening`));

/** The script of now. */
function script() {
  try {
    return JSON.parse(readFileSync(`${name}.script`, "utf8"));
  } catch {
    return { released: 0, paths: {} };
  }
}

/** What the script wants to be answered on a path. */
function scripted(path) {
  const entry = script().paths[path];
  if (!entry) return undefined;
  const key = `${path} ${entry.revision}`;
  const before = given.get(key) ?? 0;
  given.set(key, before + 1);
  return entry.replies[Math.min(before, entry.replies.length - 1)];
}

async function send(reply, response, isReleased) {
  const { status = 200, headers = {}, body, chunks, hold = false, cut = false } = reply;
  if (chunks === undefined) {
    if (hold) await released(isReleased, response);
    const isText = typeof body === "string" || Buffer.isBuffer(body);
    response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json", ...headers });
    const bytes = isText ? body : JSON.stringify(body ?? {});
    if (cut) response.write(bytes, () => response.destroy());
    else response.end(bytes);
    return;
  }
  response.writeHead(status, { "content-type": "text/event-stream", ...headers });
  response.flushHeaders();
  for (const [at, { text, delayMs = 0 }] of chunks.entries()) {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (hold && at === chunks.length - 1) await released(isReleased, response);
    if (response.destroyed) return;
    await new Promise((resolve) => response.write(text, resolve));
  }
  if (cut) response.destroy();
  else response.end();
}

async function released(isReleased, response) {
  while (!isReleased() && !response.destroyed) await new Promise((resolve) => setTimeout(resolve, LOOK));
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).subarray(0, LONGEST_BODY).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function note(what) {
  appendFileSync(`${name}.received`, `${JSON.stringify(what)}\n`);
}
