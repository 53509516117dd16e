// What a captured body is, by its bytes and its headers. A capture comes from strangers: whatever it is, it becomes text, or a picture
// or a sound that the browser is told the kind of.

/** Characters of a text that are on the screen at once; the file has everything. More makes a browser slow. */
export const SHOWN_TEXT = 200_000;

/** Characters of JSON up to which it is laid out; beyond, laying out takes longer than a person waits. */
export const LONGEST_PRETTY = 4 * 1024 * 1024;

/** Characters of one text inside JSON that are shown; the pictures of a chat are megabytes of letters. */
const SHOWN_VALUE = 4000;

export type Kind = "json" | "events" | "text" | "image" | "audio" | "binary";

export interface Body {
  kind: Kind;
  /** Without parameters, in lower case; empty when nobody says. */
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Empty when it is no text. */
  text: string;
}

const TEXTUAL = /^(text\/|application\/(.*\+)?(json|xml|x-www-form-urlencoded|javascript|x-ndjson|yaml))/;

/** Pictures that browsers draw. SVG is none: it is a document, and shown as its text. */
const PICTURE = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

/** The body behind Base64; `null` when it was not kept. */
export function bodyOf(base64: string | null, headers: Record<string, string>): Body | null {
  if (base64 === null) return null;
  const bytes = bytesOf(base64);
  const type = (header(headers, "content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (PICTURE.test(type)) return { kind: "image", type, bytes, text: "" };
  if (/^audio\//.test(type)) return { kind: "audio", type, bytes, text: "" };
  const text = textOf(bytes);
  if (text === null && !TEXTUAL.test(type)) return { kind: "binary", type, bytes, text: "" };
  const shown = text ?? new TextDecoder().decode(bytes);
  if (type === "text/event-stream" || (type !== "application/json" && /^(data|event): ?\S/.test(shown))) return { kind: "events", type, bytes, text: shown };
  return { kind: isJson(shown) ? "json" : "text", type, bytes, text: shown };
}

/** A header, whatever the case of its name. */
export function header(headers: Record<string, string>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** JSON laid out with two spaces; the text itself when it is too long or no JSON. */
export function pretty(text: string): string {
  return laidOut(text, undefined);
}

/** As `pretty`, but with long texts inside it cut short, for the screen. */
export function prettyShown(text: string): string {
  return laidOut(text, (_, value) => (typeof value === "string" ? cutValue(value) : value));
}

/** A text for the screen, and how many characters of it are left out. */
export function cut(text: string): { text: string; missing: number } {
  return { text: text.slice(0, SHOWN_TEXT), missing: Math.max(0, text.length - SHOWN_TEXT) };
}

/** The value of a text of JSON; `undefined` when it is none. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The end of a file's name. */
export function extensionOf({ kind, type }: Body): string {
  switch (kind) {
    case "json":
      return "json";
    case "events":
    case "text":
      return "txt";
    case "image":
    case "audio":
      return type.split("/")[1]?.replace(/^x-/, "").replace(/[^a-z0-9]/g, "") || "bin";
    case "binary":
      return "bin";
  }
}

function laidOut(text: string, replace: ((key: string, value: unknown) => unknown) | undefined): string {
  if (text.length > LONGEST_PRETTY) return text;
  const value = valueOf(text);
  return value === undefined ? text : JSON.stringify(value, replace, 2);
}

function cutValue(value: string): string {
  if (value.length <= SHOWN_VALUE) return value;
  return `${value.slice(0, SHOWN_VALUE)} … (${value.length - SHOWN_VALUE} more characters)`;
}

function isJson(text: string): boolean {
  const begin = text.trimStart()[0];
  return (begin === "{" || begin === "[") && valueOf(text) !== undefined;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** `null` when it is not UTF-8, or holds what no text holds. */
function textOf(bytes: Uint8Array<ArrayBuffer>): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
