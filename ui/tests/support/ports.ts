// Free ports, for herder and for the model servers that it starts.

import { createServer } from "node:net";

/** Ports in a row that a test may use for models. */
export const BLOCK = 24;

/** Where blocks are looked for: above the ports of services, below those that systems give to outgoing connections. */
const FIRST = 12_000;
const LAST = 32_000;

/** Blocks that are tried. */
const ATTEMPTS = 200;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** The first of `BLOCK` ports in a row that were all free a moment ago. Random, because other tests look for theirs at the same time. */
export async function freeBlock(): Promise<number> {
  const blocks = Math.floor((LAST - FIRST) / BLOCK);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const first = FIRST + BLOCK * Math.floor(Math.random() * blocks);
    const all = Array.from({ length: BLOCK }, (_, at) => isFree(first + at));
    if ((await Promise.all(all)).every(Boolean)) return first;
  }
  throw new Error(`no ${BLOCK} free ports in a row between ${FIRST} and ${LAST}`);
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
