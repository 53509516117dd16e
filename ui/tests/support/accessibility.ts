// The automated accessibility check of a page: axe-core, which finds what a program can find (roles, names, contrast, order).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import { expect, type Page } from "@playwright/test";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails when the page, as it is now, has a fault that axe-core calls serious or critical. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(SOURCE);
  const violations = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: typeof axe };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await checker.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, where: nodes.map((node) => `${node.html} — ${node.failureSummary}`) }));
  });
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  // Soft, so that one run shows the faults of all pages.
  expect.soft(grave, `accessibility of ${what}`).toEqual([]);
}
