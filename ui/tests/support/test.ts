// The `test` of the browser tests: a herder of its own for each test, and pages that may do nothing wrong in passing.
//
//   import { test, expect } from "./support/test";
//   test.use({ config: "models: …", flags: ["-watch-config"] });    // "acceptance" is the default
//   test("case 17: …", async ({ page, herder }) => { await page.goto("/ui/models"); herder.script("orca-7b", "/v1/chat/completions", {…}); });

import { expect, test as base } from "@playwright/test";
import { Herder, type HerderOptions } from "./herder";
import { Strictness, type Exception } from "./strictness";
import { Wire } from "./wire";

export { expect, type Page } from "@playwright/test";
export type { Herder } from "./herder";
export type { Received, Reply } from "./script";

interface Fixtures {
  herder: Herder;
  /** Announces what would fail the test otherwise: `allow({ console: /…/ })`. */
  allow: (exception: Exception) => void;
  strictness: Strictness;
  /** A wire to herder that can be watched and cut; pages use it when they are opened at `wire.url`. */
  wire: Wire;
}

export const test = base.extend<HerderOptions & Fixtures>({
  config: ["acceptance", { option: true }],
  flags: [[], { option: true }],
  env: [{}, { option: true }],
  key: [null, { option: true }],

  herder: async ({ config, flags, env, key }, use, testInfo) => {
    const herder = new Herder({ config, flags, env, key });
    try {
      await herder.begin();
      await use(herder);
    } finally {
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("herder.log", { body: herder.log(), contentType: "text/plain" });
      }
      await herder.dispose();
    }
  },

  baseURL: async ({ herder }, use) => use(herder.url),

  wire: async ({ herder, strictness }, use) => {
    const wire = new Wire(herder.url);
    await wire.open();
    strictness.own(wire.url);
    await use(wire);
    await wire.close();
  },

  strictness: async ({}, use) => use(new Strictness()),

  allow: async ({ strictness }, use) => use((exception) => strictness.allow(exception)),

  context: async ({ context, herder, strictness }, use) => {
    strictness.own(herder.url);
    strictness.watch(context);
    await use(context);
    expect(strictness.complaints(), "what pages did that they must not do").toEqual([]);
  },
});
