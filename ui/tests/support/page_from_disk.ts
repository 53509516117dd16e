// With `UI_FROM_DISK=1` the tests get the page from `ui/dist` and everything else from herder, so that a change of the page needs
// `npm run build` only, not a build of herder. The gate tests the page that is in the program.

import { fileURLToPath } from "node:url";
import { preview, type HttpProxy } from "vite";

/** As herder sends it (crates/herder/src/routes/ui.rs). */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** An answer of herder that is cut ends the browser's, too; the proxy would leave it open for ever. */
function passOnCuts(proxy: HttpProxy.ProxyServer): void {
  proxy.on("proxyRes", (answer, _request, response) => answer.on("aborted", () => response.destroy()));
}

export interface PageServer {
  url: string;
  close(): Promise<void>;
}

/** Serves `ui/dist` under `/ui/`, and what `herder` answers elsewhere. */
export async function servePage(herder: string): Promise<PageServer> {
  const server = await preview({
    configFile: false,
    root: fileURLToPath(new URL("../..", import.meta.url)),
    base: "/ui/",
    logLevel: "silent",
    preview: { host: "127.0.0.1", port: 0, headers: { "content-security-policy": POLICY }, proxy: { "^/(?!ui/)": { target: herder, configure: passOnCuts } } },
  });
  const address = server.httpServer.address();
  if (typeof address !== "object" || address === null) throw new Error("the server of the page has no port");
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
