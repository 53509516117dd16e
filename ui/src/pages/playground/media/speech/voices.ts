// The voices of a model: from the list that its server gives, else those that most servers know.

import { fields } from "../../../../json";

/** Known to OpenAI's API, and to most servers that speak it. */
export const BUILT_IN: readonly string[] = ["coral", "alloy", "echo", "fable", "onyx", "nova", "shimmer"];

/** Voices of one model that are kept. */
const MOST_VOICES = 500;

/** Models whose voices are kept; the oldest list goes first. */
const MOST_MODELS = 32;

export type VoiceLists = Readonly<Record<string, readonly string[]>>;

/** Reads the answer of `/v1/audio/voices`: a list of names, or `voices` with names or objects with an `id`. Throws when there is no name in it. */
export function voicesOf(answer: unknown): string[] {
  const list = Array.isArray(answer) ? answer : fields(answer)["voices"];
  const names = (Array.isArray(list) ? list : []).map((voice) => {
    const { id, name } = fields(voice);
    return [voice, id, name].find((text) => typeof text === "string" && text !== "") as string | undefined;
  });
  const known = [...new Set(names.filter((name) => name !== undefined))].slice(0, MOST_VOICES);
  if (known.length === 0) throw new Error("The server names no voice.");
  return known;
}

/** The lists with one more of them, or a newer one. */
export function withVoices(lists: VoiceLists, model: string, voices: readonly string[]): VoiceLists {
  const others = Object.entries(lists).filter(([name]) => name !== model);
  return Object.fromEntries([...others.slice(1 - MOST_MODELS), [model, voices]]);
}

/** The voices to choose from for a model. */
export function voicesFor(lists: VoiceLists, model: string): readonly string[] {
  return (Object.hasOwn(lists, model) ? lists[model] : undefined) ?? BUILT_IN;
}

/** The voice that is used: the wanted one where the model has it, else its first. */
export function voiceIn(voices: readonly string[], wanted: string): string {
  return voices.includes(wanted) ? wanted : (voices[0] ?? "");
}

/** Whether something kept is such lists. */
export function areVoiceLists(value: unknown): value is VoiceLists {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((list) => Array.isArray(list) && list.length > 0 && list.every((voice) => typeof voice === "string"));
}
