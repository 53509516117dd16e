// The frame around the pages: the first cases of spec/ui.md section 10, and links that lead into the middle.

import { ENTRIES } from "./support/entries";
import { expect, test, type Page } from "./support/test";

/** The sidebar of a wide screen, or the sheet of a narrow one. */
const menu = (page: Page) => page.getByRole("navigation", { name: "Pages" });
const heading = (page: Page) => page.getByRole("heading", { level: 1 });
const connection = (page: Page) => page.getByTestId("connection");
/** Resolves when the page has heard of the models. */
const connected = (page: Page) => expect(connection(page)).toHaveText("connected");
/** A mark that a reload of the document takes away. */
const mark = (page: Page) => page.evaluate(() => document.documentElement.setAttribute("data-same", ""));
const isSame = (page: Page) => page.evaluate(() => document.documentElement.hasAttribute("data-same"));

test("case 1: the page opens on the overview, connected", async ({ page }) => {
  await page.goto("/ui/");
  await expect(heading(page)).toHaveText("Overview");
  await connected(page);
  await expect(page).toHaveTitle(/^🟢 /);
});

test("the address of herder leads to the page", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/ui\/$/);
  await expect(heading(page)).toHaveText("Overview");
});

test("case 2: each entry of the sidebar opens its page and is marked", async ({ page }) => {
  await page.goto("/ui/");
  await connected(page);
  await mark(page);
  const links = menu(page).locator(":scope > ul > li > .line > a, .foot a");
  await expect(links).toHaveText(ENTRIES.map((entry) => entry.text));
  for (const { text, path } of [...ENTRIES.slice(1), ...ENTRIES.slice(0, 1)]) {
    await links.filter({ hasText: text }).click();
    await expect(heading(page)).toHaveText(text);
    await expect(page).toHaveURL((url) => url.pathname === path);
    await expect(page).toHaveTitle(new RegExp(text));
    await expect(links.and(page.locator("[aria-current=page]"))).toHaveText([text]);
    await expect(page.locator("main")).not.toHaveText(/could not be loaded/);
  }
  await page.goBack();
  await expect(heading(page)).toHaveText("Settings");
  expect(await isSame(page)).toBe(true);
});

test("case 3: links to models live through a reload", async ({ page }) => {
  for (const [path, text] of [
    ["/ui/models/vega%2Fcoder-32b", "Models / vega/coder-32b"],
    ["/ui/models/vega/coder-32b", "Models / vega/coder-32b"],
    ["/ui/models/qwen-2.5", "Models / qwen-2.5"],
    ["/ui/models/a%20b.c%20%F0%9F%90%95", "Models / a b.c 🐕"],
    ["/ui/models/50%25%3Fx%23y", "Models / 50%?x#y"],
  ] as const) {
    expect((await page.goto(path))?.status(), path).toBe(200);
    await expect(heading(page)).toHaveText(text);
    expect((await page.reload())?.status(), path).toBe(200);
    await expect(heading(page)).toHaveText(text);
  }
});

test("case 4: an unknown path says so and leads home", async ({ page }) => {
  expect((await page.goto("/ui/nowhere"))?.status()).toBe(200);
  await expect(heading(page)).toHaveText("Page not found");
  await expect(page.locator("main")).toContainText("/ui/nowhere");
  await page.getByRole("link", { name: "To the overview" }).click();
  await expect(heading(page)).toHaveText("Overview");
});

test("old links of llama-swap's page arrive", async ({ page }) => {
  await page.goto("/ui/#/models/vega%2Fcoder-32b");
  await expect(heading(page)).toHaveText("Models / vega/coder-32b");
  await expect(page).toHaveURL(/\/ui\/models\/vega%2Fcoder-32b$/);
  await page.evaluate(() => (location.hash = "#/logs"));
  await expect(heading(page)).toHaveText("Logs");
  await page.goBack();
  await expect(heading(page)).toHaveText("Models / vega/coder-32b");
});

test("case 5 and 6: the title can be changed, is kept, and falls back to the product's name", async ({ page }) => {
  const title = menu(page).getByRole("textbox", { name: "Title" });
  await page.goto("/ui/");
  await menu(page).getByRole("button", { name: "Rename herder" }).click();
  await title.fill("  lab \t 7 ");
  await title.press("Enter");
  await expect(page).toHaveTitle(/lab 7$/);
  await page.reload();
  await expect(menu(page).getByRole("button", { name: "Rename lab 7" })).toBeVisible();
  await expect(page).toHaveTitle(/lab 7$/);
  await menu(page).getByRole("button", { name: "Rename lab 7" }).click();
  await title.fill("other");
  await title.press("Escape");
  await expect(page).toHaveTitle(/lab 7$/);
  await menu(page).getByRole("button", { name: "Rename lab 7" }).click();
  await title.fill(" ");
  await title.press("Enter");
  await expect(menu(page).getByRole("button", { name: "Rename herder" })).toBeVisible();
  await expect(page).toHaveTitle(/herder$/);
});

test("case 7: the mode goes from system to light to dark and back, and is kept", async ({ page }) => {
  const root = page.locator("html");
  const button = menu(page).getByRole("button", { name: /^Mode:/ });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/ui/");
  await expect(button).toHaveAccessibleName("Mode: system");
  await expect(root).toHaveClass("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect(root).not.toHaveClass("dark");
  await button.click();
  await expect(button).toHaveAccessibleName("Mode: light");
  await button.click();
  await expect(button).toHaveAccessibleName("Mode: dark");
  await expect(root).toHaveClass("dark");
  await page.reload();
  await expect(button).toHaveAccessibleName("Mode: dark");
  await expect(root).toHaveClass("dark");
  await button.click();
  await expect(button).toHaveAccessibleName("Mode: system");
  await expect(root).not.toHaveClass("dark");
});

test("case 8: mode and palette are there before the first paint", async ({ page }) => {
  await page.goto("/ui/");
  await page.evaluate(() => {
    localStorage.setItem("herder-mode", '"dark"');
    localStorage.setItem("herder-palette", '"ocean"');
  });
  // What the document looks like at the moment in which its body begins.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.body) return;
      observer.disconnect();
      const { className, dataset } = document.documentElement;
      Object.assign(window, { first: `${className} ${dataset["palette"]}` });
    }).observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  expect(await page.evaluate(() => (window as unknown as { first: string }).first)).toBe("dark ocean");
  await connected(page);
  await expect(page.locator("html")).toHaveAttribute("data-palette", "ocean");
});

test("case 9: Ctrl+B folds the sidebar to icons with tooltips, which is kept", async ({ page }) => {
  const logs = menu(page).getByRole("link", { name: "Logs" });
  await page.goto("/ui/");
  await connected(page);
  expect((await menu(page).boundingBox())?.width).toBeGreaterThan(200);
  await expect(logs).not.toHaveAttribute("title");
  await page.keyboard.press("Control+b");
  await expect(logs).toHaveAttribute("title", "Logs");
  expect((await menu(page).boundingBox())?.width).toBeLessThan(64);
  await page.reload();
  await expect(logs).toHaveAttribute("title", "Logs");
  await page.getByRole("button", { name: "Menu" }).click();
  await expect(logs).not.toHaveAttribute("title");
});

test.describe("narrow", () => {
  test.use({ viewport: { width: 390, height: 800 } });

  test("case 10: the menu opens over the page and closes when a page is chosen", async ({ page }) => {
    await page.goto("/ui/logs");
    await expect(menu(page)).toHaveCount(0);
    for (const choice of ["Models", "Models", "Logs"]) {
      await page.getByRole("button", { name: "Menu" }).click();
      await expect(page.getByRole("dialog", { name: "Menu" })).toBeVisible();
      await menu(page).getByRole("link", { name: choice, exact: true }).click();
      await expect(heading(page)).toHaveText(choice);
      await expect(page.getByRole("dialog", { name: "Menu" })).toBeHidden();
    }
    await page.getByRole("button", { name: "Menu" }).click();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog", { name: "Menu" })).toBeHidden();
    await expect(page.getByRole("button", { name: "Menu" })).toBeFocused();
  });

  test("no page scrolls sideways at 380 pixels", async ({ page }) => {
    await page.setViewportSize({ width: 380, height: 800 });
    for (const { path, text } of ENTRIES) {
      await page.goto(path);
      await expect(heading(page)).toHaveText(text);
      await connected(page);
      const wide = await page.evaluate(() =>
        [document.documentElement, document.querySelector("main")].filter((box) => box && box.scrollWidth > box.clientWidth).map((box) => box?.tagName),
      );
      expect(wide, path).toEqual([]);
    }
  });
});

test("the sidebar lists models and peers, with their states as they change", async ({ page, herder }) => {
  await page.goto("/ui/");
  const list = menu(page).locator(".models li");
  await expect(list).toHaveText([/broken/, /comfyui_auto/, /lynx-7b/, /Orca/, /slowpoke/, /vega\/coder-32b/, "Peers", /nova-70b/, /org\/moon/, /shared-x/, /shared-x/]);
  const orca = list.filter({ hasText: "Orca" });
  await expect(orca).toHaveText(/stopped/);
  expect((await herder.chat("orca-7b")).status).toBe(200);
  await expect(orca).toHaveText(/ready/);
  await orca.getByRole("link").click();
  await expect(heading(page)).toHaveText("Models / orca-7b");
  await expect(orca.getByRole("link")).toHaveAttribute("aria-current", "page");
});

test("the skip link leads to the content, and another page begins at its top", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 300 });
  await page.goto("/ui/settings");
  await connected(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "To the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  // As tall as a page can be, whatever is on it.
  await page.locator("main").evaluate((main) => {
    main.append(Object.assign(document.createElement("p"), { textContent: "line\n".repeat(500) }));
    (main.lastElementChild as HTMLElement).style.whiteSpace = "pre";
    main.scrollTop = 1000;
  });
  await menu(page).getByRole("link", { name: "Logs" }).click();
  await expect(heading(page)).toHaveText("Logs");
  expect(await page.locator("main").evaluate((main) => main.scrollTop)).toBe(0);
});
