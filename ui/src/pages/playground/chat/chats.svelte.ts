// The conversations of this browser and who writes in them. They belong to no component: an answer goes on while other pages are shown.

import { Preference, isText } from "../../../preference.svelte";
import { NOTHING } from "./answer";
import { before, replaced, without, LONGEST_TITLE, type Answer, type Conversation, type Message } from "./conversation";
import type { Picture } from "./dialect";
import { MOST_CHATS } from "./keeping";
import { readSettings, UNSET, type ChatSettings } from "./settings";
import { underWay } from "../under_way.svelte";
import { drop, keep, loadAll, onChangeElsewhere, type Kept } from "./storage";
import { write } from "./writer";

/** Milliseconds between two times that an answer that is being written is kept. */
const KEEP_EVERY = 2000;

const isSettings = (value: unknown): value is ChatSettings => typeof value === "object" && value !== null;

class Chats {
  /** The latest first. Never empty. */
  list = $state.raw<readonly Conversation[]>([empty()]);
  /** How much is kept of those that do not fit; all of the others. */
  kept = $state.raw<ReadonlyMap<string, Kept>>(new Map());
  model = new Preference("playground-chat-model", "", isText);
  /** What is written and not yet sent. */
  draft = $state("");
  draftPictures = $state.raw<readonly Picture[]>([]);
  /** Ids of answers that are being written, by conversation. */
  writing = $state.raw<ReadonlyMap<string, string>>(new Map());

  #chosen = new Preference("playground-chat", "", isText);
  #settings = new Preference<ChatSettings>("playground-chat-settings", UNSET, isSettings);
  #stops = new Map<string, AbortController>();
  #keepTimers = new Map<string, ReturnType<typeof setTimeout>>();

  readonly current: Conversation = $derived(
    this.list.find(({ id }) => id === this.#chosen.value) ?? this.list[0] ?? empty(),
  );
  readonly isWriting: boolean = $derived(this.writing.has(this.current.id));
  /** There is no room for another conversation. */
  readonly isFull: boolean = $derived(this.list.length >= MOST_CHATS);
  readonly settings: ChatSettings = $derived(readSettings(this.#settings.value));

  constructor() {
    const kept = loadAll();
    if (kept.length > 0) this.list = kept;
    this.#chooseSome();
    onChangeElsewhere((id, conversation) => this.#changedElsewhere(id, conversation));
    addEventListener("pagehide", () => [...this.#keepTimers.keys()].forEach((id) => this.#keepNow(id)));
  }

  useSettings(settings: ChatSettings): void {
    this.#settings.value = settings;
  }

  choose(id: string): void {
    this.#chosen.value = id;
  }

  /** Begins another conversation, or goes to one that is still empty. */
  begin(): void {
    const unused = this.list.find(({ messages, title }) => messages.length === 0 && title === "");
    if (unused === undefined && this.isFull) return;
    const fresh = unused ?? empty();
    if (!unused) this.list = [fresh, ...this.list];
    this.choose(fresh.id);
  }

  rename(title: string): void {
    this.#change(this.current.id, { title: title.trim().slice(0, LONGEST_TITLE) });
  }

  remove(id: string): void {
    this.stop(id);
    clearTimeout(this.#keepTimers.get(id));
    this.#keepTimers.delete(id);
    drop(id);
    this.#forget(id);
  }

  /** Takes in conversations from a file, as copies, as long as there is room. Returns how many. */
  take(conversations: readonly Conversation[]): number {
    const taken = conversations.slice(0, MOST_CHATS - this.list.length).map((found) => ({ ...found, id: newId() }));
    this.list = [...taken, ...this.list];
    taken.forEach(({ id }) => this.#keepNow(id));
    if (taken[0]) this.choose(taken[0].id);
    return taken.length;
  }

  /** Asks what is in the draft. */
  send(): void {
    const { draft: text, draftPictures: pictures } = this;
    if (this.isWriting || this.model.value === "" || (text.trim() === "" && pictures.length === 0)) return;
    this.draft = "";
    this.draftPictures = [];
    this.#ask([...this.current.messages, { role: "user", id: newId(), text, pictures }]);
  }

  /** Asks for another answer in the place of this one; what follows it goes. */
  regenerate(answerId: string): void {
    if (!this.isWriting && this.model.value !== "") this.#ask(before(this.current.messages, answerId));
  }

  /** Asks a question in other words; what follows it goes. */
  edit(questionId: string, text: string): void {
    const question = this.current.messages.find(({ id }) => id === questionId);
    if (this.isWriting || this.model.value === "" || question?.role !== "user" || text === question.text) return;
    this.#ask([...before(this.current.messages, questionId), { ...question, text }]);
  }

  removeMessage(id: string): void {
    if (!this.isWriting) this.#change(this.current.id, { messages: without(this.current.messages, id) });
  }

  /** Stops the answer of a conversation; what has come of it stays. */
  stop(id: string): void {
    this.#stops.get(id)?.abort();
  }

  #ask(messages: readonly Message[]): void {
    const { id } = this.current;
    const { settings } = this;
    const answer: Answer = { ...NOTHING, role: "assistant", id: newId(), model: this.model.value, endpoint: settings.endpoint, stopped: false };
    const stop = new AbortController();
    this.#stops.set(id, stop);
    underWay.requests += 1;
    this.writing = new Map(this.writing).set(id, answer.id);
    this.#change(id, { messages: [...messages, answer] });
    void write(answer, messages, settings, stop.signal, (grown) => this.#grown(id, grown));
  }

  #grown(id: string, answer: Answer): void {
    if (answer.total !== null) {
      this.#stops.delete(id);
      underWay.requests -= 1;
      const writing = new Map(this.writing);
      writing.delete(id);
      this.writing = writing;
    }
    const conversation = this.list.find((found) => found.id === id);
    if (conversation === undefined) return;
    this.#put({ ...conversation, changed: Date.now(), messages: replaced(conversation.messages, answer) });
    if (answer.total !== null) this.#keepNow(id);
    else if (!this.#keepTimers.has(id)) this.#keepTimers.set(id, setTimeout(() => this.#keepNow(id), KEEP_EVERY));
  }

  #change(id: string, change: Partial<Conversation>): void {
    const conversation = this.list.find((found) => found.id === id) ?? this.current;
    this.#put({ ...conversation, ...change, changed: Date.now() });
    this.#keepNow(id);
  }

  #put(conversation: Conversation): void {
    this.list = this.list.map((found) => (found.id === conversation.id ? conversation : found));
  }

  #keepNow(id: string): void {
    clearTimeout(this.#keepTimers.get(id));
    this.#keepTimers.delete(id);
    const conversation = this.list.find((found) => found.id === id);
    if (conversation === undefined) return;
    const kept = keep(conversation);
    if (kept !== (this.kept.get(id) ?? "all")) this.kept = new Map(this.kept).set(id, kept);
  }

  #forget(id: string): void {
    const left = this.list.filter((found) => found.id !== id);
    this.list = left.length > 0 ? left : [empty()];
    this.#chooseSome();
  }

  /** Makes the first one the chosen one, if none is: one that another tab begins must not take its place. */
  #chooseSome(): void {
    if (!this.list.some(({ id }) => id === this.#chosen.value)) this.choose(this.list[0]?.id ?? "");
  }

  #changedElsewhere(id: string, conversation: Conversation | null): void {
    // Who writes here has the newer version.
    if (this.writing.has(id)) return;
    if (conversation === null) this.#forget(id);
    else if (this.list.some((found) => found.id === id)) this.#put(conversation);
    else this.list = [conversation, ...this.list].slice(0, MOST_CHATS);
  }
}

function empty(): Conversation {
  return { id: newId(), title: "", changed: Date.now(), messages: [] };
}

/** Not `crypto.randomUUID`, which browsers keep from pages over plain HTTP. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36).padStart(2, "0")).join("");
}

export const chats = new Chats();
