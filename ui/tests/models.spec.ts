// The page of models, and a model's page.

import type { Locator } from "@playwright/test";
import { expectAccessible } from "./support/accessibility";
import { expect, test, type Herder, type Page } from "./support/test";

/** The row of a model in the list, by what it is called there. */
const row = (page: Page, name: string): Locator => page.getByRole("main").getByRole("listitem", { name, exact: true });
const counts = (page: Page): Locator => page.getByTestId("model-counts");
const inSidebar = (page: Page, name: string): Locator => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name });
const load = (page: Page, id: string): Locator => page.getByRole("button", { name: `Load ${id}`, exact: true });
const unload = (page: Page, id: string): Locator => page.getByRole("button", { name: `Unload ${id}`, exact: true });
const cancel = (page: Page, id: string): Locator => page.getByRole("button", { name: `Cancel loading ${id}`, exact: true });
const profileSelect = (page: Page): Locator => page.getByRole("combobox", { name: /^Profile/ });
const tooltip = (page: Page): Locator => page.getByRole("tooltip");

/** Loads models as another operator would. */
async function ready(herder: Herder, ...models: string[]): Promise<void> {
  for (const model of models) await herder.json(`/api/models/load/${encodeURIComponent(model)}`, { method: "POST" });
}

test("case 14: the models by name, and how many", async ({ page }) => {
  await page.goto("/ui/models");
  const names = page.getByRole("main").getByRole("list", { name: "Models", exact: true }).getByRole("link").filter({ hasNotText: "Open server" });
  await expect(names).toHaveText(["broken", "comfyui_auto", "lynx-7b", "Orca", "slowpoke", "vega/coder-32b"]);
  await expect(row(page, "Orca (orca-7b)")).toContainText("chatty");
  await expect(counts(page)).toHaveText("6 of 7 · 0 ready");
  await expect(page.getByRole("button", { name: "Unload All" })).toBeDisabled();
});

test("case 15: unlisted models when they are wanted", async ({ page }) => {
  await page.goto("/ui/models");
  await expect(row(page, "lynx-7b")).toBeVisible();
  await expect(row(page, "scribe")).toHaveCount(0);
  await page.getByLabel("Show unlisted models (1)").check();
  for (const visit of ["at once", "after a reload"]) {
    await expect(row(page, "scribe"), visit).toContainText("unlisted");
    await expect(inSidebar(page, "scribe"), visit).toBeVisible();
    await page.reload();
  }
});

test("case 16: the search finds by name, id, alias and description, and is in the link", async ({ page }) => {
  await page.goto("/ui/models");
  const rows = page.getByRole("main").getByRole("list", { name: "Models", exact: true }).getByRole("listitem");
  await page.getByLabel("Search models").fill("vega");
  await expect(rows).toHaveCount(1);
  await expect(row(page, "vega/coder-32b")).toBeVisible();
  await expect(counts(page)).toContainText("1 of 7");
  await page.reload();
  await expect(rows).toHaveCount(1);
  await page.getByLabel("Search models").fill("CHATTY");
  await expect(row(page, "Orca (orca-7b)")).toBeVisible();
  await expect(rows).toHaveCount(1);
  await page.getByLabel("Search models").fill("nothing of the kind");
  await expect(page.getByText("No model fits “nothing of the kind”.")).toBeVisible();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await expect(rows).toHaveCount(6);
});

test("case 17: Load makes a model ready in the list, the sidebar and on its page", async ({ page }) => {
  await page.goto("/ui/models");
  await load(page, "orca-7b").click();
  await expect(page.getByText("orca-7b is ready.")).toBeVisible();
  await expect(row(page, "Orca (orca-7b)")).toContainText("ready");
  await expect(inSidebar(page, "Orca")).toContainText("ready");
  await expect(counts(page)).toContainText("1 ready");
  // Loaded models come first.
  await expect(page.getByRole("main").getByRole("list", { name: "Models", exact: true }).getByRole("listitem").first()).toContainText("Orca");
  await row(page, "Orca (orca-7b)").getByRole("link", { name: "Orca", exact: true }).click();
  await expect(page).toHaveURL(/\/ui\/models\/orca-7b$/);
  await expect(page.getByRole("main")).toContainText("ready");
  await expect(unload(page, "orca-7b")).toBeVisible();
});

test("a model's page shows its requests, and Back leads to the tab before", async ({ page, herder }) => {
  expect((await herder.chat("orca-7b")).status).toBe(200);
  expect((await herder.chat("lynx-7b")).status).toBe(200);
  await page.goto("/ui/models/orca-7b");
  await expect(page.getByRole("tab", { name: "Activity" })).toHaveAttribute("aria-selected", "true");
  const answered = page.getByRole("tabpanel").getByRole("row").filter({ hasText: /\b200\b/ });
  await expect(answered).toHaveCount(1);
  await page.getByRole("tab", { name: "Details" }).click();
  await expect(page.getByRole("heading", { name: "Process" })).toBeVisible();
  await page.goBack();
  await expect(answered).toHaveCount(1);
});

test("case 18: a load that fails says so at the model, with the reason", async ({ page }) => {
  await page.goto("/ui/models");
  await load(page, "broken").click();
  const alert = row(page, "broken").getByRole("alert");
  await expect(alert).toContainText("Loading broken failed: upstream command exited prematurely");
  await expect(alert.getByRole("button", { name: "Retry" })).toBeVisible();
  // What herder remembers is there for everybody, and later.
  await page.reload();
  await expect(row(page, "broken")).toContainText("upstream command exited prematurely (exit status 1)");
});

test.describe("a model whose server ends at once", () => {
  test.use({ config: 'models: {sick: {cmd: "@MODEL@ --fail 3"}}' });

  test("case 18: the last lines of its log, and the pause after several failures", async ({ page }) => {
    await page.goto("/ui/models");
    await load(page, "sick").click();
    const alert = row(page, "sick").getByRole("alert");
    await expect(alert).toContainText("exit status 3");
    await alert.getByText("Last lines of its log").click();
    await expect(alert.getByLabel("Last lines of the log of sick")).toContainText("sick: cannot allocate the model");
    // The pause is short at first; on a slow machine it may be over before it is seen.
    await expect(async () => {
      await alert.getByRole("button", { name: /^Retry/ }).click();
      await expect(alert).toContainText(/\d+ starts in a row have failed\. herder tries again at \d\d:\d\d:\d\d/, { timeout: 2000 });
    }).toPass();
    await expect(alert.getByRole("button", { name: "Retry now" })).toBeVisible();
    await alert.getByRole("button", { name: "Dismiss" }).click();
    await expect(row(page, "sick").getByRole("alert")).toHaveCount(0);
    await expect(row(page, "sick")).toContainText("sick failed");
  });
});

test.describe("a model that loads for a minute", () => {
  test.use({ config: 'models: {slowpoke: {cmd: "@MODEL@ --ready-after 60000"}}' });

  test("case 19: Cancel stops a load, and that is no failure", async ({ page, herder }) => {
    await page.goto("/ui/models");
    await load(page, "slowpoke").click();
    await expect(row(page, "slowpoke")).toContainText("Loading: ");
    await cancel(page, "slowpoke").click();
    await expect(row(page, "slowpoke")).toContainText("stopped");
    await expect(load(page, "slowpoke")).toBeEnabled();
    await expect(row(page, "slowpoke").getByRole("alert")).toHaveCount(0);
    const { models } = await herder.json("/api/models?model=slowpoke");
    expect(models[0]).toMatchObject({ state: "stopped", last_failure: null });
  });
});

test.describe("a model that loads for some seconds", () => {
  test.use({ config: 'models: {slowpoke: {cmd: "@MODEL@ --ready-after 8000"}}' });

  test("case 17: list, sidebar and page say that it starts, and then that it is ready", async ({ page, context }) => {
    await page.goto("/ui/models");
    const own = await context.newPage();
    await own.goto("/ui/models/slowpoke");
    await load(page, "slowpoke").click();
    for (const word of ["starting", "ready"]) {
      await expect(row(page, "slowpoke").locator(".state").last(), word).toHaveText(word);
      await expect(inSidebar(page, "slowpoke").locator(".state"), word).toHaveText(word);
      await expect(own.getByRole("main").locator(".state").first(), word).toHaveText(word);
    }
  });

  test("case 19: any page can cancel a load, and one that knows the usual time shows how far it is", async ({ page, context, herder }) => {
    await ready(herder, "slowpoke");
    await herder.request("/api/models/unload/slowpoke", { method: "POST" });
    await page.goto("/ui/models");
    await load(page, "slowpoke").click();
    await expect(row(page, "slowpoke").getByRole("progressbar", { name: "Loading slowpoke" })).toBeVisible();
    await expect(row(page, "slowpoke")).toContainText(/Loading: .* of usually \d/);
    const other = await context.newPage();
    await other.goto("/ui/models/slowpoke");
    await cancel(other, "slowpoke").click();
    await expect(row(page, "slowpoke")).toContainText("stopped");
    await expect(load(page, "slowpoke")).toBeEnabled();
    await expect(row(page, "slowpoke").getByRole("alert")).toHaveCount(0);
  });
});

test("case 19: a load that waits its turn is given up without harm", async ({ page, herder }) => {
  herder.script("orca-7b", "/v1/chat/completions", { body: {}, hold: true });
  const served = herder.chat("orca-7b");
  await page.goto("/ui/models");
  await expect(row(page, "Orca (orca-7b)")).toContainText("1 in flight");
  await load(page, "slowpoke").click();
  await expect(row(page, "slowpoke")).toContainText("Waiting for its turn");
  await expect(row(page, "slowpoke")).toContainText("Loading this would wait: orca-7b serves 1 request.");
  // Each load that waits holds a connection of the browser, so there is an end to them.
  await page.getByLabel("Show unlisted models").check();
  for (const id of ["comfyui_auto", "scribe", "vega/coder-32b"]) await load(page, id).click();
  await expect(load(page, "broken")).toBeDisabled();
  await cancel(page, "vega/coder-32b").click();
  await expect(load(page, "broken")).toBeEnabled();
  await cancel(page, "slowpoke").click();
  await expect(load(page, "slowpoke")).toBeEnabled();
  await expect(row(page, "slowpoke")).not.toContainText("Waiting for its turn");
  for (const id of ["comfyui_auto", "scribe"]) await cancel(page, id).click();
  await expect(page.getByText("Waiting for its turn")).toHaveCount(0);
  herder.release("orca-7b");
  expect((await served).status).toBe(200);
  await expect(row(page, "Orca (orca-7b)")).toContainText("ready");
  await expect(row(page, "slowpoke")).toContainText("stopped");
});

test("case 20: Unload, and Unload All", async ({ page, herder }) => {
  await ready(herder, "orca-7b", "lynx-7b");
  await page.goto("/ui/models");
  await expect(counts(page)).toContainText("2 ready");
  await unload(page, "lynx-7b").click();
  await expect(row(page, "lynx-7b")).toContainText("stopped");
  await expect(counts(page)).toContainText("1 ready");
  await load(page, "lynx-7b").click();
  await expect(counts(page)).toContainText("2 ready");
  await page.getByRole("button", { name: "Unload All" }).click();
  await expect(counts(page)).toContainText("0 ready");
  await expect(page.getByRole("button", { name: "Unload All" })).toBeDisabled();
});

test("case 21: Unload asks while a request runs, and names how many", async ({ page, herder }) => {
  herder.script("orca-7b", "/v1/chat/completions", { body: {}, hold: true });
  const cut = herder.chat("orca-7b").then((answer) => answer.status, () => 0);
  await page.goto("/ui/models");
  await expect(row(page, "Orca (orca-7b)")).toContainText("1 in flight");
  await unload(page, "orca-7b").click();
  const dialog = page.getByRole("dialog", { name: "Stop orca-7b?" });
  await expect(dialog).toContainText("1 request to orca-7b is running and will be cut off.");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await expect(row(page, "Orca (orca-7b)")).toContainText("ready");
  await page.getByRole("button", { name: "Unload All" }).click();
  await expect(page.getByRole("dialog", { name: "Stop all models?" })).toContainText("1 request to the models is running");
  await page.keyboard.press("Escape");
  await unload(page, "orca-7b").click();
  await dialog.getByRole("button", { name: "Stop it" }).click();
  await expect(row(page, "Orca (orca-7b)")).toContainText("stopped");
  expect(await cut).not.toBe(200);
});

test("case 22: capability tags when they are wanted", async ({ page }) => {
  await page.goto("/ui/models");
  const vega = row(page, "vega/coder-32b");
  await expect(vega).toBeVisible();
  await expect(vega.getByRole("list", { name: "Capabilities" })).toHaveCount(0);
  await page.getByLabel("Show capability tags").check();
  await expect(vega.getByRole("list", { name: "Capabilities" }).getByRole("listitem")).toHaveText(["Vision", "Function Calling", "66K"]);
  await page.reload();
  await expect(vega.getByText("66K")).toBeVisible();
});

test("case 23: the profile that is chosen, with its mappings, in every tab", async ({ page, context }) => {
  await page.goto("/ui/models");
  const other = await context.newPage();
  await other.goto("/ui/models");
  await expect(other.getByText("none is active")).toBeVisible();
  await profileSelect(page).selectOption("nightly");
  const mappings = page.getByRole("list", { name: "Mappings of nightly" }).getByRole("listitem");
  await expect(mappings).toHaveCount(4);
  await expect(mappings.filter({ hasText: "banned" })).toContainText("disabled");
  await expect(mappings.filter({ hasText: "vega/coder-32b" }).getByRole("link")).toHaveAttribute("href", "/ui/models/lynx-7b");
  await expect(other.getByText("nightly is active")).toBeVisible();
  await expect(profileSelect(other)).toHaveValue("nightly");
});

test("case 24: a profile that cannot be switched", async ({ page }) => {
  await page.route("**/api/profiles/active", (route) => route.fulfill({ status: 500, json: { error: { message: "no profile today" } } }));
  await page.goto("/ui/models");
  await profileSelect(page).selectOption("nightly");
  await expect(page.getByText("no profile today")).toBeVisible();
  await expect(profileSelect(page)).toHaveValue("");
});

test("case 25: selectors with their targets, and whom they would pick", async ({ page, herder }) => {
  await page.goto("/ui/models");
  const selectors = page.getByRole("list", { name: "Selectors" });
  const pool = selectors.getByRole("listitem", { name: "pool" });
  await expect(pool).toContainText("Pool");
  await expect(pool).toContainText("spillover 1");
  await expect(pool.getByRole("link", { name: "orca-7b" })).toHaveAttribute("href", "/ui/models/orca-7b");
  await expect(pool.getByRole("link", { name: "lynx-7b" })).toHaveAttribute("href", "/ui/models/lynx-7b");
  await expect(page.getByText("secret-sel")).toHaveCount(0);
  const hot = selectors.getByRole("listitem", { name: "hot" });
  await expect(hot).toContainText("would pick orca-7b now");
  await ready(herder, "lynx-7b");
  await expect(hot).toContainText("would pick lynx-7b now");
});

test("case 26: a model of a peer has no buttons and no log", async ({ page }) => {
  await page.goto("/ui/models");
  await page.getByRole("list", { name: "Models of the peer attic" }).getByRole("link", { name: /nova-70b/ }).click();
  await expect(page).toHaveURL(/\/ui\/models\/attic%2Fnova-70b$/);
  await expect(page.getByRole("main")).toContainText("belongs to the peer attic");
  await expect(page.getByRole("main").getByRole("button", { name: /Load|Unload/ })).toHaveCount(0);
  await page.getByRole("tab", { name: "Logs" }).click();
  await expect(page).toHaveURL(/tab=logs/);
  await expect(page.getByRole("tabpanel")).toContainText("herder has no log of it");
});

test("before a load: whom it would stop, on pointing at it, on focus, and on the model's page", async ({ page, herder }) => {
  await ready(herder, "orca-7b");
  await page.goto("/ui/models");
  await load(page, "lynx-7b").hover();
  await expect(tooltip(page)).toContainText("Fits beside orca-7b");
  await load(page, "slowpoke").focus();
  await page.mouse.move(0, 0);
  await expect(tooltip(page)).toContainText("Loading this would stop orca-7b");
  await expect(tooltip(page)).toContainText("models of no group run alone");
  await page.keyboard.press("Escape");
  await expect(tooltip(page)).toHaveCount(0);
  await page.goto("/ui/models/slowpoke");
  await expect(page.getByRole("main")).toContainText("Loading this would stop orca-7b");
});

test("models in groups, which fold and stay folded", async ({ page }) => {
  await page.goto("/ui/models?group=1&order=name");
  const duo = page.locator("details", { hasText: "Group duo" });
  await expect(duo.getByRole("listitem")).toHaveCount(2);
  await expect(duo).toContainText("may run together");
  await page.getByRole("heading", { name: "Group duo" }).click();
  await expect(row(page, "lynx-7b")).toBeHidden();
  await expect(row(page, "slowpoke")).toBeVisible();
  await page.reload();
  await expect(row(page, "slowpoke")).toBeVisible();
  await expect(row(page, "lynx-7b")).toBeHidden();
});

test("the details of a model", async ({ page, herder }) => {
  await ready(herder, "vega/coder-32b");
  await page.goto("/ui/models/vega%2Fcoder-32b?tab=details");
  const panel = page.getByRole("tabpanel");
  await expect(panel).toContainText("--id 'vega/coder-32b'");
  await expect(panel).toContainText("/health answers");
  await expect(panel).toContainText("useModelName: vega-q4");
  await expect(panel).toContainText('"tier": "gold"');
  await expect(panel.getByRole("row", { name: /^Load / })).toContainText("1");
  const { models } = await herder.json("/api/models?model=vega%2Fcoder-32b");
  await expect(panel).toContainText(String(models[0].pid));
  await expect(panel.getByRole("list", { name: "Members of the group" }).getByRole("link", { name: "slowpoke" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test(`no serious fault in groups, details and questions, ${colorScheme}`, async ({ page, herder }) => {
      herder.script("orca-7b", "/v1/chat/completions", { body: {}, hold: true });
      const cut = herder.chat("orca-7b").then((answer) => answer.status, () => 0);
      await page.goto("/ui/models?group=1");
      await page.getByLabel("Show capability tags").check();
      await expect(row(page, "Orca (orca-7b)")).toContainText("1 in flight");
      await load(page, "slowpoke").click();
      await expect(row(page, "slowpoke")).toContainText("Waiting for its turn");
      await load(page, "lynx-7b").hover();
      await expect(tooltip(page)).toContainText("Fits beside orca-7b");
      await expectAccessible(page, "groups");
      await unload(page, "orca-7b").click();
      await expect(page.getByRole("dialog", { name: "Stop orca-7b?" })).toBeVisible();
      await expectAccessible(page, "the question");
      await page.goto("/ui/models/orca-7b?tab=details");
      await expect(page.getByRole("heading", { name: "Process" })).toBeVisible();
      await expectAccessible(page, "details");
      herder.release("orca-7b");
      expect(await cut).toBe(200);
    });
  });
}

test("an unload that fails says so at the model, and can be tried again", async ({ page, herder }) => {
  await ready(herder, "orca-7b");
  await page.goto("/ui/models");
  await page.route("**/api/models/unload/**", (route) => route.fulfill({ status: 500, json: { error: { message: "stuck <b>fast</b>" } } }));
  await unload(page, "orca-7b").click();
  const alert = row(page, "Orca (orca-7b)").getByRole("alert");
  await expect(alert).toContainText("Unloading orca-7b failed: stuck <b>fast</b>");
  await page.unroute("**/api/models/unload/**");
  await alert.getByRole("button", { name: "Retry" }).click();
  await expect(row(page, "Orca (orca-7b)")).toContainText("stopped");
  await expect(alert).toHaveCount(0);
});

test("details that cannot be had leave the list usable", async ({ page }) => {
  await page.route("**/api/models", (route) => route.fulfill({ status: 500, json: { error: { message: "no details today" } } }));
  await page.goto("/ui/models");
  await expect(page.getByRole("alert").filter({ hasText: "no details today" })).toBeVisible();
  await expect(load(page, "orca-7b")).toBeEnabled();
  await page.unroute("**/api/models");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("no details today")).toHaveCount(0);
});

test("a model that does not exist, and one of an alias", async ({ page }) => {
  await page.goto("/ui/models/qwen-2.5");
  await expect(page.getByText("There is no model qwen-2.5.")).toBeVisible();
  await page.getByRole("link", { name: "To the models" }).click();
  await expect(page).toHaveURL(/\/ui\/models$/);
  await page.goto("/ui/models/chatty");
  await expect(page.getByRole("heading", { name: "Orca", exact: true })).toBeVisible();
});

const ODD = ["a/b c", "v1.5", "50% off?#", "🐑 herd", "<img src=x onerror=alert(1)>"];
test.describe("odd ids", () => {
  test.use({ config: `models:\n${ODD.map((id) => `  ${JSON.stringify(id)}: {cmd: "@HERDER@ demo-model --port \${PORT}"}`).join("\n")}\n` });

  for (const id of ODD) {
    test(`bad input: a model called ${id}`, async ({ page, herder }) => {
      await page.goto("/ui/models");
      await load(page, id).click();
      await expect(row(page, id)).toContainText("ready");
      const server = page.waitForEvent("popup");
      await row(page, id).getByRole("link", { name: /Open server/ }).click();
      await expect.poll(async () => new URL((await server).url()).pathname).toBe(`/upstream/${encodeURIComponent(id)}/`);
      await (await server).close();
      await row(page, id).getByRole("link", { name: id, exact: true }).click();
      await expect(page.getByRole("heading", { level: 2, name: id, exact: true })).toBeVisible();
      await page.reload();
      await expect(page.getByRole("heading", { level: 2, name: id, exact: true })).toBeVisible();
      await unload(page, id).click();
      await expect(load(page, id)).toBeVisible();
      const { running } = await herder.json("/running");
      expect(running).toEqual([]);
    });
  }
});

test.describe("many models", () => {
  const ids = Array.from({ length: 250 }, (_, at) => `model-${at}`);
  test.use({ config: `models:\n${ids.map((id) => `  ${id}: {cmd: "@MODEL@"}`).join("\n")}\n` });

  test("a long list comes in parts, and the search finds in all of it", async ({ page }) => {
    await page.goto("/ui/models");
    const rows = page.getByRole("list", { name: "Models", exact: true }).getByRole("listitem");
    await expect(rows).toHaveCount(200);
    await expect(counts(page)).toHaveText("250 of 250 · 0 ready");
    await page.getByRole("button", { name: "Show more (50)" }).click();
    await expect(rows).toHaveCount(250);
    await page.reload();
    await page.getByLabel("Search models").fill("model-249");
    await expect(rows).toHaveCount(1);
  });
});

test("380 px: nothing has to be scrolled sideways", async ({ page, herder }) => {
  await page.setViewportSize({ width: 380, height: 800 });
  await herder.request("/api/models/load/broken", { method: "POST" });
  for (const path of ["/ui/models?group=1", "/ui/models/vega%2Fcoder-32b?tab=details", "/ui/models/broken?tab=details"]) {
    await page.goto(path);
    await expect(page.getByRole("main").getByRole("button", { name: /^Load / }).first()).toBeVisible();
    const wide = await page.evaluate(() => document.querySelector("main")!.scrollWidth - document.querySelector("main")!.clientWidth);
    expect(wide, path).toBe(0);
  }
});
