// The overview: who is there and why, who waits, and what happened (issue 5; spec/ui.md U18, U19, U20 and the row "Bad input").

import type { Herder } from "./support/test";
import { expect, test, type Page } from "./support/test";

const card = (page: Page, model: string) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: model, exact: true }) });
const lane = (page: Page, model: string) => page.getByRole("group", { name: `Lane of ${model}`, exact: true });
const marks = (page: Page) => page.locator("[data-mark]");
const explanation = (page: Page) => page.getByTestId("explanation");
const rows = (page: Page) => page.getByRole("region", { name: "Last swaps" }).locator("tbody tr");
const waiting = (page: Page) => page.getByRole("region", { name: "Requests that wait" }).locator("tbody tr");

/** Waits until herder says that so many requests are open. */
async function untilOpen(page: Page, model: string, text: string): Promise<void> {
  await expect(card(page, model)).toContainText(text);
}

async function swapTwo(herder: Herder): Promise<void> {
  expect((await herder.chat("orca-7b")).status).toBe(200);
  expect((await herder.chat("vega/coder-32b")).status).toBe(200);
}

test("overview: nothing is loaded", async ({ page }) => {
  await page.goto("/ui/");
  await expect(page.getByText("No model is loaded.")).toBeVisible();
  await expect(page.getByText("Nobody waits.")).toBeVisible();
  await expect(page.getByText("No model had a process within 1 h.")).toBeVisible();
  await expect(page.getByText("Nothing was loaded or stopped within 1 h.")).toBeVisible();
  await expect(page.getByTestId("sums")).toContainText("0 swaps");
});

test("overview: a swap has lanes, a mark that explains itself, and a row", async ({ page, herder }) => {
  await swapTwo(herder);
  await page.goto("/ui/");
  await expect(lane(page, "orca-7b").locator("rect[data-state=ready]")).toHaveCount(1);
  await expect(lane(page, "vega/coder-32b").locator("rect[data-state=ready]")).toHaveCount(1);
  const mark = lane(page, "vega/coder-32b").getByRole("button", { name: "vega/coder-32b took the place of orca-7b" });
  await mark.hover();
  await expect(explanation(page)).toContainText("vega/coder-32b took the place of orca-7b");
  for (const text of [/Asked by\s*a request/, /Left\s*orca-7b \(gone after .*s\)/, /Why\s*\S+/, /Cost\s*.* to stop, .* to load/]) {
    await expect(explanation(page)).toContainText(text);
  }
  await page.getByRole("heading", { name: "Queue" }).hover();
  await expect(explanation(page)).toContainText("Point at a mark");
  // A click keeps it.
  await mark.click();
  await page.getByRole("heading", { name: "Queue" }).hover();
  await expect(explanation(page)).toContainText("took the place of");
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText(/vega\/coder-32b.*ready.*orca-7b/);
  await expect(page.getByTestId("sums")).toContainText(/2 swaps, .* lost to stopping and loading, 100 % of 2 requests waited for a load/);
});

test("overview: marks are reached by Tab and the arrow keys, and told to those who hear", async ({ page, herder }) => {
  await swapTwo(herder);
  expect((await herder.chat("scribe")).status).toBe(200);
  await page.goto("/ui/?minutes=15");
  await expect(marks(page)).toHaveCount(3);
  await expect(page.locator("[data-mark][tabindex='0']")).toHaveCount(1);
  // The last one is the one that Tab reaches.
  await lane(page, "vega/coder-32b").getByRole("link").focus();
  const focused = page.locator("[data-mark]:focus");
  await page.locator("[data-mark][tabindex='0']").focus();
  await expect(focused).toHaveAccessibleName(/scribe took the place of vega\/coder-32b.*Asked by: a request.*Cost:/);
  await page.keyboard.press("ArrowLeft");
  await expect(focused).toHaveAccessibleName(/vega\/coder-32b took the place of orca-7b/);
  await expect(explanation(page)).toContainText("vega/coder-32b took the place of orca-7b");
  await page.keyboard.press("Home");
  await expect(focused).toHaveAccessibleName(/orca-7b was loaded/);
  await page.keyboard.press("End");
  await expect(focused).toHaveAccessibleName(/scribe took the place/);
});

test("overview: table and timeline tell the same, with stops that no swap explains", async ({ page, herder }) => {
  await page.goto("/ui/");
  await swapTwo(herder);
  await herder.chat("broken");
  await herder.chat("lynx-7b");
  await herder.request("/api/models/unload/lynx-7b", { method: "POST" });
  // All of it comes by itself.
  await expect(rows(page)).toHaveCount(5);
  await expect(rows(page).first()).toContainText(/lynx-7b.*stopped.*unloaded by an operator/);
  await expect(rows(page).filter({ hasText: "failed" })).toContainText("broken");
  const told = (await rows(page).locator("td:nth-child(2)").allTextContents()).toSorted();
  await expect
    .poll(async () => {
      const names = await marks(page).evaluateAll((found) => found.map((mark) => mark.getAttribute("data-mark") ?? ""));
      return names.length;
    })
    .toBeGreaterThan(3);
  // Those of one place share a mark; the sum of what they tell is what the table has.
  const names = await marks(page).evaluateAll((found) => found.map((mark) => mark.getAttribute("aria-label") ?? ""));
  const inMarks = names.map((name) => Number(/^(\d+) events/.exec(name)?.[1] ?? 1)).reduce((sum, count) => sum + count, 0);
  expect(inMarks).toBe(told.length);
  expect(told).toEqual(["broken", "lynx-7b", "lynx-7b", "orca-7b", "vega/coder-32b"]);
});

test("overview: a model's card tells what it does, and Unload asks while requests run", async ({ page, herder }) => {
  herder.script("orca-7b", "/v1/chat/completions", { chunks: [{ text: "data: 1\n\n" }, { text: "data: 2\n\n" }], hold: true });
  const answer = await herder.chat("orca-7b", "Hello", { stream: true });
  await page.goto("/ui/");
  await untilOpen(page, "Orca", "1 in flight");
  await expect(card(page, "Orca")).toContainText("stays until another model needs its place");
  await page.getByRole("button", { name: "Unload orca-7b" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop orca-7b?" });
  await expect(dialog).toContainText("1 request");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await expect(dialog).toBeHidden();
  await expect(card(page, "Orca")).toContainText("ready");
  herder.release("orca-7b");
  expect(await answer.text()).toBe("data: 1\n\ndata: 2\n\n");
  await untilOpen(page, "Orca", "idle");
  await page.getByRole("button", { name: "Unload orca-7b" }).click();
  await expect(page.getByText("No model is loaded.")).toBeVisible();
});

test.describe("overview: a long load", () => {
  test.use({ config: 'models: {slow: {cmd: "@MODEL@ --ready-after 120000"}}' });

  test("is cancelled while it goes on, whoever waits for it", async ({ page, herder }) => {
    await page.goto("/ui/");
    const answer = herder.chat("slow");
    await expect(card(page, "slow")).toContainText("starting");
    await expect(waiting(page)).toContainText("it is being loaded");
    await expect(waiting(page)).toContainText("loading");
    await page.getByRole("button", { name: "Cancel loading slow" }).click();
    const dialog = page.getByRole("dialog", { name: "Stop slow?" });
    await expect(dialog).toContainText("1 request waits");
    await dialog.getByRole("button", { name: "Stop it" }).click();
    await expect(page.getByText("No model is loaded.")).toBeVisible();
    expect((await answer).status).toBeGreaterThanOrEqual(400);
    await expect(rows(page).filter({ hasText: "abandoned" })).toContainText("slow");
  });
});

test.describe("overview: the queue", () => {
  test.use({
    config: `
routing: {scheduler: {use: fair}}
models:
  busy: {cmd: "@MODEL@", concurrencyLimit: 1}
  "next/one": {cmd: "@MODEL@"}
`,
  });

  test("shows who waits for what, and Cancel ends it", async ({ page, herder }) => {
    herder.script("busy", "/v1/chat/completions", { chunks: [{ text: "data: 1\n\n" }, { text: "data: 2\n\n" }], hold: true });
    const served = await herder.chat("busy", "Hello", { stream: true });
    await page.goto("/ui/");
    const second = herder.chat("next/one", "I wait");
    await expect(waiting(page)).toHaveCount(1);
    const row = waiting(page).first();
    await expect(row).toContainText("next/one");
    await expect(row).toContainText("#1");
    await expect(row).toContainText("busy (1 request running) must leave first");
    await expect(row).toContainText("127.0.0.1");
    // It ticks.
    await expect(row.locator("td").nth(2)).toHaveText(/^[1-9].* s$/);
    await row.getByRole("button", { name: "Cancel request" }).click();
    expect((await second).status).toBeGreaterThanOrEqual(400);
    await expect(page.getByText("Nobody waits.")).toBeVisible();
    herder.release("busy");
    expect(await served.text()).toBe("data: 1\n\ndata: 2\n\n");
  });
});

test.describe("overview: monitoring is off", () => {
  test.use({ config: 'performance: {disabled: true}\nmodels: {orca-7b: {cmd: "@MODEL@"}}' });

  test("and the page says how to switch it on", async ({ page, herder }) => {
    await herder.chat("orca-7b");
    await page.goto("/ui/");
    await expect(page.getByText("Monitoring is off")).toContainText("performance");
    await expect(lane(page, "orca-7b")).toBeVisible();
  });
});

const STRANGE = ["org/x.y z", "50%?#&+", "🐕 dog", "<img src=x onerror=alert(1)>"];

test.describe("overview: ids of models", () => {
  test.use({ config: `models:\n${STRANGE.map((id) => `  "${id}": {cmd: "@MODEL@"}\n`).join("")}` });

  test("with slashes, spaces, dots, percent signs, emoji and markup are lanes and cards", async ({ page, herder }) => {
    for (const id of STRANGE) expect((await herder.chat(id)).status).toBe(200);
    await page.goto("/ui/");
    for (const id of STRANGE) await expect(lane(page, id).locator("rect[data-state=ready]")).toHaveCount(1);
    await expect(page.locator("main img")).toHaveCount(0);
    await expect(rows(page)).toHaveCount(STRANGE.length);
    const last = STRANGE[STRANGE.length - 1] ?? "";
    await page.getByRole("button", { name: `Unload ${last}` }).click();
    await expect(page.getByText("No model is loaded.")).toBeVisible();
    await lane(page, "org/x.y z").getByRole("link").click();
    await expect(page).toHaveURL(/\/ui\/models\/org%2Fx\.y%20z$/);
  });
});

test("overview: the window is in the address, and survives a reload", async ({ page, herder }) => {
  await herder.chat("orca-7b");
  await page.goto("/ui/");
  await page.getByRole("button", { name: "15 min" }).click();
  await expect(page).toHaveURL(/minutes=15/);
  await page.reload();
  await expect(page.getByRole("button", { name: "15 min" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByText("Failed within 15 min")).toBeVisible();
});

test("overview: one cursor over lanes and strips, by pointer and by keyboard", async ({ page, herder }) => {
  await herder.chat("orca-7b");
  await page.route("**/api/performance*", async (route) => {
    const samples = await (await route.fetch()).json();
    const timestamp = samples.sys_stats.at(-1)?.timestamp ?? new Date().toISOString();
    const gpu = { timestamp, id: 0, name: "Acme G1", uuid: "GPU-aa", mem_used_mb: 6144, mem_total_mb: 24576, gpu_util_pct: 37 };
    await route.fulfill({ json: { ...samples, gpu_stats: [gpu] } });
  });
  await page.goto("/ui/?minutes=15");
  const memory = page.getByRole("group", { name: "Memory", exact: true });
  await expect(memory).toContainText(/GiB of .*GiB/);
  await expect(page.getByRole("group", { name: "GPU 0 memory" })).toContainText("6.00 GiB of 24.0 GiB");
  await expect(page.getByRole("group", { name: "GPU 0 use" })).toContainText("37 %");
  const reading = page.getByTestId("reading");
  await expect(reading).toBeEmpty();
  const box = await memory.locator("svg").boundingBox();
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) - 1, (box?.y ?? 0) + 5);
  await expect(reading).toContainText(/\d\d:\d\d:\d\d · orca-7b ready · memory .* · gpu 0 memory 6.00 GiB/);
  await page.mouse.move((box?.x ?? 0) + 5, (box?.y ?? 0) + 5);
  await expect(reading).toContainText("no model");
  await page.mouse.move(5, 5);
  await expect(reading).toBeEmpty();
  const slider = page.getByRole("slider", { name: "Look at a moment" });
  await slider.focus();
  await page.keyboard.press("Home");
  await expect(slider).toHaveAttribute("aria-valuetext", /no model/);
});

test("overview: what cannot be loaded says why, and comes back", async ({ page, herder }) => {
  await swapTwo(herder);
  await page.route("**/api/residency*", (route) => route.fulfill({ status: 500, json: { error: { message: "the record is lost" } } }));
  await page.goto("/ui/");
  const failure = page.getByRole("alert").filter({ hasText: "Cannot load the residency" });
  await expect(failure).toContainText("the record is lost (HTTP 500)");
  // The rest is there.
  await expect(card(page, "vega/coder-32b")).toBeVisible();
  await page.unroute("**/api/residency*");
  await failure.getByRole("button", { name: "Try again" }).click();
  await expect(lane(page, "orca-7b")).toBeVisible();
  await expect(failure).toBeHidden();
});

test("overview: thousands of spans and swaps stay fluid", async ({ page }) => {
  const now = Date.now();
  const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString();
  const ids = Array.from({ length: 60 }, (_, i) => `model-${String(i).padStart(2, "0")}`);
  const models = ids.map((id, lag) => ({
    id,
    spans: Array.from({ length: 66 }, (_, i) => ({
      state: ["starting", "ready", "stopping"][i % 3],
      from: at(3500 - i * 50 - lag), until: at(3450 - i * 50 - lag), cause: "requested", by: null, ended: "over",
    })),
  }));
  const swaps = Array.from({ length: 1000 }, (_, i) => ({
    id: 1000 - i, began: at(i * 3), ended: at(i * 3), model: ids[i % 60], cause: "request", victims: [{ model: ids[(i + 1) % 60], stop_seconds: 0.1 }],
    explanation: "they take turns", drain_seconds: 0, waiting: 1, waited: 1, stop_seconds: 0.1, load_seconds: 1, outcome: "ready", reason: null,
  }));
  await page.route("**/api/residency*", (route) => route.fulfill({ json: { now: new Date().toISOString(), since: at(3600), models } }));
  await page.route("**/api/swaps*", (route) => route.fulfill({ json: { swaps } }));
  await page.goto("/ui/");
  await expect(page.getByText("20 more models are not drawn")).toBeVisible();
  await expect(page.getByRole("group", { name: /^Lane of/ })).toHaveCount(40);
  expect(await page.locator("rect[data-state]").count()).toBeLessThanOrEqual(40 * 66);
  expect(await marks(page).count()).toBeLessThanOrEqual(300);
  await expect(page.getByText(/earlier ones of this window are not shown/)).toBeVisible();
  // What five seconds of such a page cost, in seconds of work; 0.4 on a busy machine of two cores.
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN;
  const before = await worked();
  await page.waitForTimeout(5000);
  expect((await worked()) - before).toBeLessThan(1.5);
});

test("overview: 380 px are enough", async ({ page, herder }) => {
  await swapTwo(herder);
  void herder.chat("slowpoke").catch(() => {});
  await page.setViewportSize({ width: 380, height: 800 });
  await page.goto("/ui/");
  await expect(waiting(page)).toHaveCount(1);
  await expect(lane(page, "orca-7b")).toBeVisible();
  await expect(rows(page)).toHaveCount(3);
  const widths = await page.locator("main").evaluate((main) => [main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth]);
  expect(widths).toEqual([0, 380]);
});
