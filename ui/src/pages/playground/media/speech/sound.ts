// What a sound is, by its first bytes, else by what the server calls it, else by what was asked for.

export interface SoundType {
  extension: string;
  /** What a browser's player is told. */
  type: string;
}

const TYPES: Record<string, string> = {
  mp3: "audio/mpeg",
  wav: "audio/wav",
  flac: "audio/flac",
  ogg: "audio/ogg",
  opus: "audio/ogg; codecs=opus",
  aac: "audio/aac",
  m4a: "audio/mp4",
  webm: "audio/webm",
  pcm: "audio/pcm",
};

/** Extensions by the media types under which servers send such sounds. */
const NAMES: Record<string, string> = {
  "audio/mpeg": "mp3",
  "audio/mp3": "mp3",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/wave": "wav",
  "audio/vnd.wave": "wav",
  "audio/flac": "flac",
  "audio/x-flac": "flac",
  "audio/ogg": "ogg",
  "audio/opus": "opus",
  "audio/aac": "aac",
  "audio/mp4": "m4a",
  "audio/webm": "webm",
  "audio/pcm": "pcm",
  "audio/l16": "pcm",
};

/** First bytes of `head` that are looked at. */
export const HEAD = 36;

/** `contentType` is the answer's, `asked` the format that was asked for, empty if none. `null`: that is no sound. */
export function soundTypeOf(head: Uint8Array, contentType: string, asked: string): SoundType | null {
  const named = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (named.startsWith("text/") || named.includes("json") || named.startsWith("image/")) return null;
  const extension = byBytes(head) ?? NAMES[named] ?? (asked || "bin");
  return { extension, type: TYPES[extension] ?? (named || "application/octet-stream") };
}

/** Whether a browser's player can be expected to know it: raw samples say nothing of their rate. */
export function isPlayable({ extension }: SoundType): boolean {
  return extension !== "pcm" && extension !== "bin";
}

function byBytes(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.slice(0, HEAD));
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WAVE") return "wav";
  if (text.startsWith("fLaC")) return "flac";
  if (text.startsWith("OggS")) return text.includes("OpusHead") ? "opus" : "ogg";
  if (text.startsWith("ID3")) return "mp3";
  if (text.slice(4, 8) === "ftyp") return "m4a";
  if (text.startsWith("\x1a\x45\xdf\xa3")) return "webm";
  const [first = 0, second = 0] = head;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return null;
  // Both begin with a run of ones; an AAC frame has layer 0.
  return (second & 0x06) === 0 ? "aac" : "mp3";
}
