// The page of settings: what a person sets is used at once and kept, and can be forgotten.

import { expect, test, type Page } from "./support/test";

const connected = (page: Page) => expect(page.getByTestId("connection")).toHaveText("connected");

test("case 5, 7 and 8: title, mode and palette are set here, too, and kept", async ({ page }) => {
  const root = page.locator("html");
  await page.goto("/ui/settings");
  await page.getByRole("radio", { name: "dark" }).check();
  await expect(root).toHaveClass("dark");
  await page.getByRole("radio", { name: "violet" }).check();
  await expect(root).toHaveAttribute("data-palette", "violet");
  await page.getByLabel("Title of this page").fill("  lab  ");
  await page.getByLabel("Title of this page").press("Enter");
  await expect(page).toHaveTitle(/lab$/);
  await page.reload();
  await expect(root).toHaveClass("dark");
  await expect(root).toHaveAttribute("data-palette", "violet");
  await expect(page.getByRole("radio", { name: "violet" })).toBeChecked();
  await page.getByLabel("Title of this page").fill("");
  await page.getByLabel("Title of this page").press("Enter");
  await expect(page).toHaveTitle(/herder$/);
});

test("unlisted models and capability tags are switched here, and the build is told", async ({ page, herder }) => {
  await page.goto("/ui/settings");
  await connected(page);
  await page.getByRole("checkbox", { name: "Show unlisted models" }).check();
  await expect(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: /scribe/ })).toBeVisible();
  await page.getByRole("checkbox", { name: "Show capability tags of models" }).check();
  const { version } = await herder.json("/api/version");
  await expect(page.getByRole("region", { name: "This herder" })).toContainText(version);
  await expect(page.getByRole("region", { name: "This herder" })).toContainText("connected");
  await page.reload();
  await expect(page.getByRole("checkbox", { name: "Show capability tags of models" })).toBeChecked();
});

test("what the browser keeps is named and forgotten on demand", async ({ page }) => {
  await page.goto("/ui/settings");
  await page.getByRole("radio", { name: "dark" }).check();
  await page.reload();
  await expect(page.getByRole("region", { name: "This browser" })).toContainText("mode");
  await page.getByRole("button", { name: "Forget everything …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Forget everything", exact: true }).click();
  await expect(page.getByRole("radio", { name: "system" })).toBeChecked();
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key === "herder-mode"))).toEqual([]);
});

test.describe("with API keys", () => {
  test.use({ config: "apiKeys: [k-alpha]\nmodels: {}", key: "k-alpha" });

  test("logging out forgets the key", async ({ page }) => {
    await page.goto("/ui/settings");
    await page.getByLabel("API key").fill("k-alpha");
    await page.getByRole("button", { name: "Log in" }).click();
    await connected(page);
    await page.getByRole("button", { name: "Log out" }).click();
    await expect(page.getByLabel("API key")).toBeVisible();
    await page.reload();
    await expect(page.getByLabel("API key")).toBeVisible();
  });
});
