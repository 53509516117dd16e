// `cargo xtask ui --screenshots`: pictures instead of tests. Everything but the files is as in the tests.

import { defineConfig } from "@playwright/test";
import tests from "../../playwright.config";

export default defineConfig({
  ...tests,
  testDir: ".",
  testMatch: "*.pictures.ts",
  outputDir: "../../test-results/screenshots",
  // One herder lives through a while of traffic, then is photographed page by page.
  timeout: 300_000,
  use: { ...tests.use, trace: "off" },
});
