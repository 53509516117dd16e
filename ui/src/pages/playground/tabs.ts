// The tabs of the playground: what they are called in the query and on the screen, and the chunk in which each of them is.

import type { Component } from "svelte";

interface Tab {
  text: string;
  load: () => Promise<{ default: Component<Record<string, never>> }>;
}

export const TABS = {
  chat: { text: "Chat", load: () => import("./chat/Chat.svelte") },
  images: { text: "Images", load: () => import("./media/images/Images.svelte") },
  speech: { text: "Speech", load: () => import("./media/speech/Speech.svelte") },
  transcription: { text: "Transcription", load: () => import("./media/transcription/Transcription.svelte") },
  rerank: { text: "Rerank", load: () => import("./media/rerank/Rerank.svelte") },
  embeddings: { text: "Embeddings", load: () => import("./media/embeddings/Embeddings.svelte") },
  concurrency: { text: "Concurrency", load: () => import("./concurrency/Concurrency.svelte") },
} satisfies Record<string, Tab>;

export type TabName = keyof typeof TABS;

export const TAB_NAMES = Object.keys(TABS) as TabName[];

/** The tab that the query names; else the one that was shown last. */
export function tabOf(query: string | null, last: TabName): TabName {
  return TAB_NAMES.find((name) => name === query) ?? last;
}
