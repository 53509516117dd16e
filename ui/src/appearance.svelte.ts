// Light or dark, and in which colours. public/appearance.js does the same before the first paint, from the same keys.

import { isOneOf, isText, Preference } from "./preference.svelte";

export const MODES = ["system", "light", "dark"] as const;
export type Mode = (typeof MODES)[number];

/** Sets of colours; their values are in styles/palettes.css. */
export const PALETTES = ["meadow", "ocean", "violet", "amber", "rose", "slate"] as const;
export type Palette = (typeof PALETTES)[number];

/** What the page is called until the person renames it. */
export const PRODUCT = "herder";

/** Characters of a title. */
const LONGEST_TITLE = 64;

class Appearance {
  #mode = new Preference<Mode>("mode", "system", isOneOf(MODES));
  #palette = new Preference<Palette>("palette", "meadow", isOneOf(PALETTES));
  #title = new Preference<string>("title", PRODUCT, isText);
  #systemIsDark = $state(false);
  readonly isDark = $derived(this.#mode.value === "dark" || (this.#mode.value === "system" && this.#systemIsDark));

  constructor() {
    const system = matchMedia("(prefers-color-scheme: dark)");
    this.#systemIsDark = system.matches;
    system.addEventListener("change", () => {
      this.#systemIsDark = system.matches;
    });
  }

  get mode(): Mode {
    return this.#mode.value;
  }
  set mode(mode: Mode) {
    this.#mode.value = mode;
  }
  get palette(): Palette {
    return this.#palette.value;
  }
  set palette(palette: Palette) {
    this.#palette.value = palette;
  }
  get title(): string {
    return this.#title.value;
  }
  /** A blank title becomes the product's name. */
  set title(title: string) {
    const line = title.replace(/\s+/g, " ").trim().slice(0, LONGEST_TITLE);
    this.#title.value = line === "" ? PRODUCT : line;
  }

  /** system, light, dark, and again. */
  nextMode(): void {
    this.mode = MODES[(MODES.indexOf(this.mode) + 1) % MODES.length] ?? "system";
  }

  /** Puts it onto the document. To be called in an effect. */
  apply(): void {
    const root = document.documentElement;
    root.classList.toggle("dark", this.isDark);
    root.dataset["palette"] = this.palette;
  }
}

export const appearance = new Appearance();
