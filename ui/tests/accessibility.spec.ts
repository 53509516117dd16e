// No page has a serious fault that a program can find: all of them in light and dark, the menu of a narrow screen, the login form, a
// model's page, a page that does not exist, a lost connection, and each palette.

import { expectAccessible } from "./support/accessibility";
import { ENTRIES } from "./support/entries";
import { settled } from "./support/settled";
import { expect, test, type Page } from "./support/test";

const MODES = ["light", "dark"] as const;
const PALETTES = ["meadow", "ocean", "violet", "amber", "rose", "slate"];

const PLACES = [
  ...ENTRIES,
  { text: "Models / vega/coder-32b", path: "/ui/models/vega%2Fcoder-32b" },
  { text: "Models / attic/nova-70b", path: "/ui/models/attic%2Fnova-70b" },
  { text: "Models / no-such", path: "/ui/models/no-such" },
  { text: "Page not found", path: "/ui/nowhere" },
];

async function open(page: Page, path: string, text: string): Promise<void> {
  await page.goto(path);
  await settled(page, text);
}

for (const mode of MODES) {
  test.describe(mode, () => {
    test.use({ colorScheme: mode });

    test(`every page, ${mode}`, async ({ page, herder }) => {
      // Something to show: a ready model, a failed load, finished requests, one that was refused.
      await herder.chat("vega/coder-32b");
      await herder.chat("orca-7b");
      await herder.chat("broken");
      await herder.chat("no-such-model");
      for (const { path, text } of PLACES) {
        await open(page, path, text);
        await expectAccessible(page, `${path}, ${mode}`);
      }
    });

    test(`the frame in each palette, ${mode}`, async ({ page }) => {
      await open(page, "/ui/", "Overview");
      for (const palette of PALETTES) {
        await page.evaluate((name) => (document.documentElement.dataset["palette"] = name), palette);
        await expectAccessible(page, `${palette}, ${mode}`);
      }
    });

    test(`a lost connection, ${mode}`, async ({ page, herder }) => {
      await open(page, "/ui/", "Overview");
      await herder.stop();
      await expect(page.getByRole("status").filter({ hasText: "Disconnected" })).toBeVisible();
      await expectAccessible(page, `a lost connection, ${mode}`);
    });

    test.describe("narrow", () => {
      test.use({ viewport: { width: 380, height: 800 } });

      test(`pages and menu of a narrow screen, ${mode}`, async ({ page }) => {
        for (const { path, text } of ENTRIES) {
          await open(page, path, text);
          await expectAccessible(page, `${path}, narrow, ${mode}`);
        }
        await page.getByRole("button", { name: "Menu" }).click();
        await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
        await expectAccessible(page, `menu, ${mode}`);
      });
    });

    test.describe("with keys", () => {
      test.use({ config: "apiKeys: [k-alpha]\nmodels: {}", key: "k-alpha" });

      test(`the login form, ${mode}`, async ({ page }) => {
        await page.goto("/ui/");
        await expect(page.getByLabel("API key")).toBeVisible();
        await expectAccessible(page, `login, ${mode}`);
        await page.getByLabel("API key").fill("wrong");
        await page.keyboard.press("Enter");
        await expect(page.getByRole("alert")).toBeVisible();
        await expectAccessible(page, `refused login, ${mode}`);
      });
    });
  });
}
