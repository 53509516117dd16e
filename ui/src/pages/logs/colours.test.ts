import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { coloursOf, contrast, LEAST_CONTRAST, readable } from "./colours";

const numbers = (colour: string) => (colour.match(/\d+/g) ?? []).map(Number) as unknown as readonly [number, number, number];

describe("colours of terminal text", () => {
  test("no colour of a style leaves the page's own", () => {
    expect(coloursOf({ bold: true }, "light")).toEqual({});
  });

  test.each(["light", "dark"] as const)("each of the 256 can be read as text and as ground, %s", (mode) => {
    const page = mode === "light" ? ([255, 255, 255] as const) : ([25, 29, 26] as const);
    for (let colour = 0; colour < 256; colour += 1) {
      const text = coloursOf({ foreground: colour }, mode);
      expect(contrast(numbers(text.color ?? ""), page), `text ${colour}`).toBeGreaterThanOrEqual(LEAST_CONTRAST);
      const ground = coloursOf({ background: colour }, mode);
      expect(contrast(numbers(ground.color ?? ""), numbers(ground.background ?? "")), `ground ${colour}`).toBeGreaterThanOrEqual(LEAST_CONTRAST);
    }
  });

  test.each([
    ["a cube colour", 208, "rgb(255 135 0)"],
    ["a grey", 250, "rgb(188 188 188)"],
  ])("%s that can be read stays what it is", (_, foreground, color) => {
    expect(coloursOf({ foreground }, "dark").color).toBe(color);
  });

  test("true colour, text and ground", () => {
    expect(coloursOf({ foreground: [255, 255, 255], background: [120, 0, 0] }, "light")).toEqual({ color: "rgb(255 255 255)", background: "rgb(120 0 0)" });
    expect(readable([120, 0, 0], [120, 0, 0])).not.toEqual([120, 0, 0]);
  });

  test("the grounds are those of the style sheet", () => {
    const sheet = readFileSync(new URL("../../styles/colours.css", import.meta.url), "utf8");
    expect(sheet.match(/--(surface|text): #\w+/g)).toEqual(["--surface: #ffffff", "--text: #1b201c", "--surface: #191d1a", "--text: #e6ebe7"]);
  });
});
