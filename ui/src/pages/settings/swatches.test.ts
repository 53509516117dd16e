import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("a swatch has the accent of its palette, light and dark", () => {
  const page = read("./AppearanceCard.svelte");
  const colours = read("../../styles/colours.css") + read("../../styles/palettes.css").replaceAll('[data-palette="', ".");
  const palettes = [...page.matchAll(/^ {2}\.(\w+) \{ background: light-dark/gm)].map((match) => match[1]);
  expect(palettes).toHaveLength(6);
  for (const palette of palettes) {
    const swatch = new RegExp(`\\.${palette} \\{ background: light-dark\\((#\\w+), (#\\w+)\\)`).exec(page)?.slice(1);
    const place = (mode: string): RegExp =>
      palette === "meadow" ? new RegExp(`^:root${mode} \\{[^}]*--accent: (#\\w+)`, "m") : new RegExp(`^:root${mode}\\.${palette}"\\] \\{ --accent: (#\\w+)`, "m");
    expect(swatch, palette).toEqual(["", "\\.dark"].map((mode) => place(mode).exec(colours)?.[1]));
  }
});
