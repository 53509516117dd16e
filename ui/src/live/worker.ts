// The shared worker: the hub of all tabs of this browser.

import { Hub, type Port } from "./hub";

const hub = new Hub();

(globalThis as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0];
  if (port) hub.add(port as unknown as Port);
};
