// What is asked for: the body of `/v1/audio/speech`.

import type { Bounds } from "../number";

/** Empty: whatever the server prefers. */
export const FORMATS = ["", "mp3", "wav", "opus", "aac", "flac", "pcm"] as const;
export type Format = (typeof FORMATS)[number];

export const SPEED: Bounds = { least: 0.25, most: 4, step: 0.05, usual: 1 };

export interface SpeechSettings {
  voice: string;
  format: Format;
  speed: number;
  instructions: string;
}

/** The body. What is left as usual is not sent, for not every server knows it. */
export function bodyOf(model: string, input: string, { voice, format, speed, instructions }: SpeechSettings): Record<string, unknown> {
  return {
    model,
    input,
    voice,
    ...(format !== "" && { response_format: format }),
    ...(speed !== SPEED.usual && { speed }),
    ...(instructions.trim() !== "" && { instructions: instructions.trim() }),
  };
}

/** Name of the file: `heather-2026-11-23T15-04-05.mp3`. */
export function fileName(voice: string, moment: number, extension: string): string {
  const name = voice.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "") || "speech";
  return `${name}-${new Date(moment).toISOString().slice(0, 19).replaceAll(":", "-")}.${extension}`;
}
