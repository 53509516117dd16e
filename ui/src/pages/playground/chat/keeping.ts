// Conversations as text: what localStorage keeps, and what is exported and imported. Reading believes nothing.

import { NOTHING, type Content, type ToolCall } from "./answer";
import { LONGEST_TITLE, type Answer, type Conversation, type Message, type Question } from "./conversation";
import { ENDPOINTS, type Picture } from "./dialect";
import { amount, elements, fields, known, text, type Json } from "../../../json";
import { PICTURE_TYPES } from "./pictures";

/** Characters of one conversation that this browser is asked to keep. It has about 5 million for all of herder's page. */
export const LONGEST_KEPT = 1_500_000;

/** Messages of a conversation, and conversations of a file, that are read. */
const MOST_MESSAGES = 2000;
export const MOST_CHATS = 200;

/** Bytes of a file that is imported. */
export const LARGEST_FILE = 64 * 1024 * 1024;

/** What a conversation is kept as, the best first: with its pictures, then without. Too long ones are left out. */
export function keepable(conversation: Conversation): { text: string; pictures: boolean }[] {
  const whole = { text: JSON.stringify(conversation), pictures: true };
  const hasPictures = conversation.messages.some((message) => message.role === "user" && message.pictures.some(({ url }) => url !== null));
  const bare = hasPictures ? [{ text: JSON.stringify(withoutPictures(conversation)), pictures: false }] : [];
  return [whole, ...bare].filter(({ text: written }) => written.length <= LONGEST_KEPT);
}

function withoutPictures(conversation: Conversation): Conversation {
  const messages = conversation.messages.map((message) =>
    message.role === "user" ? { ...message, pictures: message.pictures.map((picture) => ({ ...picture, url: null })) } : message,
  );
  return { ...conversation, messages };
}

/** A kept conversation; `null` when it is none. */
export function readKept(written: string): Conversation | null {
  try {
    return readConversation(JSON.parse(written));
  } catch {
    return null;
  }
}

/** The file of an export. */
export function exported(conversations: readonly Conversation[]): string {
  return JSON.stringify({ format: "herder-chats", version: 1, chats: conversations }, null, 2);
}

/** The conversations in an exported file. Throws with the reason when it holds none. */
export function imported(written: string): Conversation[] {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    throw new Error("this file is no JSON");
  }
  const file = fields(value);
  if (file["format"] !== "herder-chats") throw new Error("this file holds no chats of herder");
  const found = elements(file["chats"]).slice(0, MOST_CHATS).map(readConversation);
  const sound = found.filter((conversation) => conversation !== null);
  if (sound.length === 0) throw new Error("this file holds no chat that can be read");
  return sound;
}

function readConversation(value: unknown): Conversation | null {
  const { id, title, changed, messages } = fields(value);
  if (text(id) === "" || !Array.isArray(messages)) return null;
  const read = messages.slice(0, MOST_MESSAGES).map(readMessage);
  return {
    id: text(id),
    title: text(title).slice(0, LONGEST_TITLE),
    changed: amount(changed) ?? 0,
    messages: unique(read.filter((message) => message !== null)),
  };
}

/** Two messages of one id would be changed together. */
function unique(messages: readonly Message[]): Message[] {
  return [...new Map(messages.map((message) => [message.id, message])).values()];
}

function readMessage(value: unknown): Message | null {
  const message = fields(value);
  const id = text(message["id"]);
  if (id === "") return null;
  if (message["role"] === "user") return readQuestion(id, message);
  return message["role"] === "assistant" ? readAnswer(id, message) : null;
}

function readQuestion(id: string, message: Json): Question {
  const pictures = elements(message["pictures"]).map((picture): Picture => {
    const { name, type, url } = fields(picture);
    // Anything else could lead to another host.
    const isPicture = PICTURE_TYPES.some((allowed) => text(url).startsWith(`data:${allowed};base64,`));
    return { name: text(name), type: text(type), url: isPicture ? text(url) : null };
  });
  return { role: "user", id, text: text(message["text"]), pictures };
}

function readAnswer(id: string, message: Json): Answer {
  const usage = fields(message["usage"]);
  const timings = fields(message["timings"]);
  const content: Content = {
    ...NOTHING,
    text: text(message["text"]),
    thought: text(message["thought"]),
    refusal: text(message["refusal"]),
    others: elements(message["others"]).map(text),
    tools: elements(message["tools"]).map(readTool),
    finish: text(message["finish"]) || null,
    servedBy: text(message["servedBy"]) || null,
    usage: known({
      input: amount(usage["input"]),
      output: amount(usage["output"]),
      cached: amount(usage["cached"]),
      reasoning: amount(usage["reasoning"]),
    }),
    timings: known({ promptPerSecond: amount(timings["promptPerSecond"]), outputPerSecond: amount(timings["outputPerSecond"]) }),
    error: text(message["error"]) || (message["total"] === null ? "This answer was not complete when it was kept." : null),
    firstReasoning: amount(message["firstReasoning"]) ?? null,
    firstText: amount(message["firstText"]) ?? null,
    // Whatever was being written when it was kept is not written any more.
    total: amount(message["total"]) ?? 0,
    complete: message["complete"] === true,
  };
  const endpoint = ENDPOINTS.find((found) => found === message["endpoint"]) ?? ENDPOINTS[0] ?? "/v1/chat/completions";
  return { ...content, role: "assistant", id, model: text(message["model"]), endpoint, stopped: message["stopped"] === true };
}

function readTool(value: unknown, index: number): ToolCall {
  const { name, arguments: given } = fields(value);
  return { index, name: text(name), arguments: text(given) };
}
