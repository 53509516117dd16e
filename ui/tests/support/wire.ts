// A wire between the browser and herder that a test can look into and cut: it counts event streams, cuts them, puts text into them,
// and plays a herder that is gone while the files of the page still arrive.

import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export class Wire {
  url = "";
  /** Everything but the files of the page is refused, as if herder were gone. */
  isDown = false;
  /** Event streams since the beginning: the path and query of each, and the key that it carried. */
  readonly asked: { path: string; key: string | undefined }[] = [];
  #streams = new Set<ServerResponse>();
  #server: Server;
  #herder: URL;

  constructor(herder: string) {
    this.#herder = new URL(herder);
    this.#server = createServer((request, response) => this.#pass(request, response));
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the wire has no port");
    this.url = `http://127.0.0.1:${address.port}`;
  }

  /** Event streams that are open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Cuts all event streams, in the middle of whatever they say. */
  cut(): void {
    for (const stream of this.#streams) stream.socket?.destroy();
  }

  /** Puts a text into all event streams. */
  inject(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "/";
    if (this.isDown && !path.startsWith("/ui/")) {
      request.socket.destroy();
      return;
    }
    const isStream = path.startsWith("/api/events");
    if (isStream) this.asked.push({ path, key: request.headers.authorization });
    const { hostname, port } = this.#herder;
    const onward = ask({ hostname, port, path, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (isStream && answer.statusCode === 200) this.#streams.add(response);
      answer.pipe(response);
      answer.on("close", () => {
        if (!answer.complete) response.destroy();
      });
    });
    onward.on("error", () => request.socket.destroy());
    response.on("close", () => {
      this.#streams.delete(response);
      onward.destroy();
    });
    request.pipe(onward);
  }
}
