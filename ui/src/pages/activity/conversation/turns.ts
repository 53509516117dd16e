// A conversation, whatever API it was held in: who said what, in parts.

export type Part =
  | { kind: "text" | "reasoning" | "error" | "tool result"; text: string }
  | { kind: "tool call"; name: string; text: string }
  /** `source` is a `data:` URL; empty for a picture elsewhere, which is not fetched: `text` says where. */
  | { kind: "image" | "audio"; source: string; text: string };

export interface Turn {
  role: string;
  parts: Part[];
}

/** A value as text: a text as it is, anything else as JSON; nothing is empty. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** A picture that lies in the text itself. Only such kinds as browsers draw without running anything. */
export function image(url: string): Part {
  const isInside = /^data:image\/(png|jpeg|gif|webp|avif|bmp);base64,[A-Za-z0-9+/=\s]*$/.test(url);
  return { kind: "image", source: isInside ? url : "", text: isInside ? "" : `image: ${url.slice(0, 200)}` };
}

/** A sound that lies in the text itself. */
export function audio(base64: string, format: string): Part {
  const isSound = /^[A-Za-z0-9+/=\s]+$/.test(base64) && /^[a-z0-9]{1,8}$/.test(format);
  return { kind: "audio", source: isSound ? `data:audio/${format};base64,${base64}` : "", text: isSound ? "" : "audio" };
}

/** Parts without those that say nothing. */
export function filled(parts: Part[]): Part[] {
  return parts.filter((part) => part.text !== "" || ("source" in part && part.source !== "") || part.kind === "tool call");
}
