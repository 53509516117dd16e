// The page of the configuration: what is in use, without its secrets, and what reloads do.

import { expectAccessible } from "./support/accessibility";
import { expect, test } from "./support/test";

const CONFIG = `
apiKeys: [k-alpha-secret]
models:
  orca-7b: {cmd: "@MODEL@ --api-key cmd-secret", env: ["TOKEN=env-secret"]}
  lynx-7b: {cmd: "@MODEL@", unknownSetting: 1}
peers: {attic: {proxy: "http://@PEERS@", apiKey: peer-secret, models: [far]}}
`;

test.use({ config: CONFIG, key: "k-alpha-secret" });

test.beforeEach(async ({ page }) => {
  await page.goto("/ui/config");
  await page.getByLabel("API key").fill("k-alpha-secret");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("heading", { name: "Effective configuration" })).toBeVisible();
});

test("the effective configuration is shown without secrets, and can be searched", async ({ page }) => {
  const yaml = page.getByRole("region", { name: "Lines of the effective configuration" });
  await expect(yaml).toContainText("healthCheckTimeout: 120");
  await expect(yaml).toContainText("***");
  for (const secret of ["k-alpha-secret", "cmd-secret", "env-secret", "peer-secret"]) await expect(page.locator("body")).not.toContainText(secret);
  await expect(page.getByRole("region", { name: "Files" })).toContainText("config.yaml");
  await expect(page.getByRole("region", { name: "Files" })).toContainText("not noticed by themselves");
  await expectAccessible(page, "the configuration");

  await page.getByRole("searchbox", { name: "Search the configuration" }).fill("NO-SUCH-7B:");
  await expect(yaml.locator("mark")).toHaveCount(0);
  await page.getByRole("searchbox", { name: "Search the configuration" }).fill("Lynx");
  await expect(yaml.locator("mark").first()).toHaveText("lynx");
  await expect(yaml).not.toContainText("healthCheckTimeout");
  await expect(page).toHaveURL(/search=Lynx/);
});

test("a reload tells what it has changed, with links, and brings the new configuration", async ({ page, herder }) => {
  const card = page.getByRole("region", { name: "Reload" });
  await expect(card).toContainText("There was no reload since herder started.");
  await card.getByRole("button", { name: "Reload now" }).click();
  await expect(card).toContainText("Reloaded: 0 added, 0 changed, 0 removed, 2 unchanged.");
  await expect(card).toContainText("nothing has changed");
  expect((await herder.writeConfig(CONFIG.replace("lynx-7b", "new/one"))).status).toBe(200);
  await expect(card.getByRole("link", { name: "new/one" })).toBeVisible();
  await expect(card).toContainText("Removed models");
  await expect(card).toContainText("lynx-7b");
  await expect(page.getByRole("region", { name: "Lines of the effective configuration" })).toContainText("new/one");
  await card.getByRole("link", { name: "new/one" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Models / new/one");
});

test("a refused reload says why and where, and that the old configuration stays", async ({ page, herder }) => {
  const card = page.getByRole("region", { name: "Reload" });
  expect((await herder.writeConfig("apiKeys: [k-alpha-secret]\nmodels:\n  orca-7b: {cmd: 7x, ttl: never}\n")).status).not.toBe(200);
  await card.getByRole("button", { name: "Reload now" }).click();
  await expect(card.getByRole("alert")).toContainText("refused. The old one stays in use.");
  await expect(card.getByRole("alert").locator("pre")).toContainText(/config\.yaml:4:27/);
  await expect(page.getByRole("region", { name: "Lines of the effective configuration" })).toContainText("lynx-7b");
  await expectAccessible(page, "a refused configuration");
});

test("warnings have their place and what to do", async ({ page, herder }) => {
  const { warnings } = await herder.json("/api/config");
  expect(warnings.length).toBeGreaterThan(0);
  const card = page.getByRole("region", { name: "Warnings" });
  for (const { message, line, hint } of warnings) {
    await expect(card).toContainText(message);
    if (line !== null) await expect(card).toContainText(`config.yaml:${line}`);
    if (hint !== null) await expect(card).toContainText(hint);
  }
});
