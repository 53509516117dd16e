// The transcription tab: what is chosen and written in it, and what came of it. It belongs to no component: see run.svelte.ts.

import { isOneOf, isText, Preference } from "../../../../preference.svelte";
import { askModel } from "../../ask";
import { Run } from "../../run.svelte";
import { blobOf } from "../answer_body";
import { refusalOf } from "./sound_file";
import { fieldsOf, FORMATS, readTranscript, type Format, type Transcript } from "./transcript";

/** Bytes of a transcript: days of speech fit. */
const LARGEST_TRANSCRIPT = 64 * 1024 * 1024;

class Transcription {
  model = new Preference("playground-audio-model", "", isText);
  language = new Preference("playground-audio-language", "", isText);
  format = new Preference<Format>("playground-audio-format", "json", isOneOf(FORMATS));
  prompt = $state("");
  file = $state.raw<File | null>(null);
  /** Why the last file was not taken; `null` when it was. */
  refusal = $state<string | null>(null);
  readonly run = new Run<Transcript & { of: string }>();

  /** Takes one file; of several, none, for it would not be known which. */
  take(files: readonly File[]): void {
    const [file] = files;
    if (file === undefined) return;
    this.refusal = files.length > 1 ? "One file at a time, please." : refusalOf(file);
    if (this.refusal === null) this.file = file;
  }

  transcribe(): void {
    const { file } = this;
    if (file === null) return;
    void this.run.start(async (signal) => {
      const form = new FormData();
      // The fields first: a server may need the model's name before the file.
      for (const [name, value] of fieldsOf(this.model.value, { language: this.language.value, prompt: this.prompt, format: this.format.value })) form.append(name, value);
      form.append("file", file, file.name);
      const blob = await blobOf(await askModel("/v1/audio/transcriptions", form, signal), LARGEST_TRANSCRIPT);
      return { ...readTranscript(await blob.text(), blob.type), of: file.name };
    });
  }

  clear(): void {
    this.file = null;
    this.refusal = null;
    this.prompt = "";
    this.run.result = null;
    this.run.error = null;
  }
}

export const transcription = new Transcription();
