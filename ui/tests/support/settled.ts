// When a page shows what it has to show.

import { expect, type Page } from "@playwright/test";

/** Waits until a page is there, connected, and nothing on it is still being loaded. */
export async function settled(page: Page, heading: string | RegExp = /./): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  await expect(page).toHaveTitle(/^🟢/);
  await expect(page.getByRole("status").filter({ hasText: /^Loading .*…$/ })).toHaveCount(0);
}
