// How the browser tests run: one headless Chromium of this machine, a herder per test.

import { defineConfig } from "@playwright/test";
import { chromiumFlags, findChromium } from "./tests/support/chromium";

export default defineConfig({
  testDir: "tests",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  reporter: "list",
  fullyParallel: true,
  // Each test has a browser context, a herder and some model servers; the machines of the gate have two cores.
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    launchOptions: { executablePath: findChromium(), args: chromiumFlags() },
    headless: true,
    viewport: { width: 1280, height: 800 },
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
  },
});
