// Which files are taken for transcription, and why others are not.

import { bytes } from "../../../../format/quantity";

/** What the servers of this API read. */
export const EXTENSIONS = ["mp3", "wav", "ogg", "opus", "flac", "m4a", "webm", "mp4", "mpeg", "mpga"] as const;

/** Bytes of one file: hours of compressed speech fit. */
export const LARGEST = 512 * 1024 * 1024;

/** Why a file is not taken; `null` when it is. */
export function refusalOf({ name, size }: Pick<File, "name" | "size">): string | null {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  if (!(EXTENSIONS as readonly string[]).includes(extension)) return `${name} is no sound file. These are taken: ${EXTENSIONS.map((each) => `.${each}`).join(", ")}.`;
  if (size === 0) return `${name} is empty.`;
  if (size > LARGEST) return `${name} is ${bytes(size)}; at most ${bytes(LARGEST)} are taken.`;
  return null;
}
