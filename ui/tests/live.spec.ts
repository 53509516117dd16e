// The connection between the page and herder: lost and found again, refused for want of a key, shared by all tabs.

import type { BrowserContext } from "@playwright/test";
import { expect, test, type Page } from "./support/test";
import type { Wire } from "./support/wire";

const connection = (page: Page) => page.getByTestId("connection");
const connected = (page: Page) => expect(connection(page)).toHaveText("connected");
const orca = (page: Page) => page.getByRole("navigation", { name: "Pages" }).locator(".models li").filter({ hasText: "Orca" });
const banner = (page: Page) => page.getByRole("status").filter({ hasText: "Disconnected" });
const mark = (page: Page) => page.evaluate(() => document.documentElement.setAttribute("data-same", ""));
const isSame = (page: Page) => page.evaluate(() => document.documentElement.hasAttribute("data-same"));

/** Makes a page believe that it is hidden, or seen again: headless browsers show all their pages. */
const show = (page: Page, isShown: boolean) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
    Object.defineProperty(document, "visibilityState", { configurable: true, value: hidden ? "hidden" : "visible" });
    document.dispatchEvent(new Event("visibilitychange"));
  }, !isShown);

/** All that look share one stream: one that takes the place of another overlaps it for a moment. */
const oneStream = (wire: Wire) => expect.poll(() => wire.streams).toBe(1);

async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

test("case 11: a herder that is gone is noticed, what is seen stays, and it is found again without a reload", async ({ page, herder }) => {
  await page.goto("/ui/");
  await connected(page);
  await herder.chat("orca-7b");
  await expect(orca(page)).toHaveText(/ready/);
  await mark(page);
  await herder.stop();
  await expect(connection(page)).toHaveText("disconnected");
  await expect(page).toHaveTitle(/^🔴 /);
  await expect(banner(page)).toContainText("What you see may be old");
  await expect(page.locator(".models")).toHaveClass(/stale/);
  // As herder last said: it may have told of the end of the model before its own.
  await expect(orca(page)).toHaveText(/ready|stopp/);
  await herder.start();
  await connected(page);
  await expect(banner(page)).toHaveCount(0);
  await expect(page.locator(".models")).not.toHaveClass(/stale/);
  await expect(orca(page)).toHaveText(/stopped/);
  expect(await isSame(page)).toBe(true);
});

test("case 11: nobody needs to wait for the next attempt", async ({ page, wire }) => {
  await page.goto(`${wire.url}/ui/`);
  await connected(page);
  wire.isDown = true;
  wire.cut();
  await expect(banner(page)).toContainText(/Next attempt in [45] s/);
  wire.isDown = false;
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(connection(page)).toHaveText("connected", { timeout: 3000 });
});

test("a herder that is gone when the page is opened is said, and found when it comes", async ({ page, wire }) => {
  wire.isDown = true;
  await page.goto(`${wire.url}/ui/`);
  await expect(banner(page)).toContainText("herder cannot be reached");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  wire.isDown = false;
  await connected(page);
  await expect(orca(page)).toBeVisible();
});

test("a stream that is cut in the middle of an event loses nothing", async ({ page, wire, herder }) => {
  await page.goto(`${wire.url}/ui/`);
  await connected(page);
  wire.inject('data: {"type":"modelStatus","data":"[');
  wire.cut();
  await expect.poll(() => wire.asked.length).toBe(2);
  await connected(page);
  await herder.chat("orca-7b");
  await expect(orca(page)).toHaveText(/ready/);
});

test("unknown events, garbage and events out of order are skipped", async ({ page, wire, herder }) => {
  const event = (type: string, data: unknown): string => `data: ${JSON.stringify({ type, data: JSON.stringify(data) })}\n\n`;
  await page.goto(`${wire.url}/ui/`);
  await connected(page);
  wire.inject(": a comment\n\nevent: strange\nid: 7\nretry: 1\ndata: nonsense\n\ndata\n\n\u0000\u0007\n\n");
  wire.inject(event("tomorrow", {}) + event("modelStatus", { no: "list" }) + event("modelStatus", [null]) + event("inflight", {}));
  // Of a request that never came, twice, and one without an end.
  wire.inject(event("inflight", { operation: "remove", id: "99" }).repeat(2));
  await herder.chat("orca-7b");
  await expect(orca(page)).toHaveText(/ready/);
  await connected(page);
  expect(wire.asked).toHaveLength(1);
});

test("states that change in a burst cause at most one look at each thing per second", async ({ page, herder }) => {
  await page.goto("/ui/models");
  await connected(page);
  await expect(page.getByRole("region", { name: "Selectors" })).toBeVisible();
  const asked = new Map<string, number>();
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
  });
  const began = performance.now();
  for (let turn = 0; turn < 5; turn += 1) {
    await herder.request("/api/models/load/orca-7b", { method: "POST" });
    await herder.request("/api/models/unload/orca-7b", { method: "POST" });
  }
  await expect(orca(page)).toHaveText(/stopped/);
  const seconds = (performance.now() - began) / 1000;
  // Twenty changes. One look at the beginning, one that was under way before, and one each second.
  for (const [path, count] of asked) expect(count, path).toBeLessThanOrEqual(seconds + 2);
});

test("one stream serves all tabs, and none when nobody looks", async ({ context, wire, herder }) => {
  const pages = [await open(context, `${wire.url}/ui/`), await open(context, `${wire.url}/ui/models`), await open(context, `${wire.url}/ui/logs`)];
  for (const page of pages) await connected(page);
  await herder.chat("orca-7b");
  for (const page of pages) await expect(orca(page)).toHaveText(/ready/);
  await expect.poll(() => wire.asked.at(-1)?.path).toMatch(/logs=proxy.*&logs=upstream/);
  await oneStream(wire);

  const [first, second, third] = pages as [Page, Page, Page];
  await show(second, false);
  const asked = wire.asked.length;
  await third.close();
  await herder.json("/api/models/unload", { method: "POST" });
  await expect(orca(first)).toHaveText(/stopped/);
  await expect(orca(second)).toHaveText(/ready/);
  await show(second, true);
  await expect(orca(second)).toHaveText(/stopped/);
  await oneStream(wire);
  // One that carries no logs any more.
  expect(wire.asked.slice(asked).map(({ path }) => path)).toEqual(["/api/events?logs=none"]);

  await show(first, false);
  await show(second, false);
  await expect.poll(() => wire.streams, { timeout: 30_000 }).toBe(0);
  await herder.chat("orca-7b");
  await show(first, true);
  await connected(first);
  await expect(orca(first)).toHaveText(/ready/);
  await expect(orca(second)).toHaveText(/stopped/);
  await show(second, true);
  await expect(orca(second)).toHaveText(/ready/);
  await oneStream(wire);
});

test("a browser without shared workers has one stream per tab", async ({ page, wire, herder }) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "SharedWorker"));
  await page.goto(`${wire.url}/ui/`);
  await connected(page);
  await herder.chat("orca-7b");
  await expect(orca(page)).toHaveText(/ready/);
  await oneStream(wire);
});

test("case 12: a reload of the configuration reaches the page", async ({ page, herder }) => {
  await page.goto("/ui/settings");
  await connected(page);
  await mark(page);
  await herder.writeConfig('models: {orca-7b: {cmd: "@MODEL@", name: Orca}, new/one: {cmd: "@MODEL@"}}');
  await expect(page.getByRole("link", { name: /new\/one/ })).toBeVisible();
  await connected(page);
  await expect(page.getByRole("link", { name: /slowpoke/ })).toHaveCount(0);
  expect(await isSame(page)).toBe(true);
});

test.describe("with API keys", () => {
  test.use({ config: 'apiKeys: [k-alpha, k-beta]\nmodels: {orca-7b: {cmd: "@MODEL@", name: Orca}}', key: "k-beta" });

  const field = (page: Page) => page.getByLabel("API key");
  const logIn = async (page: Page, key: string): Promise<void> => {
    await field(page).fill(key);
    await page.getByRole("button", { name: "Log in" }).click();
  };

  test("case 13: the page asks for a key, refuses a wrong one, and keeps the right one for its tabs", async ({ context, wire, herder }) => {
    const page = await open(context, `${wire.url}/ui/models/orca-7b`);
    await expect(page.getByRole("heading", { name: "This herder wants an API key" })).toBeVisible();
    await expect(field(page)).toBeFocused();
    // Nothing is asked again until there is a key.
    const refused = wire.asked.length;
    expect(refused).toBe(1);
    await logIn(page, "k-wrong");
    await expect(page.getByRole("alert")).toHaveText("herder does not know this key.");
    expect(wire.asked.map(({ key }) => key)).toEqual([undefined, "Bearer k-wrong"]);
    await logIn(page, " k-alpha ");
    await connected(page);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Models / orca-7b");
    await herder.chat("orca-7b");
    await expect(orca(page)).toHaveText(/ready/);
    expect(wire.asked.at(-1)?.key).toBe("Bearer k-alpha");

    await page.reload();
    await connected(page);
    const second = await open(context, `${wire.url}/ui/`);
    await connected(second);
    await expect(orca(second)).toHaveText(/ready/);
    await expect(field(second)).toHaveCount(0);
    await oneStream(wire);
    expect(await second.evaluate(() => Object.keys(localStorage).map((key) => localStorage.getItem(key)).join())).not.toContain("k-alpha");
  });

  test("a key that herder does not know any more is asked for again", async ({ page, herder }) => {
    await page.goto("/ui/");
    await logIn(page, "k-alpha");
    await connected(page);
    await herder.writeConfig('apiKeys: [k-beta]\nmodels: {orca-7b: {cmd: "@MODEL@", name: Orca}}');
    await herder.restart();
    await expect(page.getByRole("alert")).toHaveText("herder does not know this key.");
    await logIn(page, "k-beta");
    await connected(page);
  });

  test("a herder that begins to want keys is noticed", async ({ page, herder }) => {
    await herder.writeConfig('models: {orca-7b: {cmd: "@MODEL@", name: Orca}}');
    await page.goto("/ui/");
    await connected(page);
    await herder.writeConfig('apiKeys: [k-alpha, k-beta]\nmodels: {orca-7b: {cmd: "@MODEL@", name: Orca}}');
    await herder.restart();
    await logIn(page, "k-alpha");
    await connected(page);
  });
});
