// The Activity page: cases 44 to 49 of spec/ui.md section 10, and what a page of strangers' data must withstand.

import { readFileSync } from "node:fs";
import { expect, test, type Herder, type Page } from "./support/test";

const CHAT = "/v1/chat/completions";

const finished = (page: Page) => page.getByRole("region", { name: "Finished requests" });
const rows = (page: Page) => finished(page).locator("tbody tr");
const open = (page: Page) => page.getByRole("region", { name: "Open requests" });
const ids = (page: Page) => rows(page).locator("td:first-child").allTextContents();
/** So many requests one after the other; each is a row when this returns. */
async function finish(herder: Herder, count: number, model = "orca-7b"): Promise<void> {
  const before: number = (await herder.json("/api/metrics/activity")).total;
  for (let at = 0; at < count; at += 1) await herder.chat(model);
  await expect.poll(async () => (await herder.json("/api/metrics/activity")).total).toBe(before + count);
}
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (value: object): string => event({ choices: [{ index: 0, delta: value }] });

test("case 44: an open request ticks and grows, and becomes the first row", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, {
    chunks: [{ text: delta({ content: "one" }) }, { text: delta({ content: "two" }), delayMs: 3000 }, { text: "data: [DONE]\n\n" }],
    hold: true,
  });
  await page.goto("/ui/activity");
  await expect(page.getByText("No request is open.")).toBeVisible();
  await expect(finished(page)).toContainText("No request has ended yet.");
  const answer = herder.chat("orca-7b", "Hello", { stream: true });
  const row = open(page).locator("tbody tr");
  await expect(row).toHaveCount(1);
  await expect(row).toContainText("orca-7b");
  await expect(row).toContainText(`POST ${CHAT}`);
  await expect(row).toContainText("127.0.0.1");
  await expect(row).toContainText("streaming");
  const elapsed = row.locator("td").nth(2);
  const size = row.locator("td").nth(6);
  const [sizeBefore, elapsedBefore] = [await size.textContent(), await elapsed.textContent()];
  await expect(size).not.toHaveText(sizeBefore ?? "");
  await expect(elapsed).not.toHaveText(elapsedBefore ?? "");
  herder.release("orca-7b");
  expect((await answer).status).toBe(200);
  await expect(page.getByText("No request is open.")).toBeVisible();
  await expect(rows(page).first().locator("td").first()).toHaveText("1");
  await expect(rows(page).first()).toContainText("200 ok");
});

test("an open request says where it is: loading, waiting, queued, streaming", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, { chunks: [{ text: "data: [DONE]\n\n" }], hold: true });
  await page.goto("/ui/activity");
  const slow = herder.chat("slowpoke");
  await expect(open(page).locator("tbody tr", { hasText: "slowpoke" })).toContainText("loading");
  await slow;
  const [first, second] = [herder.chat("orca-7b"), herder.chat("orca-7b")];
  await expect(open(page).locator("tbody tr", { hasText: "waiting" })).toHaveCount(2);
  // Another model has to wait until this one has nothing to do.
  const third = herder.chat("vega/coder-32b");
  await expect(open(page).locator("tbody tr", { hasText: "vega/coder-32b" })).toContainText("queued");
  await expect.poll(() => herder.received("orca-7b").length).toBe(2);
  herder.release("orca-7b");
  await Promise.all([first, second, third]);
  await expect(page.getByText("No request is open.")).toBeVisible();
});

test("case 45: Cancel ends the request of the client", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, { body: {}, hold: true });
  await page.goto("/ui/activity");
  const answer = herder.chat("orca-7b").then(
    (response) => response.status,
    () => 0,
  );
  await expect.poll(() => herder.received("orca-7b").length).toBe(1);
  await page.getByRole("button", { name: /Cancel request \d+ to orca-7b/ }).click();
  await expect(page.getByText("No request is open.")).toBeVisible();
  expect(await answer).not.toBe(200);
  await expect.poll(() => herder.received("orca-7b").at(-1)?.aborted).toBe(true);
});

test("why a request was not cancelled stands at its row", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, { body: {}, hold: true });
  await page.route("**/api/inflight/*/cancel", (route) => route.fulfill({ status: 500, json: { error: { message: "no <b>way</b>" } } }));
  await page.goto("/ui/activity");
  const answer = herder.chat("orca-7b");
  const cancel = page.getByRole("button", { name: /Cancel request/ });
  await cancel.click();
  await expect(open(page).getByRole("alert")).toContainText("was not cancelled: no <b>way</b> (HTTP 500)");
  await expect(cancel).toBeEnabled();
  await expect.poll(() => herder.received("orca-7b").length).toBe(1);
  herder.release("orca-7b");
  await answer;
});

test("case 46: order and pages are in the address, each is one question, and page 2 does not jump", async ({ page, herder }) => {
  await finish(herder, 12);
  await page.goto("/ui/activity?rows=10");
  await expect(rows(page)).toHaveCount(10);
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/metrics/activity")) asked.push(new URL(request.url()).search);
  });
  const heading = finished(page).getByRole("columnheader", { name: "Duration" });
  await heading.getByRole("button").click();
  await expect(heading).toHaveAttribute("aria-sort", "ascending");
  await expect.poll(() => asked.length).toBe(1);
  await heading.getByRole("button").click();
  await expect(heading).toHaveAttribute("aria-sort", "descending");
  await expect.poll(() => asked.length).toBe(2);
  await page.getByRole("button", { name: "Page 2", exact: true }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByText("Page 2 of 2 · 12 total")).toBeVisible();
  expect(asked).toHaveLength(3);
  expect(asked[2]).toContain("sort=duration&order=desc&page=2&limit=10");
  await expect(page).toHaveURL(/rows=10.*sort=duration&order=desc&page=2/);
  const before = await ids(page);
  await finish(herder, 2);
  await expect(page.getByRole("button", { name: "2 new, to page 1" })).toBeVisible();
  expect(await ids(page)).toEqual(before);
  expect(asked).toHaveLength(3);
  await page.reload();
  await expect(heading).toHaveAttribute("aria-sort", "descending");
  await expect(page.getByText("Page 2 of 2 · 14 total")).toBeVisible();
  await page.goBack();
  await expect(page.getByText("Page 1 of 2 · 14 total")).toBeVisible();
});

test("case 47: filters by ID, model, status and time; a failed row says why", async ({ page, herder }) => {
  await finish(herder, 3);
  await finish(herder, 1, "broken");
  await page.goto("/ui/activity");
  await expect(rows(page)).toHaveCount(4);
  await expect(page.getByTestId("filter-marker")).toHaveCount(0);
  await page.getByRole("button", { name: "Filters" }).click();
  const filters = page.getByRole("form", { name: "Filters" });
  await filters.getByLabel("ID from").fill("2");
  await filters.getByLabel("ID to").fill("3");
  await filters.getByLabel("ID to").press("Tab");
  await expect.poll(() => ids(page)).toEqual(["3", "2"]);
  await expect(page.getByTestId("filter-marker")).toBeVisible();
  await expect(page).toHaveURL(/from_id=2&to_id=3/);
  await filters.getByLabel("ID from").fill("9");
  await filters.getByLabel("ID from").press("Tab");
  await expect(page.getByText("The first ID is larger than the last.")).toBeVisible();
  await filters.getByRole("button", { name: "Clear" }).click();
  await expect(rows(page)).toHaveCount(4);
  await filters.getByLabel("Status").selectOption("failed");
  await expect.poll(() => ids(page)).toEqual(["4"]);
  await expect(rows(page).first()).toContainText("502 server error");
  const { data } = await herder.json("/api/metrics/activity?status=failed");
  expect(data[0].error_msg).not.toBe("");
  await expect(rows(page).first()).toContainText(data[0].error_msg);
  await filters.getByLabel("Model").fill("orca-7b");
  await filters.getByLabel("Model").press("Enter");
  await expect(finished(page)).toContainText("No request passes the filters.");
  await filters.getByLabel("Status").selectOption("");
  await expect.poll(() => ids(page)).toEqual(["3", "2", "1"]);
  await expect(page.getByRole("heading", { name: "Totals of orca-7b" })).toBeVisible();
  await filters.getByLabel("Time").selectOption("60");
  await expect.poll(() => ids(page)).toEqual(["3", "2", "1"]);
  await filters.getByLabel("Time").selectOption("between");
  await filters.getByLabel("To", { exact: true }).fill("2020-01-01T00:00:00");
  await filters.getByLabel("To", { exact: true }).press("Tab");
  await expect(finished(page)).toContainText("No request passes the filters.");
  await page.reload();
  await expect(finished(page)).toContainText("No request passes the filters.");
});

test("case 48: columns are hidden and moved, stay so, and are what is exported", async ({ page, herder }) => {
  await finish(herder, 2);
  await page.goto("/ui/activity");
  await page.getByRole("button", { name: "Columns", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Columns" });
  await dialog.getByRole("checkbox", { name: "Cached" }).uncheck();
  // By keyboard: the button keeps the focus while its column moves.
  const up = dialog.getByRole("button", { name: "Move Duration up" });
  await up.focus();
  for (let place = 11; place > 0; place -= 1) {
    await page.keyboard.press("Enter");
    await expect(dialog.getByText(`Duration is column ${place + 1} of 18`)).toBeAttached();
  }
  await expect(up).toBeFocused();
  // And with the mouse.
  await dialog.getByRole("listitem").filter({ hasText: "Duration" }).dragTo(dialog.getByRole("listitem").first());
  await dialog.getByRole("button", { name: "Done" }).click();
  const headings = finished(page).getByRole("columnheader");
  const expected = ["Duration", "ID ▼", "Time", "Model", "Status", "Prompt", "Generated", "Prefill", "Decode", "Capture"];
  await expect(headings).toHaveText(expected);
  await page.reload();
  await expect(headings).toHaveText(expected);
  await page.getByRole("button", { name: "Export" }).click();
  const preview = page.getByLabel("Preview");
  const columns = "| Duration | ID | Time | Model | Status | Prompt | Generated | Prefill | Decode |";
  await expect(preview).toHaveValue(new RegExp(columns.replaceAll("|", "\\|")));
  await page.getByLabel("Format").selectOption("csv");
  await expect(preview).toHaveValue(/^Duration \(ms\),ID,Time,Model,Status,Prompt,/);
  await page.getByLabel("Format").selectOption("json");
  await page.getByRole("combobox", { name: "Requests" }).selectOption("all");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  expect(download.suggestedFilename()).toBe("requests.json");
  const { data } = await herder.json("/api/metrics/activity");
  expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual(data);
});

test("the whole selection is exported, page by page", async ({ page, herder }) => {
  await finish(herder, 12);
  await page.goto("/ui/activity?rows=10&from_id=2");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByLabel("Format").selectOption("csv");
  await expect(page.getByRole("combobox", { name: "Requests" })).toContainText("this page (10)");
  await page.getByRole("combobox", { name: "Requests" }).selectOption("all");
  await expect.poll(async () => (await page.getByLabel("Preview").inputValue()).trim().split("\n").length).toBe(12);
});

test("case 49: View shows headers without secrets, the request and the answer put together", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, {
    chunks: [{ text: delta({ reasoning_content: "Let me see." }) }, { text: delta({ content: "It is " }), delayMs: 50 }, { text: delta({ content: "42." }) }, { text: "data: [DONE]\n\n" }],
  });
  await herder.request(CHAT, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer very-secret", "x-note": "<img src=x onerror=alert(1)>" },
    body: JSON.stringify({ model: "chatty", stream: true, messages: [{ role: "user", content: "What is it?" }] }),
  });
  await page.goto("/ui/activity");
  await page.getByRole("button", { name: "View request 1" }).click();
  const dialog = page.getByRole("dialog", { name: "Request 1" });
  await expect(page).toHaveURL(/capture=1/);
  await expect(dialog.getByText("[REDACTED]")).toBeVisible();
  await expect(dialog.getByText("<img src=x onerror=alert(1)>")).toBeVisible();
  await expect(dialog.getByText("very-secret")).toHaveCount(0);
  for (const part of ["queue and load", "prompt", "generation"]) {
    await expect(dialog.getByRole("list", { name: "Where the time went" }).getByText(part)).toBeVisible();
  }
  await expect(dialog.getByLabel("Text of the request")).toContainText('"content": "What is it?"');
  await expect(dialog.getByText("It is 42.")).toBeVisible();
  await expect(dialog.getByText("Let me see.")).toBeVisible();
  await dialog.getByRole("tablist", { name: "View of the answer" }).getByRole("tab", { name: "Raw" }).click();
  await expect(dialog.getByLabel("Text of the answer")).toContainText('data: {"choices":');
  // The link works by itself, and Escape leads away from it.
  await page.reload();
  await expect(dialog.getByText("It is 42.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(page).not.toHaveURL(/capture/);
});

test("case 49: a capture that is gone is not available, whatever the row said", async ({ page, herder }) => {
  await finish(herder, 1);
  await page.route("**/api/captures/1", (route) => route.fulfill({ status: 404, json: { error: { message: "capture not found" } } }));
  await page.goto("/ui/activity");
  await page.getByRole("button", { name: "View request 1" }).click();
  await expect(page.getByRole("dialog")).toContainText("The capture is not available. It may have expired");
  await page.goto("/ui/activity?capture=77");
  await expect(page.getByRole("dialog")).toContainText("There is no request 77 any more");
  await expect(page.getByRole("dialog")).toContainText("The capture is not available.");
});

test("a captured request is copied as curl, under the client's name of the model", async ({ page, herder, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  herder.script("vega/coder-32b", CHAT, { body: {} });
  await herder.request(CHAT, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "very-secret" },
    body: JSON.stringify({ model: "vega/coder-32b", messages: [{ role: "user", content: "it's" }] }),
  });
  await page.goto("/ui/activity");
  await page.getByRole("button", { name: "View request 1" }).click();
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  expect(command).toContain(`curl '${new URL(page.url()).origin}${CHAT}'`);
  expect(command).toContain('-H "Authorization: Bearer $HERDER_API_KEY"');
  expect(command).toContain('"model":"vega/coder-32b"');
  expect(command).toContain("it'\\''s");
  expect(command).not.toContain("very-secret");
});

test("an error of a stranger is text", async ({ page, herder }) => {
  const message = '<script>document.title="taken"</script><img src=x onerror=alert(1)>';
  herder.script("orca-7b", CHAT, { status: 400, body: { error: { message } } });
  await finish(herder, 1);
  await page.goto("/ui/activity?capture=1");
  await expect(page.getByRole("dialog").getByText(message)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(rows(page).first()).toContainText(message);
  await expect(rows(page).first()).toContainText("400 refused");
  await expect(page).toHaveTitle(/Activity/);
  expect(await page.locator("main img").count()).toBe(0);
});

test("a capture of 10 MB stays usable", async ({ page, herder }) => {
  const one = delta({ content: "word ".repeat(100) });
  const stream = `${one.repeat(Math.ceil((10 * 1024 * 1024) / one.length))}data: [DONE]\n\n`;
  herder.script("orca-7b", CHAT, { chunks: [{ text: stream }] });
  await (await herder.chat("orca-7b", "Hello", { stream: true })).text();
  await page.goto("/ui/activity?capture=1");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText(/more characters are in the raw text/)).toBeVisible();
  await dialog.getByRole("tablist", { name: "View of the answer" }).getByRole("tab", { name: "Raw" }).click();
  await expect(dialog.getByText(/The first 200000 characters; \d+ more are in the download/)).toBeVisible();
  const answer = dialog.locator("details", { hasText: "Response body" });
  const [download] = await Promise.all([page.waitForEvent("download"), answer.getByRole("button", { name: "Download" }).click()]);
  expect(readFileSync(await download.path(), "utf8")).toBe(stream);
});

test("what cannot be loaded says why and is tried again", async ({ page, herder }) => {
  await finish(herder, 1);
  let isBroken = true;
  await page.route("**/api/metrics/activity?*", (route) => (isBroken ? route.fulfill({ status: 500, json: { error: { message: "the disk is full" } } }) : route.continue()));
  await page.goto("/ui/activity");
  const failure = page.getByRole("alert");
  await expect(failure).toContainText("Cannot load requests: the disk is full (HTTP 500)");
  isBroken = false;
  await failure.getByRole("button", { name: "Try again" }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(failure).toHaveCount(0);
});

test("speeds are drawn and told", async ({ page, herder }) => {
  await finish(herder, 2);
  await page.goto("/ui/activity");
  await expect(page.getByRole("img", { name: "Prompt speed: 2 requests from 200 to 200 tokens per second, p50 200, p95 200, p99 200" })).toBeVisible();
  await expect(page.getByRole("img", { name: /^Generation speed: 2 requests from 40.0 to 40.0/ })).toBeVisible();
});

test("a narrow screen has nothing beside it", async ({ page, herder }) => {
  await finish(herder, 1);
  await page.setViewportSize({ width: 380, height: 800 });
  for (const path of ["/ui/activity", "/ui/activity?capture=1"]) {
    await page.goto(path);
    await expect(page.getByText("1 total")).toBeVisible();
    expect(await page.evaluate(() => document.querySelector("main")!.scrollWidth - document.querySelector("main")!.clientWidth)).toBeLessThanOrEqual(0);
  }
});

test("the page of a model has its own requests only, with the same links", async ({ page, herder }) => {
  await finish(herder, 1);
  await finish(herder, 1, "vega/coder-32b");
  await page.goto("/ui/models/vega%2Fcoder-32b?tab=activity");
  await expect.poll(() => ids(page)).toEqual(["2"]);
  await expect(finished(page).getByRole("columnheader", { name: "Model" })).toHaveCount(0);
  await page.getByRole("button", { name: "Filters" }).click();
  await expect(page.getByRole("form", { name: "Filters" }).getByLabel("Model")).toHaveCount(0);
  await page.getByRole("button", { name: "View request 2" }).click();
  await expect(page).toHaveURL(/vega%2Fcoder-32b\?tab=activity&capture=2/);
  await expect(page.getByRole("dialog", { name: "Request 2" })).toContainText("vega/coder-32b");
});
