// The body of an answer, up to a limit: a server that has gone mad must not fill the browser's memory.

import { readEnvelope } from "../../../api/error";
import { bytes } from "../../../format/quantity";

/** Bytes of an answer that is JSON: a batch of large pictures fits. */
const LARGEST_JSON = 256 * 1024 * 1024;

/** Characters of a strange answer that are shown. */
const SHOWN_TEXT = 200;

/** The bytes, of the type that the server gave. Throws when there are more than `limit`. */
export async function blobOf(response: Response, limit: number): Promise<Blob> {
  const type = response.headers.get("content-type") ?? "";
  if (response.body === null) return new Blob([], { type });
  const reader = response.body.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts, { type });
    length += value.length;
    if (length > limit) {
      void reader.cancel().catch(() => {});
      throw new Error(`The answer is larger than ${bytes(limit)}.`);
    }
    parts.push(value);
  }
}

/** The JSON of an answer. Throws when it is none, or an error in the place of an answer. */
export async function jsonOf(response: Response): Promise<unknown> {
  const blob = await blobOf(response, LARGEST_JSON);
  return readJson(await blob.text());
}

/** Reads JSON. Throws as `jsonOf` does. */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(text.trim() === "" ? "The answer is empty." : `The answer is not JSON: ${text.slice(0, SHOWN_TEXT)}`);
  }
  if (typeof value === "object" && value !== null && "error" in value && value.error) {
    throw new Error(readEnvelope(text).message || "The server reports an error.");
  }
  return value;
}
