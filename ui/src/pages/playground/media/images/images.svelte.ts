// The images tab: what is chosen and written in it, and what came of it. It belongs to no component: see run.svelte.ts.

import { withModel } from "../../../../api/client";
import { isText, Preference } from "../../../../preference.svelte";
import { askAboutModel, askModel } from "../../ask";
import { Run } from "../../run.svelte";
import { jsonOf } from "../answer_body";
import { lorasOf, picturesOf, type Found } from "./answer";
import { bodyOf, parametersOf, PATHS, readSettings, USUAL, type ImageSettings, type Lora, type UsedLora } from "./request";

/** A picture on the page. */
export type Picture =
  | { kind: "shown"; url: string; fileName: string; blob: Blob }
  | Exclude<Found, { kind: "bytes" }>;

/** What came of one request. */
export interface Batch {
  id: number;
  model: string;
  prompt: string;
  parameters: string;
  pictures: readonly Picture[];
}

/** Pictures that are kept: they take memory. The oldest go first, but never the last batch. */
const MOST_PICTURES = 48;

const isSettings = (value: unknown): value is ImageSettings => typeof value === "object" && value !== null;

class Images {
  model = new Preference("playground-image-model", "", isText);
  prompt = $state("");
  used = $state.raw<readonly UsedLora[]>([]);
  /** The latest first. */
  batches = $state.raw<readonly Batch[]>([]);
  readonly run = new Run<Batch>();
  /** The LoRAs of the model; asked for only when a person wants to see them, for that loads the model. */
  readonly loras = new Run<Lora[]>();
  #kept = new Preference<ImageSettings>("playground-image-settings", USUAL, isSettings);
  readonly settings: ImageSettings = $derived(readSettings(this.#kept.value));
  #last = 0;

  change(change: Partial<ImageSettings>): void {
    this.#kept.value = { ...this.settings, ...change };
  }

  /** Those of one model mean nothing to another. */
  chooseModel(model: string): void {
    if (model === this.model.value) return;
    this.model.value = model;
    this.used = [];
    this.loras.cancel();
    this.loras.result = null;
    this.loras.error = null;
  }

  listLoras(): void {
    const path = withModel("/sdapi/v1/loras?model=", this.model.value);
    void this.loras.start(async (signal) => lorasOf(await jsonOf(await askAboutModel(path, signal))));
  }

  generate(): void {
    void this.run.start(async (signal) => {
      const model = this.model.value;
      const prompt = this.prompt.trim();
      const { settings, used } = this;
      const response = await askModel(PATHS[settings.api], bodyOf(model, prompt, settings, used), signal);
      const found = picturesOf(await jsonOf(response), location.origin);
      if (found.length === 0) throw new Error("There is no image in the answer.");
      this.#last += 1;
      const id = this.#last;
      const now = Date.now();
      const pictures = found.map((each, index) => shown(each, `image-${now}-${index + 1}`));
      const batch = { id, model, prompt, parameters: parametersOf(settings, used), pictures };
      this.#keep([batch, ...this.batches]);
      return batch;
    });
  }

  /** Forgets pictures and prompt. */
  clear(): void {
    this.#keep([]);
    this.run.error = null;
    this.prompt = "";
  }

  #keep(batches: readonly Batch[]): void {
    let room = MOST_PICTURES;
    const kept = batches.filter(({ pictures }, index) => (room -= pictures.length) >= 0 || index === 0);
    const left = new Set(kept.flatMap(({ pictures }) => pictures));
    for (const picture of this.batches.flatMap(({ pictures }) => pictures)) {
      if (picture.kind === "shown" && !left.has(picture)) URL.revokeObjectURL(picture.url);
    }
    this.batches = kept;
  }
}

/** Throws when what should be base64 is none. */
function shown(found: Found, name: string): Picture {
  switch (found.kind) {
    case "bytes": {
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = Uint8Array.from(atob(found.base64), (letter) => letter.charCodeAt(0));
      } catch {
        throw new Error("An image in the answer is not readable: it is no base64.");
      }
      const blob = new Blob([bytes], { type: found.type });
      return { kind: "shown", url: URL.createObjectURL(blob), fileName: `${name}.${found.extension}`, blob };
    }
    case "here":
    case "elsewhere":
      return found;
  }
}

export const images = new Images();
