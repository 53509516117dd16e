// Pictures that a person attaches to a question: which are taken, and why others are not.

import { bytes } from "../../../format/quantity";
import type { Picture } from "./dialect";

export const PICTURE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const;

/** Pictures of one question. */
export const MOST_PICTURES = 5;

/** Bytes of one picture. */
export const LARGEST_PICTURE = 20 * 1024 * 1024;

/** Which files are taken beside those that are there already, and why the others are not. */
export function admit<T extends { name: string; type: string; size: number }>(
  files: readonly T[],
  there: number,
): { taken: T[]; refusals: string[] } {
  const taken: T[] = [];
  const refusals: string[] = [];
  for (const file of files) {
    const name = file.name || "the picture";
    if (!(PICTURE_TYPES as readonly string[]).includes(file.type)) refusals.push(`${name} is no JPG, PNG, GIF or WEBP picture.`);
    else if (file.size === 0) refusals.push(`${name} is empty.`);
    else if (file.size > LARGEST_PICTURE) refusals.push(`${name} is ${bytes(file.size)}; at most ${bytes(LARGEST_PICTURE)} are taken.`);
    else if (there + taken.length >= MOST_PICTURES) refusals.push(`${name} is left out: at most ${MOST_PICTURES} pictures go with one message.`);
    else taken.push(file);
  }
  return { taken, refusals };
}

/** A file as a picture. */
export function read(file: File): Promise<Picture> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, type: file.type, url: String(reader.result) });
    reader.onerror = () => reject(reader.error ?? new Error("it cannot be read"));
    reader.readAsDataURL(file);
  });
}
