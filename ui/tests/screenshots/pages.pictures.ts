// A picture of every page, in light, dark and narrow, into ui/screenshots.

import { fileURLToPath } from "node:url";
import { ENTRIES } from "../support/entries";
import { expect, test } from "../support/test";
import { CONFIG, live } from "./traffic";

const FOLDER = fileURLToPath(new URL("../../screenshots/", import.meta.url));

const KINDS = [
  { kind: "light", colorScheme: "light", width: 1280, height: 900 },
  { kind: "dark", colorScheme: "dark", width: 1280, height: 900 },
  { kind: "narrow", colorScheme: "light", width: 380, height: 800 },
] as const;

const PLACES: readonly { path: string; name: string }[] = [
  ...ENTRIES.map(({ path, text }) => ({ path, name: text.toLowerCase() })),
  { path: "/ui/models/vega%2Fcoder-32b", name: "model" },
  { path: "/ui/models/vega%2Fcoder-32b?tab=details", name: "model-details" },
  { path: "/ui/models/moth-3b?tab=details", name: "model-failed" },
];

test.use({ config: CONFIG });

test("pictures of every page", async ({ page, herder }) => {
  await live(herder);
  for (const { kind, colorScheme, width, height } of KINDS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height });
    for (const { path, name } of PLACES) {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expect(page).toHaveTitle(/^🟢/);
      await expect(page.getByText(/^Loading/)).toHaveCount(0);
      await page.screenshot({ path: `${FOLDER}${kind}/${name}.png` });
    }
  }
});
