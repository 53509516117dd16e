// What is asked for: the choices of both image APIs and the bodies that they become (spec/ui.md 4.2).

import type { Bounds } from "../number";
import { within } from "../number";

export const APIS = ["openai", "sdapi"] as const;
export type Api = (typeof APIS)[number];

export const PATHS: Record<Api, string> = { openai: "/v1/images/generations", sdapi: "/sdapi/v1/txt2img" };

export const SIZES = ["512x512", "1024x1024", "1024x768", "1280x720", "1792x1024", "768x1024", "720x1280", "1024x1792"] as const;
export type Size = (typeof SIZES)[number];

/** Empty: whatever the server prefers. */
export const SAMPLERS = [
  "", "euler_a", "euler", "heun", "dpm2", "dpmpp2s_a", "dpmpp2m", "dpmpp2mv2", "ipndm", "ipndm_v", "lcm", "ddim_trailing", "tcd",
] as const;
export type Sampler = (typeof SAMPLERS)[number];

export const SCHEDULERS = ["", "discrete", "karras", "exponential", "ays", "gits"] as const;
export type Scheduler = (typeof SCHEDULERS)[number];

export const BOUNDS = {
  count: { least: 1, most: 8, step: 1, usual: 1 },
  steps: { least: 1, most: 150, step: 1, usual: 20 },
  guidance: { least: 1, most: 30, step: 0.5, usual: 7 },
  /** -1 is another one each time. */
  seed: { least: -1, most: Number.MAX_SAFE_INTEGER, step: 1, usual: -1 },
  strength: { least: 0, most: 2, step: 0.1, usual: 1 },
} satisfies Record<string, Bounds>;

/** What a person has chosen, and the browser remembers. */
export interface ImageSettings {
  api: Api;
  size: Size;
  count: number;
  negative: string;
  steps: number;
  guidance: number;
  seed: number;
  sampler: Sampler;
  scheduler: Scheduler;
}

export const USUAL: ImageSettings = {
  api: "openai",
  size: "1024x1024",
  count: 1,
  negative: "",
  steps: 20,
  guidance: 7,
  seed: -1,
  sampler: "",
  scheduler: "",
};

/** Settings as they were kept, with the usual value in the place of what makes no sense. */
export function readSettings(kept: unknown): ImageSettings {
  const found = (typeof kept === "object" && kept !== null ? kept : {}) as Record<string, unknown>;
  const oneOf = <T>(values: readonly T[], value: unknown, usual: T): T => values.find((each) => each === value) ?? usual;
  return {
    api: oneOf(APIS, found["api"], USUAL.api),
    size: oneOf(SIZES, found["size"], USUAL.size),
    count: within(found["count"], BOUNDS.count),
    negative: typeof found["negative"] === "string" ? found["negative"] : USUAL.negative,
    steps: within(found["steps"], BOUNDS.steps),
    guidance: within(found["guidance"], BOUNDS.guidance),
    seed: within(found["seed"], BOUNDS.seed),
    sampler: oneOf(SAMPLERS, found["sampler"], USUAL.sampler),
    scheduler: oneOf(SCHEDULERS, found["scheduler"], USUAL.scheduler),
  };
}

/** A small model that is laid over a model of the SD API. */
export interface Lora {
  name: string;
  path: string;
}

export interface UsedLora extends Lora {
  strength: number;
}

/** The body of the request. */
export function bodyOf(model: string, prompt: string, settings: ImageSettings, loras: readonly UsedLora[]): Record<string, unknown> {
  if (settings.api === "openai") return { model, prompt, n: settings.count, size: settings.size };
  const [width, height] = settings.size.split("x").map(Number);
  return {
    model,
    prompt,
    ...(settings.negative.trim() !== "" && { negative_prompt: settings.negative }),
    width,
    height,
    steps: settings.steps,
    cfg_scale: settings.guidance,
    seed: settings.seed,
    batch_size: settings.count,
    ...(settings.sampler !== "" && { sampler_name: settings.sampler }),
    ...(settings.scheduler !== "" && { scheduler: settings.scheduler }),
    ...(loras.length > 0 && { lora: loras.map(({ path, strength }) => ({ path, multiplier: strength })) }),
  };
}

/** What pictures were made with, for reading. */
export function parametersOf(settings: ImageSettings, loras: readonly UsedLora[]): string {
  const parts = [settings.size.replace("x", " × ")];
  if (settings.api === "sdapi") {
    parts.push(`${settings.steps} steps`, `guidance ${settings.guidance}`, settings.seed === -1 ? "random seed" : `seed ${settings.seed}`);
    if (settings.sampler !== "") parts.push(settings.sampler);
    if (settings.scheduler !== "") parts.push(settings.scheduler);
    if (settings.negative.trim() !== "") parts.push(`without: ${settings.negative.trim()}`);
    parts.push(...loras.map(({ name, strength }) => `${name} ${strength}`));
  }
  return parts.join(", ");
}
