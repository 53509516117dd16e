// Recording from the microphone. Browsers offer it only to pages over HTTPS, and on the machine itself.

import { describe } from "../../../../api/error";

/** Milliseconds of one recording; after that it ends by itself. */
const LONGEST = 30 * 60 * 1000;

export class Recorder {
  /** Whether this browser offers it here. */
  static readonly isOffered = typeof MediaRecorder !== "undefined" && navigator.mediaDevices?.getUserMedia !== undefined;

  /** `Date.now()` when the recording began; `null` while there is none. */
  since = $state<number | null>(null);
  /** Why it does not record; `null` when it does, or was not asked to. */
  error = $state<string | null>(null);
  #recorder: MediaRecorder | null = null;
  #asking = false;

  /** Begins to record; `taken` gets the recording when it has ended. */
  async start(taken: (file: File) => void): Promise<void> {
    if (this.#asking || this.#recorder !== null) return;
    this.#asking = true;
    this.error = null;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.#record(stream, taken);
    } catch (error) {
      this.error = describe(error);
    } finally {
      this.#asking = false;
    }
  }

  /** Ends the recording. */
  stop(): void {
    this.#recorder?.stop();
  }

  #record(stream: MediaStream, taken: (file: File) => void): void {
    const recorder = new MediaRecorder(stream);
    const parts: Blob[] = [];
    const timer = setTimeout(() => recorder.stop(), LONGEST);
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      clearTimeout(timer);
      for (const track of stream.getTracks()) track.stop();
      this.#recorder = null;
      this.since = null;
      const type = recorder.mimeType;
      taken(new File(parts, `recording.${type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm"}`, { type }));
    };
    recorder.start();
    this.#recorder = recorder;
    this.since = Date.now();
  }
}
