import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Hub, type Port } from "./hub";
import type { ToHub, ToTab } from "./protocol";

/** The connections since the test began. */
const asked: string[] = [];

/** Minutes for which a computer may sleep. */
const NIGHT = 8 * 60;

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
  // A stream that stays open and says nothing.
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(new ReadableStream()));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A tab of the browser: what it says, and what it hears. */
function openTab(hub: Hub): { say: (message: ToHub) => void; heard: ToTab[] } {
  const heard: ToTab[] = [];
  const port: Port = { postMessage: (message) => heard.push(message), onmessage: null };
  hub.add(port);
  return { say: (data) => port.onmessage?.({ data } as MessageEvent<ToHub>), heard };
}

const states = (heard: readonly ToTab[]): string[] => heard.flatMap((message) => (message.kind === "connection" ? [message.connection.state] : []));

it("finds a tab again that it has counted as lost while the computer slept", async () => {
  const hub = new Hub();
  const tab = openTab(hub);
  tab.say({ kind: "hello", key: null, visible: true, logs: [] });
  await vi.advanceTimersByTimeAsync(100);
  expect(states(tab.heard).at(-1)).toBe("open");
  // Nobody's clocks go on but that of the wall; the hub is the first to wake.
  vi.setSystemTime(Date.now() + NIGHT * 60_000);
  await vi.advanceTimersByTimeAsync(60_000);
  tab.heard.length = 0;
  tab.say({ kind: "alive" });
  await vi.advanceTimersByTimeAsync(100);
  expect(states(tab.heard).at(-1)).toBe("open");
});

it("does not find a tab again that has said good-bye", async () => {
  const hub = new Hub();
  const tab = openTab(hub);
  tab.say({ kind: "hello", key: null, visible: true, logs: [] });
  tab.say({ kind: "bye" });
  tab.heard.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tab.heard).toEqual([]);
});

it("takes no word of a tab after its good-bye: a browser tells a page that it is hidden when it has gone", async () => {
  const hub = new Hub();
  const first = openTab(hub);
  const second = openTab(hub);
  first.say({ kind: "hello", key: null, visible: true, logs: [] });
  second.say({ kind: "hello", key: null, visible: true, logs: [] });
  second.say({ kind: "status", visible: true, logs: ["proxy"] });
  await vi.advanceTimersByTimeAsync(100);
  asked.length = 0;
  second.say({ kind: "bye" });
  second.say({ kind: "status", visible: false, logs: ["proxy"] });
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual(["/api/events?logs=none"]);
});
