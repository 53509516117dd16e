// What a model can do, as short words.

import type { ModelNow } from "../../api/schema";
import { tokens } from "../../format/quantity";

/** In the order in which they are shown. */
const WORDS: readonly (readonly [string, string])[] = [
  ["vision", "Vision"],
  ["audio_transcriptions", "Transcription"],
  ["audio_speech", "Speech"],
  ["image_generation", "Image Gen"],
  ["image_to_image", "Img→Img"],
  ["function_calling", "Function Calling"],
  ["reranker", "Reranker"],
];

export interface CapabilityTag {
  text: string;
  /** For the tooltip. */
  title: string;
}

/** The tags of a model: its abilities, then its context. */
export function capabilityTags(model: Pick<ModelNow, "capabilities" | "context_length">): CapabilityTag[] {
  const tags = WORDS.filter(([name]) => model.capabilities?.[name]).map(([, text]) => ({ text, title: text }));
  const context = model.context_length ?? 0;
  if (context > 0) tags.push({ text: tokens(context), title: `Context of ${context} tokens` });
  return tags;
}
