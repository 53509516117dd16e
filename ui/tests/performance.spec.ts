// The pages Performance and Hardware: the second half of case 50, and what section 11 (U16) asks for. What a machine of the gate does not
// have, such as GPUs, comes from answers of the test's own.

import type { SystemSample } from "../src/api/schema";
import { expectAccessible } from "./support/accessibility";
import { gpuSample, HARDWARE, systemSample } from "./support/samples";
import { expect, test, type Page } from "./support/test";

const chart = (page: Page, title: string) =>
  page.locator("section[data-chart]").filter({ has: page.getByRole("heading", { level: 2, name: title, exact: true }) });
const cells = (page: Page, title: string) => chart(page, title).locator("tbody tr");
const slider = (page: Page) => page.getByRole("slider", { name: "Look at a moment" });

/** Samples of the machine, so many seconds ago. */
const system = (ago: number, part?: Partial<SystemSample>) => systemSample(Date.now() - ago * 1000, part);

const gpu = (ago: number, id: number, used: number) => gpuSample(Date.now() - ago * 1000, id, { mem_used_mb: used });

/** Answers for samples; `asked` are the queries so far. */
async function stub(page: Page, answer: (after: string | null) => { sys_stats?: object[]; gpu_stats?: object[] }): Promise<string[]> {
  const asked: string[] = [];
  await page.route(/\/api\/performance(\?|$)/, async (route) => {
    const url = new URL(route.request().url());
    asked.push(url.search);
    await route.fulfill({ json: { enabled: true, sys_stats: [], gpu_stats: [], ...answer(url.searchParams.get("after")) } });
  });
  return asked;
}

/** Says to the page that it is hidden, or that it is seen again. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

test("case 50: the window and the refresh are chosen, kept, and the series advance", async ({ page }) => {
  await page.clock.install();
  await stub(page, (after) => ({ sys_stats: after === null ? [system(10)] : [system(0, { mem_used_mb: 32_768 })] }));
  await page.goto("/ui/performance");
  await expect(cells(page, "Memory")).toHaveText([/^\s*Memory\s*16\.0 GiB of 64\.0 GiB/]);
  await expect(page.getByRole("button", { name: "5 min", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByLabel("Refresh", { exact: true })).toHaveValue("5");
  await page.getByLabel("Refresh", { exact: true }).selectOption("10 s");
  await page.getByLabel("Refresh", { exact: true }).selectOption("5 s");
  await page.getByRole("button", { name: "15 min" }).click();
  await expect(page).toHaveURL(/window=15/);
  await expect(page).toHaveURL(/refresh=5/);
  await page.clock.runFor(6000);
  await expect(cells(page, "Memory")).toHaveText([/^\s*Memory\s*32\.0 GiB of 64\.0 GiB\s*16\.0 GiB\s*24\.0 GiB\s*32\.0 GiB/]);
  await page.goto("/ui/performance");
  await expect(page.getByRole("button", { name: "15 min" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByLabel("Refresh", { exact: true })).toHaveValue("5");
});

test("the machine itself: the charts of a real herder, drawn", async ({ page }) => {
  await page.goto("/ui/performance");
  for (const title of ["Memory", "Memory in use", "CPU utilization", "Load average"]) {
    await expect(chart(page, title).locator("canvas"), title).toBeVisible();
    await expect(cells(page, title).first().getByRole("cell").first(), title).toHaveText(/\d/);
  }
  const isDrawn = await chart(page, "Memory").locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value !== 0);
  });
  expect(isDrawn).toBe(true);
});

test("GPUs of one name are told apart, with amounts of memory, and nothing is drawn twice", async ({ page }) => {
  // The GPUs are always looked at later than the machine, and come again with each answer.
  const looks = [gpu(20, 0, 5120), gpu(20, 1, 10_240), gpu(1, 0, 6144), gpu(1, 1, 12_288)];
  const asked = await stub(page, () => ({ sys_stats: [system(21), system(2)], gpu_stats: looks }));
  await page.goto("/ui/performance");
  const memory = [
    /^\s*GPU 0: Acme G1\s*6\.00 GiB of 24\.0 GiB\s*5\.00 GiB\s*5\.50 GiB\s*6\.00 GiB\s*$/,
    /^\s*GPU 1: Acme G1\s*12\.0 GiB of 24\.0 GiB\s*10\.0 GiB\s*11\.0 GiB\s*12\.0 GiB\s*$/,
  ];
  await expect(cells(page, "GPU memory")).toHaveText(memory);
  for (const title of ["GPU utilization", "GPU memory in use", "GPU temperature", "GPU power draw", "GPU fan"]) {
    await expect(cells(page, title), title).toHaveCount(2);
  }
  await expect(chart(page, "GPU memory temperature")).toHaveCount(0);
  await expect(cells(page, "GPU power draw").first()).toContainText("112 W");
  await expect.poll(() => asked.length).toBeGreaterThan(1);
  await expect(cells(page, "GPU memory")).toHaveText(memory);
  await expectAccessible(page, "the charts of GPUs");
});

test("a counter that begins anew gives no rate below zero", async ({ page }) => {
  const network = (bytes_recv: number, bytes_sent: number) => ({ net_io: [{ name: "eth0", bytes_recv, bytes_sent }] });
  const samples = [system(16, network(6_250_000, 0)), system(11, network(100, 0)), system(6, network(6_250_100, 0))];
  await stub(page, () => ({ sys_stats: samples }));
  await page.goto("/ui/performance");
  await expect(cells(page, "Network")).toHaveText([
    /^\s*eth0 in\s*10 Mbit\/s\s*10 Mbit\/s\s*10 Mbit\/s\s*10 Mbit\/s\s*$/,
    /^\s*eth0 out(\s*0\.00 Mbit\/s){4}\s*$/,
  ]);
});

test("a moment is common to all charts, by pointer and by keyboard", async ({ page }) => {
  await stub(page, () => ({ sys_stats: Array.from({ length: 50 }, (_, at) => system(250 - at * 5, { mem_used_mb: 1024 * (at + 1) })) }));
  await page.goto("/ui/performance");
  await page.getByLabel("Refresh", { exact: true }).selectOption("Off");
  const head = (title: string) => chart(page, title).getByRole("columnheader").nth(1);
  await expect(head("Load average")).toHaveText("Newest");
  const plot = chart(page, "Memory").locator(".u-over");
  await plot.hover();
  await expect(head("Load average")).toHaveText(/^\d\d:\d\d:\d\d$/);
  await expect(page.getByTestId("reading")).toHaveText((await head("Memory").textContent()) ?? "");
  await expect(cells(page, "Memory")).not.toHaveText([/^\s*Memory\s*50\.0 GiB/]);
  await expect(chart(page, "Load average").locator(".u-cursor-x")).toBeVisible();
  await page.mouse.move(0, 0);
  await expect(head("Load average")).toHaveText("Newest");
  await slider(page).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("PageUp");
  await expect(head("Memory")).toHaveText(/^\d\d:\d\d:\d\d$/);
  await expect(slider(page)).toHaveAttribute("aria-valuetext", (await head("Memory").textContent()) ?? "");
  await page.keyboard.press("Escape");
  await expect(head("Memory")).toHaveText("Newest");
});

test("dragging zooms all charts, and there is a way back", async ({ page }) => {
  await stub(page, () => ({ sys_stats: Array.from({ length: 60 }, (_, at) => system(300 - at * 5, { mem_used_mb: 1024 * (at + 1) })) }));
  await page.goto("/ui/performance");
  await page.getByLabel("Refresh", { exact: true }).selectOption("Off");
  const reset = page.getByRole("button", { name: "Reset zoom" });
  await expect(reset).toBeDisabled();
  const lowest = cells(page, "Memory").getByRole("cell").nth(1);
  const before = await lowest.textContent();
  const box = (await chart(page, "Load average").locator(".u-over").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect(reset).toBeEnabled();
  await expect(lowest).toHaveText(/^(2[89]|3[0-2])\.0 GiB$/);
  await page.getByRole("button", { name: "Zoom out" }).click();
  await expect(lowest).not.toHaveText(/^(2[89]|3[0-2])\.0 GiB$/);
  await reset.click();
  await expect(reset).toBeDisabled();
  await expect(lowest).toHaveText(before ?? "");
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect(reset).toBeEnabled();
});

test("a hidden page asks nothing, and looks at everything when it is seen again", async ({ page }) => {
  await page.clock.install();
  const asked = await stub(page, () => ({ sys_stats: [system(1)] }));
  await page.goto("/ui/performance");
  await expect(cells(page, "Memory")).toHaveCount(1);
  await page.clock.runFor(6000);
  await expect.poll(() => asked.length).toBe(2);
  expect(asked.map((query) => query.startsWith("?after="))).toEqual([false, true]);
  await setHidden(page, true);
  await page.clock.runFor(60_000);
  expect(asked).toHaveLength(2);
  await setHidden(page, false);
  await expect.poll(() => asked.length).toBe(3);
  expect(asked[2]).toBe("");
});

test("with refresh off nothing is asked until the person wants it", async ({ page }) => {
  await page.clock.install();
  const asked = await stub(page, () => ({ sys_stats: [system(1)] }));
  await page.goto("/ui/performance?refresh=0");
  await expect(cells(page, "Memory")).toHaveCount(1);
  await page.clock.runFor(120_000);
  expect(asked).toHaveLength(1);
  await page.getByRole("button", { name: "Refresh now" }).click();
  await expect.poll(() => asked.length).toBe(2);
});

test("loads and unloads are marked, speeds of models are drawn", async ({ page, herder }) => {
  const timings = { prompt_n: 5, prompt_ms: 50, prompt_per_second: 100, predicted_n: 20, predicted_ms: 500, predicted_per_second: 40 };
  herder.script("orca-7b", "/v1/chat/completions", {
    chunks: [
      { text: `data: ${JSON.stringify({ choices: [{ delta: { content: "Hi" } }] })}\n\n` },
      { text: `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 20 }, timings })}\n\ndata: [DONE]\n\n` },
    ],
  });
  await (await herder.chat("orca-7b", "Hello", { stream: true })).text();
  await herder.request("/api/models/unload/orca-7b", { method: "POST" });
  await page.goto("/ui/performance");
  await expect(cells(page, "Tokens per second")).toHaveText([/^\s*orca-7b\s*40\.0 t\/s/]);
  await expect(cells(page, "Time to first token")).toHaveText([/^\s*orca-7b\s*\d/]);
  // The marks are at the newest end: the slider finds what they mean.
  await page.getByLabel("Refresh", { exact: true }).selectOption("Off");
  await slider(page).focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByTestId("reading")).toContainText("orca-7b");
});

test.describe("without monitoring", () => {
  test.use({ config: "performance: {disabled: true}\nmodels: {}" });

  test("monitoring that is off says how to switch it on", async ({ page }) => {
    await page.goto("/ui/performance");
    const notice = page.getByRole("status").filter({ hasText: "Monitoring is off" });
    await expect(notice).toContainText("take disabled: true out of performance in the configuration");
    await expect(chart(page, "Memory")).toHaveCount(0);
    await expect(chart(page, "Tokens per second")).toContainText("No request that tells it ended in this time.");
  });
});

test("a herder that has measured nothing yet says so", async ({ page }) => {
  await stub(page, () => ({}));
  await page.goto("/ui/performance");
  await expect(page.getByRole("status").filter({ hasText: "Nothing has been measured yet" })).toBeVisible();
});

test("samples that cannot be had: herder's words, and another attempt; what is there stays", async ({ page }) => {
  await page.clock.install();
  let isBroken = false;
  await stub(page, () => ({ sys_stats: [system(1)] }));
  await page.route(/\/api\/performance(\?|$)/, async (route) => {
    if (isBroken) await route.fulfill({ status: 500, json: { error: { message: "no disk left" } } });
    else await route.fallback();
  });
  await page.goto("/ui/performance");
  await expect(cells(page, "Memory")).toHaveCount(1);
  isBroken = true;
  await page.clock.runFor(6000);
  const alert = page.getByRole("alert").filter({ hasText: "Cannot load the samples: no disk left (HTTP 500)" });
  await expect(alert).toBeVisible();
  await expect(cells(page, "Memory")).toHaveCount(1);
  await expect(page.locator(".stale").filter({ has: chart(page, "Memory") })).toHaveCount(1);
  isBroken = false;
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toHaveCount(0);
});

for (const path of ["/ui/performance", "/ui/hardware"]) {
  test(`${path} fits a narrow screen`, async ({ page }) => {
    await page.setViewportSize({ width: 380, height: 800 });
    await stub(page, () => ({ sys_stats: [system(20), system(1)], gpu_stats: [gpu(1, 0, 5120)] }));
    await page.goto(path);
    await expect(page.locator("main").getByRole("heading", { level: 2 }).first()).toBeVisible();
    const wide = await page.locator("main").evaluate((main) => main.scrollWidth - main.clientWidth);
    expect(wide).toBe(0);
  });
}

test.describe("hardware", () => {
  const known = { ...HARDWARE, accelerators: HARDWARE.accelerators.map((accelerator) => ({ ...accelerator, model: null })) };

  test("the hardware as cards and as text to copy", async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.route("**/api/hardware", (route) => route.fulfill({ json: known }));
    await page.goto("/ui/hardware");
    await expect(page.getByRole("heading", { level: 2 })).toHaveText(["System", "CPU", "Accelerators (1)"]);
    const accelerator = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "GPU 1" }) });
    await expect(accelerator).toContainText("24.0 GiB, dedicated");
    await expect(accelerator).toContainText("Not detected");
    await page.getByRole("tab", { name: "Overview" }).focus();
    await page.keyboard.press("ArrowRight");
    await expect(page).toHaveURL(/tab=text/);
    const text = page.getByRole("region", { name: "The hardware as text" });
    await expect(text).toContainText("Environment: Container (docker)");
    await page.getByRole("button", { name: "Copy" }).click();
    await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await text.textContent());
    await expectAccessible(page, "the hardware as text");
  });

  test("the hardware of this machine", async ({ page }) => {
    await page.goto("/ui/hardware");
    await expect(page.getByRole("heading", { level: 2, name: "System" })).toBeVisible();
    await expect(page.locator("main")).toContainText(/\d GiB/);
  });

  test("hardware that was not detected: herder's words, and another attempt", async ({ page }) => {
    let isReady = false;
    await page.route("**/api/hardware", (route) =>
      isReady ? route.fulfill({ json: known }) : route.fulfill({ status: 503, json: { error: { message: "hardware detection unavailable" } } }),
    );
    await page.goto("/ui/hardware");
    const alert = page.getByRole("alert").filter({ hasText: "hardware detection unavailable (HTTP 503)" });
    await expect(alert).toBeVisible();
    isReady = true;
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { level: 2, name: "CPU" })).toBeVisible();
  });
});
