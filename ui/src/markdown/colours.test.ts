import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const base = read("../styles/colours.css");
const tokens = read("./markdown.css");

/** The colours that one block of a style sheet sets. */
function colours(css: string, selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`));
  return new Map([...block.slice(0, block.indexOf("}")).matchAll(/(--[\w-]+): (#[0-9a-f]{6})/g)].map(([, name = "", value = ""]) => [name, value]));
}

/** Relative luminance of WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each([":root", ":root.dark"])("tokens of code reach 4.5:1 in %s", (selector) => {
  const ground = luminance(colours(base, selector).get("--raised") ?? "");
  const found = [...colours(tokens, selector)];
  it("has all of them", () => expect(found.length).toBe(8));
  it.each(found)("%s", (_, colour) => {
    const [light, dark] = [ground, luminance(colour)].sort((a, b) => b - a) as [number, number];
    expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5);
  });
});
