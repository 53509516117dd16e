// The speech tab: what is chosen and written in it, and what came of it. It belongs to no component: see run.svelte.ts.

import { withModel } from "../../../../api/client";
import { isFlag, isOneOf, isText, Preference } from "../../../../preference.svelte";
import { askAboutModel, askModel } from "../../ask";
import { Run } from "../../run.svelte";
import { blobOf, jsonOf } from "../answer_body";
import { bodyOf, fileName, FORMATS, SPEED, type Format } from "./request";
import { HEAD, isPlayable, soundTypeOf } from "./sound";
import { areVoiceLists, voiceIn, voicesFor, voicesOf, withVoices, type VoiceLists } from "./voices";

/** Bytes of a sound: hours of speech fit. */
const LARGEST_SOUND = 256 * 1024 * 1024;

/** Characters of an answer that is no sound, as they are shown. */
const SHOWN_TEXT = 200;

export interface Sound {
  url: string;
  blob: Blob;
  fileName: string;
  extension: string;
  playable: boolean;
  model: string;
  voice: string;
  at: number;
}

class Speech {
  model = new Preference("playground-speech-model", "", isText);
  wanted = new Preference("playground-speech-voice", "", isText);
  format = new Preference<Format>("playground-speech-format", "", isOneOf(FORMATS));
  autoplay = new Preference("playground-speech-autoplay", false, isFlag);
  speed = $state(SPEED.usual);
  instructions = $state("");
  text = $state("");
  /** Made and not yet played by itself. */
  unheard = $state(false);
  readonly run = new Run<Sound>();
  readonly refreshing = new Run<readonly string[]>();
  #lists = new Preference<VoiceLists>("playground-speech-voices", {}, areVoiceLists);
  readonly voices: readonly string[] = $derived(voicesFor(this.#lists.value, this.model.value));
  readonly voice: string = $derived(voiceIn(this.voices, this.wanted.value));
  /** Whether the server has told them. */
  readonly isListed: boolean = $derived(Object.hasOwn(this.#lists.value, this.model.value));

  chooseModel(model: string): void {
    if (model === this.model.value) return;
    this.model.value = model;
    this.refreshing.cancel();
    this.refreshing.error = null;
  }

  /** Asks the model's server for its voices, which loads the model. What is known stays when that fails. */
  refreshVoices(): void {
    const model = this.model.value;
    void this.refreshing.start(async (signal) => {
      const voices = voicesOf(await jsonOf(await askAboutModel(withModel("/v1/audio/voices?model=", model), signal)));
      this.#lists.value = withVoices(this.#lists.value, model, voices);
      return voices;
    });
  }

  generate(): void {
    void this.run.start(async (signal) => {
      const { voice, speed, instructions } = this;
      const model = this.model.value;
      const format = this.format.value;
      const response = await askModel("/v1/audio/speech", bodyOf(model, this.text.trim(), { voice, format, speed, instructions }), signal);
      const content = await blobOf(response, LARGEST_SOUND);
      if (content.size === 0) throw new Error("The answer is empty.");
      const found = soundTypeOf(new Uint8Array(await content.slice(0, HEAD).arrayBuffer()), content.type, format);
      if (found === null) throw new Error(`The answer is no sound: ${await content.slice(0, SHOWN_TEXT).text()}`);
      const blob = new Blob([content], { type: found.type });
      const at = Date.now();
      this.#forget();
      this.unheard = true;
      return {
        url: URL.createObjectURL(blob),
        blob,
        fileName: fileName(voice, at, found.extension),
        extension: found.extension,
        playable: isPlayable(found),
        model,
        voice,
        at,
      };
    });
  }

  clear(): void {
    this.#forget();
    this.run.result = null;
    this.run.error = null;
    this.text = "";
  }

  #forget(): void {
    if (this.run.result !== null) URL.revokeObjectURL(this.run.result.url);
  }
}

export const speech = new Speech();
