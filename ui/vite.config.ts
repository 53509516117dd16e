/// <reference types="vitest/config" />
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** Where `npm run dev` finds herder. */
const HERDER = process.env["HERDER_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/ui/",
  plugins: [svelte()],
  build: {
    outDir: "dist",
    // `dist/.gitignore` is committed, so that cargo always finds the folder; `cargo xtask ui` removes the rest.
    emptyOutDir: false,
    target: "es2022",
    // An inlined file would be a data: URL, which the content security policy keeps scripts and styles from.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
  worker: { format: "es" },
  server: {
    proxy: { "^/(?!ui/)": { target: HERDER } },
  },
  test: { include: ["src/**/*.test.ts"] },
});
