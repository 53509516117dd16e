// The page of logs: what it shows of a log, that nothing is lost or shown twice whatever happens to the connection, and that nothing in a
// log is more than text.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectAccessible } from "./support/accessibility";
import { expect, test, type Herder, type Page } from "./support/test";

/** A model that is a demo model of herder, and that writes what stands in a file before it. */
const CONFIG = `
models:
  talker: {cmd: "sh -c 'cat @FILE@; exec @HERDER@ demo-model --port \${PORT}'", checkEndpoint: /health}
  other/one: {cmd: "@MODEL@"}
peers: {attic: {proxy: "http://@PEERS@", models: [far]}}
`;

const pane = (page: Page, name: string) => page.getByRole("region", { name: `Log of ${name}`, exact: true });
const lines = (page: Page, name: string) => page.getByRole("log", { name: `Lines of ${name}`, exact: true }).locator(".line");
const textsOf = (page: Page, name: string) => lines(page, name).allTextContents();
const connected = (page: Page) => expect(page.getByTestId("connection")).toHaveText("connected");

/** Has herder write a line of its own with such a text in it. */
const say = async (herder: Herder, text: string) => {
  await herder.request(`/v1/said-${text}`);
};
const said = (texts: string[]): string[] => texts.flatMap((text) => /said-(\w+)/.exec(text)?.[1] ?? []);
const numbered = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, at) => `n${from + at}x`);

test.describe("the log of a model", () => {
  test.use({ config: "models: {}" });

  /** Loads a model that writes a text first. */
  async function load(herder: Herder, text: string): Promise<void> {
    const file = join(herder.folder, "said.txt");
    writeFileSync(file, text);
    await herder.writeConfig(CONFIG.replace("@FILE@", () => file));
    expect((await herder.request("/upstream/talker/health")).status).toBe(200);
  }

  test("case 50: colours are shown, and markup in a log is text", async ({ page, herder }) => {
    await load(herder, "\x1b[1;31mred\x1b[0m plain\n<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>\n\x1b[38;2;10;20;30mtrue\x1b[0m\n");
    await page.goto("/ui/logs?source=model:talker");
    await expect(lines(page, "talker").nth(1)).toHaveText("<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>");
    const red = lines(page, "talker").nth(0).locator("span");
    await expect(red).toHaveText("red");
    await expect(red).toHaveCSS("font-weight", "700");
    await expect(red).toHaveCSS("color", "rgb(190, 40, 35)");
    await expect(lines(page, "talker").locator("img, script")).toHaveCount(0);
    await expect(page).not.toHaveTitle(/run/);
    await expectAccessible(page, "a log with colours");
    await page.emulateMedia({ colorScheme: "dark" });
    await expect(page.locator("html")).toHaveClass("dark");
    await expectAccessible(page, "a log with colours, dark");
  });

  test("case 12: a reload leaves the open log of a model as it is, and the log goes on", async ({ page, herder }) => {
    await load(herder, "first\n");
    await page.goto("/ui/logs?source=model:talker");
    await expect(lines(page, "talker").filter({ hasText: "first" })).toHaveCount(1);
    const file = join(herder.folder, "said.txt");
    await herder.writeConfig(`${CONFIG.replace("@FILE@", () => file)}\nprofiles: {late: {description: new, pins: {x: talker}}}`);
    await expect(page.getByLabel("Profile")).toBeVisible();
    writeFileSync(file, "second\n");
    await herder.json("/api/models/unload", { method: "POST" }).catch(() => undefined);
    expect((await herder.request("/upstream/talker/health")).status).toBe(200);
    await expect(lines(page, "talker").filter({ hasText: "second" })).toHaveCount(1);
    await expect(lines(page, "talker").filter({ hasText: "first" })).toHaveCount(1);
    await expect(pane(page, "talker").getByRole("alert")).toHaveCount(0);
  });

  test("bad input: a line of 10 MB is cut, says so, and the page stays fluid", async ({ page, herder, wire }) => {
    await load(herder, "first\n");
    await page.goto(`${wire.url}/ui/logs?source=model:talker`);
    await expect(lines(page, "talker").first()).toHaveText("first");
    const event = (data: string) => `data: ${JSON.stringify({ type: "logData", data: JSON.stringify({ source: "model:talker", data, cursor: "x.1", continues: true }) })}\n\n`;
    const before = (await textsOf(page, "talker")).length;
    for (let piece = 0; piece < 160; piece += 1) wire.inject(event("y".repeat(65_536)));
    wire.inject(event("\nafter\n"));
    await expect(lines(page, "talker").last()).toHaveText("after");
    await expect(lines(page, "talker").nth(before)).toContainText(`… ${(160 * 65_536 - 20_000).toLocaleString("en")} more characters of this line are not shown`);
    // A click is answered at once: the page does not grind on.
    await pane(page, "talker").getByRole("button", { name: "Wrap" }).click({ timeout: 5000 });
    await expect(pane(page, "talker").getByRole("button", { name: "Wrap" })).toHaveAttribute("aria-pressed", "true");
  });

  test("logs of models by their names, of peers, and of models that are not there", async ({ page, herder }) => {
    await load(herder, "hello\n");
    await page.goto("/ui/logs?source=proxy");
    await page.getByLabel("Log", { exact: true }).selectOption("model:talker");
    await expect(lines(page, "talker").filter({ hasText: "hello" })).toHaveCount(1);
    await expect(page).toHaveURL(/source=model%3Atalker/);
    await page.getByLabel("Log", { exact: true }).selectOption("model:other/one");
    await expect(page.getByRole("log", { name: "Lines of other/one" })).toContainText("Nothing has been written yet.");
    await page.goBack();
    await expect(lines(page, "talker").filter({ hasText: "hello" })).toHaveCount(1);
    await page.goto("/ui/logs?source=model:attic/far");
    await expect(page.locator("main")).toContainText("herder has no log of attic/far: its process belongs to the peer attic.");
    await page.goto("/ui/logs?source=model:no such");
    await expect(page.locator("main")).toContainText("There is no model no such.");
  });
});

test("case 50: filter, wrap, size, and a hint of new lines when scrolled up", async ({ page, herder }) => {
  for (const text of numbered(1, 60)) await say(herder, text);
  await page.goto("/ui/logs?source=proxy");
  await expect(lines(page, "herder").filter({ hasText: "said-n60x" })).toBeVisible();
  const log = page.getByRole("log", { name: "Lines of herder" });
  const isAtEnd = () => log.evaluate((frame) => frame.scrollHeight - frame.clientHeight - frame.scrollTop < 40);
  await expect.poll(isAtEnd).toBe(true);

  await pane(page, "herder").getByRole("button", { name: "Wrap" }).click();
  await expect(log.locator(".lines")).toHaveCSS("white-space", "pre-wrap");
  await page.getByLabel("Size of the text").selectOption("18 px");
  await expect(log.locator(".lines")).toHaveCSS("font-size", "18px");
  await expect.poll(isAtEnd).toBe(true);

  await log.evaluate((frame) => frame.scrollTo(0, 0));
  await say(herder, "n61x");
  await expect(pane(page, "herder").getByRole("button", { name: "1 new line ↓" })).toBeVisible();
  await expect(pane(page, "herder").getByRole("status").filter({ hasText: "New lines" })).toHaveCount(1);
  expect(await log.evaluate((frame) => frame.scrollTop)).toBe(0);
  await pane(page, "herder").getByRole("button", { name: "1 new line ↓" }).click();
  await expect.poll(isAtEnd).toBe(true);

  const filter = page.getByRole("searchbox", { name: "Filter lines" });
  await filter.fill("SAID-n1\\dx");
  await expect(lines(page, "herder")).toHaveCount(10);
  await expect(lines(page, "herder").locator("mark")).toHaveText(Array.from({ length: 10 }, (_, at) => `said-n1${at}x`));
  await expect(pane(page, "herder")).toContainText("10 matches in 10 of ");
  await expect(page).toHaveURL(/filter=SAID/);
  await filter.fill("(");
  await expect(pane(page, "herder")).toContainText("This is no regular expression");
  await expect(lines(page, "herder").filter({ hasText: "said-n61x" })).toHaveCount(1);
  await filter.fill("");
  await page.getByLabel("Level").selectOption("ERROR");
  await expect(log).toContainText("No line passes the filter.");
  await page.reload();
  await expect(log.locator(".lines")).toHaveCSS("font-size", "18px");
  await expect(log.locator(".lines")).toHaveCSS("white-space", "pre-wrap");
});

test("a held view stays as it is until it goes on; clear, copy and save", async ({ page, herder, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/ui/logs?source=proxy");
  await say(herder, "before");
  await expect(lines(page, "herder").filter({ hasText: "said-before" })).toHaveCount(1);
  await page.getByRole("button", { name: "Pause" }).click();
  await say(herder, "later");
  await expect(page.getByRole("button", { name: "1 new line ↓" })).toBeVisible();
  expect(said(await textsOf(page, "herder"))).toEqual(["before"]);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect.poll(async () => said(await textsOf(page, "herder"))).toEqual(["before", "later"]);

  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(said((await page.evaluate(() => navigator.clipboard.readText())).split("\n"))).toEqual(["before", "later"]);
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save" }).click();
  expect((await saving).suggestedFilename()).toMatch(/^herder-.*\.log$/);

  await page.getByRole("button", { name: "Clear" }).click();
  await expect(page.getByRole("log")).toContainText("Nothing has been written yet.");
  await say(herder, "after");
  await expect.poll(async () => said(await textsOf(page, "herder"))).toEqual(["after"]);
});

test("bad input: streams that are cut lose no line and repeat none", async ({ page, herder, wire }) => {
  await page.goto(`${wire.url}/ui/logs?source=proxy`);
  await connected(page);
  for (let round = 0; round < 4; round += 1) {
    await say(herder, `n${2 * round}x`);
    await expect.poll(async () => said(await textsOf(page, "herder"))).toContain(`n${2 * round}x`);
    wire.isDown = true;
    wire.cut();
    await say(herder, `n${2 * round + 1}x`);
    wire.isDown = false;
    await page.getByRole("button", { name: "Try now" }).click({ timeout: 3000 }).catch(() => undefined);
    await connected(page);
  }
  await expect.poll(async () => said(await textsOf(page, "herder"))).toEqual(numbered(0, 7));
  await expect(page.locator(".gap")).toHaveCount(0);
});

test("a herder that is started anew goes on after a mark, and nothing is shown twice", async ({ page, herder }) => {
  await page.goto("/ui/logs?source=proxy");
  await connected(page);
  await say(herder, "old");
  await expect.poll(async () => said(await textsOf(page, "herder"))).toEqual(["old"]);
  await herder.restart();
  await say(herder, "new");
  await expect.poll(async () => said(await textsOf(page, "herder"))).toEqual(["old", "new"]);
  await expect(page.locator(".gap")).toHaveText(/^Some lines are missing here/);
  await expect(page.locator(".gap")).toHaveCount(1);
});

test("a tab that was hidden goes on where it was, and does not bring back what was cleared", async ({ page, herder }) => {
  const show = (isShown: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, !isShown);
  await page.goto("/ui/logs?source=proxy");
  await say(herder, "one");
  await expect.poll(async () => said(await textsOf(page, "herder"))).toEqual(["one"]);
  await page.getByRole("button", { name: "Clear" }).click();
  await show(false);
  await say(herder, "two");
  await show(true);
  await expect.poll(async () => said(await textsOf(page, "herder"))).toEqual(["two"]);
});

test("two logs side by side, divided by keys, and one alone", async ({ page }) => {
  await page.goto("/ui/logs");
  await expect(page.getByRole("log")).toHaveCount(2);
  const bar = page.getByRole("separator");
  await expect(bar).toHaveAttribute("aria-valuenow", "50");
  await bar.press("ArrowRight");
  await expect(bar).toHaveAttribute("aria-valuenow", "52");
  await page.reload();
  await expect(bar).toHaveAttribute("aria-valuenow", "52");
  await page.getByLabel("Second log").selectOption("");
  await expect(page.getByRole("log")).toHaveCount(1);
  await page.goto("/ui/logs");
  await expect(page.getByRole("log")).toHaveCount(1);
});
