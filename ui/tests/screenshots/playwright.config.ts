// `cargo xtask ui --screenshots`: pictures instead of tests. Everything but the files is as in the tests.

import { defineConfig } from "@playwright/test";
import tests from "../../playwright.config";

export default defineConfig({
  ...tests,
  testDir: ".",
  testMatch: "*.pictures.ts",
  outputDir: "../../test-results/screenshots",
  use: { ...tests.use, trace: "off" },
});
