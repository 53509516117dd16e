// The embeddings tab: what is written in it, and what came of it. It belongs to no component: see run.svelte.ts.

import { isText, Preference } from "../../../../preference.svelte";
import { askModel } from "../../ask";
import { Run } from "../../run.svelte";
import { jsonOf } from "../answer_body";
import { bodyOf, embeddingsOf, MOST_TEXTS, type Embeddings } from "./vectors";

class EmbeddingsTab {
  model = new Preference("playground-embeddings-model", "", isText);
  texts = $state.raw<readonly string[]>(["", ""]);
  /** Numbers per vector; `null`: as many as the model has. */
  dimensions = $state<number | null>(null);
  readonly run = new Run<Embeddings & { model: string }>();
  readonly written: readonly string[] = $derived(this.texts.filter((text) => text.trim() !== ""));

  write(index: number, text: string): void {
    this.texts = this.texts.with(index, text);
  }

  add(): void {
    if (this.texts.length < MOST_TEXTS) this.texts = [...this.texts, ""];
  }

  remove(index: number): void {
    this.texts = this.texts.filter((_, at) => at !== index);
  }

  embed(): void {
    const { written: texts, dimensions } = this;
    const model = this.model.value;
    void this.run.start(async (signal) => {
      const answer = await jsonOf(await askModel("/v1/embeddings", bodyOf(model, texts, dimensions), signal));
      return { ...embeddingsOf(answer, texts), model };
    });
  }
}

export const embeddings = new EmbeddingsTab();
