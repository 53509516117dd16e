// What came of it: pictures in the answer of either API, LoRAs in a list of them.

import { fields } from "../../../../json";
import type { Lora } from "./request";

/** A picture as the answer has it. */
export type Found =
  | { kind: "bytes"; base64: string; type: string; extension: string }
  /** An address of herder, which the page does not ask: a model must not choose what is asked of herder with the person's rights. */
  | { kind: "here"; url: string }
  /** An address of somebody else, which the page does not ask. */
  | { kind: "elsewhere"; url: string };

/** Pictures of one answer, and LoRAs of one list, that are read. */
const MOST_READ = 64;

/** How the base64 of a picture begins, by what its first bytes are. */
const BEGINNINGS: readonly (readonly [string, string, string])[] = [
  ["iVBORw0KGgo", "image/png", "png"],
  ["/9j/", "image/jpeg", "jpg"],
  ["UklGR", "image/webp", "webp"],
  ["R0lGOD", "image/gif", "gif"],
];

/** The pictures of an answer of `/v1/images/generations` (`data`) or `/sdapi/v1/txt2img` (`images`). `origin` is this site's. */
export function picturesOf(answer: unknown, origin: string): Found[] {
  const { data, images } = fields(answer);
  const found: Found[] = [];
  for (const entry of listOf(data)) {
    const { b64_json: base64, url } = fields(entry);
    if (typeof base64 === "string" && base64 !== "") found.push(bytes(base64));
    else if (typeof url === "string" && url !== "") found.push(...addressed(url, origin));
  }
  for (const entry of listOf(images)) if (typeof entry === "string" && entry !== "") found.push(bytes(entry));
  return found;
}

/** The list of `/sdapi/v1/loras`. */
export function lorasOf(answer: unknown): Lora[] {
  return listOf(answer).flatMap((entry) => {
    const { name, path } = fields(entry);
    const known = typeof path === "string" && path !== "" ? path : name;
    if (typeof known !== "string" || known === "") return [];
    return [{ name: typeof name === "string" && name !== "" ? name : known, path: known }];
  });
}

function bytes(text: string): Found {
  const base64 = text.replace(/^data:[^,]*,/, "");
  const [, type, extension] = BEGINNINGS.find(([beginning]) => base64.startsWith(beginning)) ?? ["", "image/png", "png"];
  return { kind: "bytes", base64, type, extension };
}

function addressed(url: string, origin: string): Found[] {
  if (/^data:image\/[a-z+.-]+;base64,/i.test(url)) return [bytes(url)];
  let address: URL;
  try {
    address = new URL(url, origin);
  } catch {
    return [];
  }
  if (address.protocol !== "http:" && address.protocol !== "https:") return [];
  return [{ kind: address.origin === origin ? "here" : "elsewhere", url: address.href }];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MOST_READ) : [];
}
