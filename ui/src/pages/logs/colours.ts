// Colours of terminal text, changed as little as it takes to be readable on the page, light or dark (WCAG 2.2 AA: 4.5:1).

import type { Style, TerminalColour } from "./ansi";

type Rgb = readonly [number, number, number];

/** The pane's ground and text, as in styles/colours.css. */
const GROUND: Record<"light" | "dark", Rgb> = { light: [255, 255, 255], dark: [25, 29, 26] };
const TEXT: Record<"light" | "dark", Rgb> = { light: [27, 32, 28], dark: [230, 235, 231] };

/** The first 16 colours: black, red, green, yellow, blue, magenta, cyan, white, and the same brighter. */
const SIXTEEN: readonly Rgb[] = [
  [40, 44, 41], [190, 40, 35], [30, 125, 60], [150, 105, 0], [35, 90, 200], [150, 50, 160], [0, 120, 130], [200, 205, 202],
  [110, 118, 113], [225, 70, 65], [50, 165, 85], [195, 150, 30], [90, 140, 240], [195, 100, 205], [40, 165, 180], [250, 250, 250],
];

/** Least contrast of text. */
export const LEAST_CONTRAST = 4.5;

/** Steps in which a colour is mixed with black or white until it can be read. */
const STEPS = 20;

/** CSS colours of a style; absent where the page's own do. */
export function coloursOf(style: Style, mode: "light" | "dark"): { color?: string; background?: string } {
  if (style.foreground === undefined && style.background === undefined) return {};
  const ground = style.background === undefined ? GROUND[mode] : rgb(style.background);
  const text = style.foreground === undefined ? TEXT[mode] : rgb(style.foreground);
  const color = css(readable(text, ground));
  return style.background === undefined ? { color } : { color, background: css(ground) };
}

/** The colour nearest to `text` that can be read on `ground`. */
export function readable(text: Rgb, ground: Rgb): Rgb {
  const end: Rgb = contrast([0, 0, 0], ground) > contrast([255, 255, 255], ground) ? [0, 0, 0] : [255, 255, 255];
  for (let step = 0; step < STEPS; step += 1) {
    const mixed = mix(text, end, step / STEPS);
    if (contrast(mixed, ground) >= LEAST_CONTRAST) return mixed;
  }
  return end;
}

/** Contrast of two colours, from 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function rgb(colour: TerminalColour): Rgb {
  if (typeof colour !== "number") return colour;
  if (colour < 16) return SIXTEEN[colour] ?? [0, 0, 0];
  // A cube of six steps for each of red, green and blue, then 24 greys.
  if (colour >= 232) return [0, 1, 2].map(() => 8 + (colour - 232) * 10) as unknown as Rgb;
  const step = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const place = colour - 16;
  return [step(Math.floor(place / 36)), step(Math.floor(place / 6) % 6), step(place % 6)];
}

function mix(one: Rgb, other: Rgb, share: number): Rgb {
  return one.map((value, at) => Math.round(value + ((other[at] ?? 0) - value) * share)) as unknown as Rgb;
}

function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function css(colour: Rgb): string {
  return `rgb(${colour.join(" ")})`;
}
