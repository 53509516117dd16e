// The request and the answer of `/v1/audio/transcriptions`.

export const FORMATS = ["json", "text", "srt", "vtt", "verbose_json"] as const;
export type Format = (typeof FORMATS)[number];

export interface TranscriptionSettings {
  /** ISO 639-1, such as `de`; empty: the model finds out. */
  language: string;
  /** Words that may occur, or what was said before. */
  prompt: string;
  format: Format;
}

/** The fields beside the file. What is left empty is not sent, nor is the format that every server uses by itself. */
export function fieldsOf(model: string, { language, prompt, format }: TranscriptionSettings): [string, string][] {
  const fields: [string, string][] = [["model", model]];
  if (language.trim() !== "") fields.push(["language", language.trim()]);
  if (prompt.trim() !== "") fields.push(["prompt", prompt.trim()]);
  if (format !== "json") fields.push(["response_format", format]);
  return fields;
}

export interface Segment {
  /** Seconds from the beginning. */
  start: number;
  end: number;
  text: string;
}

export interface Transcript {
  text: string;
  segments: Segment[];
  /** What the model says of it, such as its language. */
  facts: string[];
}

/** Segments that are shown; the text has them all. */
const MOST_SEGMENTS = 2000;

/** Reads an answer: JSON with `text`, whatever was asked for, else the text itself. Throws when it is neither. */
export function readTranscript(body: string, contentType: string): Transcript {
  const answer = contentType.includes("json") || /^\s*\{/.test(body) ? parsed(body) : null;
  if (answer === null) {
    if (contentType.includes("html")) throw new Error("The answer is a web page, not a transcript.");
    return { text: body.trim(), segments: [], facts: [] };
  }
  const { error, text, segments, language, duration } = answer;
  if (error) throw new Error(reasonOf(error));
  if (typeof text !== "string") throw new Error("There is no text in the answer.");
  const facts: string[] = [];
  if (typeof language === "string" && language !== "") facts.push(`language ${language}`);
  if (typeof duration === "number") facts.push(`${duration.toFixed(1)} s of sound`);
  return { text: text.trim(), segments: segmentsOf(segments), facts };
}

/** A moment of a sound: `1:05.3`. */
export function moment(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

function segmentsOf(value: unknown): Segment[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_SEGMENTS).flatMap((segment: Partial<Segment> | null) => {
    const { start, end, text } = segment ?? {};
    return typeof start === "number" && typeof end === "number" && typeof text === "string" ? [{ start, end, text: text.trim() }] : [];
  });
}

function reasonOf(error: unknown): string {
  if (typeof error === "string") return error;
  const { message } = error as { message?: unknown };
  return typeof message === "string" ? message : "The server reports an error.";
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
