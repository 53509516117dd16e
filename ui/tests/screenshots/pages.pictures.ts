// A picture of every page, in light, dark and narrow, into ui/screenshots.

import { fileURLToPath } from "node:url";
import { ENTRIES } from "../support/entries";
import { settled } from "../support/settled";
import { expect, test, type Page } from "../support/test";
import { CONFIG, live, MINUTES } from "./traffic";

const FOLDER = fileURLToPath(new URL("../../screenshots/", import.meta.url));

const KINDS = [
  { kind: "light", colorScheme: "light", width: 1280, height: 900 },
  { kind: "dark", colorScheme: "dark", width: 1280, height: 900 },
  { kind: "narrow", colorScheme: "light", width: 380, height: 800 },
] as const;

/** Pixels of the tallest picture. A page that is longer is cut. */
const TALLEST = 1800;

const PLACES: readonly { path: string; name: string }[] = [
  { path: "/ui/?minutes=15", name: "overview" },
  ...ENTRIES.slice(1).map(({ path, text }) => ({ path, name: text.toLowerCase() })),
  { path: "/ui/models/vega%2Fcoder-32b", name: "model" },
  { path: "/ui/models/vega%2Fcoder-32b?tab=details", name: "model-details" },
  { path: "/ui/models/moth-3b?tab=details", name: "model-failed" },
];

test.use({ config: CONFIG });

test("pictures of every page", async ({ page, herder }) => {
  test.setTimeout((5 + MINUTES) * 60_000);
  await live(herder);
  await chat(page);
  for (const { kind, colorScheme, width, height } of KINDS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const { path, name } of PLACES) {
      await page.setViewportSize({ width, height });
      await page.goto(path);
      await settled(page);
      await page.setViewportSize({ width, height: await whole(page, height) });
      await page.screenshot({ path: `${FOLDER}${kind}/${name}.png` });
    }
  }
});

/** A conversation in the playground, which the browser remembers. */
async function chat(page: Page): Promise<void> {
  await page.goto("/ui/playground?tab=chat");
  await settled(page);
  await page.getByLabel("Model", { exact: true }).selectOption("orca-7b");
  await page.getByLabel("Message", { exact: true }).fill("Why do swaps cost so much? Show me the sum.");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article", { name: "orca-7b" })).toContainText("return share * seconds");
  await expect(page.getByRole("article", { name: "orca-7b" })).toHaveAttribute("aria-busy", "false");
}

/** How tall the window must be to show the whole page. */
async function whole(page: Page, least: number): Promise<number> {
  const hidden = await page.locator("main").evaluate((main) => main.scrollHeight - main.clientHeight);
  return Math.min(TALLEST, least + hidden);
}
