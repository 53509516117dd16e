// Conversations and what can be done to them. Everything here returns a new value.

import type { Content } from "./answer";
import type { Endpoint, Picture, Turn } from "./dialect";

export interface Question {
  role: "user";
  id: string;
  text: string;
  pictures: readonly Picture[];
}

/** How an answer ended whose request somebody has cancelled, or whose model somebody has unloaded. */
export const ENDED_ELSEWHERE = "ended elsewhere";

export interface Answer extends Content {
  role: "assistant";
  id: string;
  /** The name that was asked for. */
  model: string;
  endpoint: Endpoint;
  /** It was stopped on purpose: by the person here, unless `finish` is `ENDED_ELSEWHERE`. */
  stopped: boolean;
}

export type Message = Question | Answer;

export interface Conversation {
  id: string;
  /** Empty until a person gives it one: see `titleOf`. */
  title: string;
  /** Milliseconds of the epoch of the last change. */
  changed: number;
  messages: readonly Message[];
}

/** Characters of a title. */
export const LONGEST_TITLE = 80;

/** Its title, else its first words. */
export function titleOf({ title, messages }: Conversation): string {
  if (title !== "") return title;
  const first = messages.find((message) => message.role === "user");
  const words = first?.text.trim().replaceAll(/\s+/g, " ") ?? "";
  if (words === "") return first === undefined ? "New chat" : "Pictures";
  return words.length > 40 ? `${words.slice(0, 39)}…` : words;
}

/** The messages before this one. */
export function before(messages: readonly Message[], id: string): Message[] {
  const at = messages.findIndex((message) => message.id === id);
  return messages.slice(0, at === -1 ? messages.length : at);
}

/** The messages with this one in the place of the one of the same id. */
export function replaced(messages: readonly Message[], message: Message): Message[] {
  return messages.map((found) => (found.id === message.id ? message : found));
}

/** Without one message. */
export function without(messages: readonly Message[], id: string): Message[] {
  return messages.filter((message) => message.id !== id);
}

/** What a model is told of what was said: no reasoning, no errors, no answers that have no text. */
export function turnsOf(messages: readonly Message[]): Turn[] {
  return messages.flatMap((message): Turn[] => {
    if (message.role === "user") return [{ role: "user", text: message.text, pictures: message.pictures }];
    return message.text === "" ? [] : [{ role: "assistant", text: message.text, pictures: [] }];
  });
}
