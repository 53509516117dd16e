import { describe, expect, it } from "vitest";
import { NOTHING } from "./answer";
import { before, replaced, titleOf, turnsOf, without, type Answer, type Conversation, type Message, type Question } from "./conversation";
import { exported, imported, keepable, LONGEST_KEPT, readKept } from "./keeping";

const question = (id: string, text: string, more: Partial<Question> = {}): Question => ({ role: "user", id, text, pictures: [], ...more });
const answer = (id: string, text: string, more: Partial<Answer> = {}): Answer => ({
  ...NOTHING,
  role: "assistant",
  id,
  text,
  model: "m",
  endpoint: "/v1/chat/completions",
  stopped: false,
  total: 5,
  complete: true,
  ...more,
});
const chat = (messages: Message[], title = ""): Conversation => ({ id: "c", title, changed: 1, messages });
const MESSAGES = [question("1", "a"), answer("2", "b"), question("3", "c"), answer("4", "d")];

describe("titles", () => {
  it.each([
    [chat([]), "New chat"],
    [chat([question("1", " Why\n is it ")]), "Why is it"],
    [chat([question("1", "x".repeat(100))]), `${"x".repeat(39)}…`],
    [chat([question("1", "", { pictures: [{ name: "p", type: "", url: null }] })]), "Pictures"],
    [chat([question("1", "a")], "Mine"), "Mine"],
  ])("%#", (conversation, title) => expect(titleOf(conversation)).toBe(title));
});

describe("cases 33, 34: changes", () => {
  const ids = (messages: readonly Message[]) => messages.map(({ id }) => id).join("");
  it("cuts before a message", () => expect(ids(before(MESSAGES, "3"))).toBe("12"));
  it("takes one out", () => expect(ids(without(MESSAGES, "2"))).toBe("134"));
  it("replaces one", () => expect(replaced(MESSAGES, answer("2", "new"))[1]).toMatchObject({ text: "new" }));
});

it("case 35: errors, reasoning and empty answers are not sent", () => {
  const said = [
    question("1", "a"),
    answer("2", "", { error: "400: too long" }),
    question("3", "b"),
    answer("4", "part", { error: "cut", thought: "hm", refusal: "no" }),
  ];
  expect(turnsOf(said)).toEqual([
    { role: "user", text: "a", pictures: [] },
    { role: "user", text: "b", pictures: [] },
    { role: "assistant", text: "part", pictures: [] },
  ]);
});

describe("keeping", () => {
  const url = "data:image/png;base64,AAAA";
  it("comes back as it was", () => {
    const whole = chat([...MESSAGES, question("5", "e", { pictures: [{ name: "p", type: "image/png", url }] })], "t");
    expect(readKept(JSON.stringify(whole))).toEqual(whole);
    expect(imported(exported([whole]))).toEqual([whole]);
  });
  it("case 37: tries without pictures when it is too long with them, and gives up when it is too long anyway", () => {
    const big = { name: "p", type: "image/png", url: url + "A".repeat(LONGEST_KEPT) };
    expect(keepable(chat([question("1", "a")])).map(({ pictures }) => pictures)).toEqual([true]);
    expect(keepable(chat([question("1", "a", { pictures: [{ ...big, url }] })])).map(({ pictures }) => pictures)).toEqual([true, false]);
    const [bare, ...more] = keepable(chat([question("1", "a", { pictures: [big] })]));
    expect(more).toEqual([]);
    expect(readKept(bare?.text ?? "")?.messages[0]).toMatchObject({ pictures: [{ name: "p", url: null }] });
    expect(keepable(chat([question("1", "x".repeat(LONGEST_KEPT))]))).toEqual([]);
  });
  it("what was being written is finished when it comes back, and says so", () => {
    expect(readKept(JSON.stringify(chat([answer("1", "a", { total: null })])))?.messages[0]).toMatchObject({
      total: 0,
      text: "a",
      error: "This answer was not complete when it was kept.",
    });
  });
  it.each(["", "null", "7", "{}", '{"id":"a"}', '{"id":1,"messages":[]}', "["])("%j is no chat", (written) => expect(readKept(written)).toBeNull());
  it("reads what it can, and believes no address", () => {
    const strange = {
      id: "c",
      title: { a: 1 },
      changed: "x",
      messages: [
        null,
        { role: "user", id: "" },
        { role: "system", id: "s", text: "x" },
        { role: "user", id: "1", text: 7, pictures: [{ url: "http://a.example/x.png" }, { url: "data:image/svg+xml;base64,AA" }, null] },
        { role: "assistant", id: "2", text: "a", tools: [null], usage: { input: -1, output: "9" }, endpoint: "/unload", total: null },
        { role: "assistant", id: "2", text: "the same id again" },
      ],
    };
    const read = readKept(JSON.stringify(strange));
    expect(read).toMatchObject({ title: "", changed: 0 });
    expect(read?.messages.map(({ id }) => id)).toEqual(["1", "2"]);
    expect(read?.messages[0]).toMatchObject({ text: "", pictures: [{ url: null }, { url: null }, { url: null }] });
    expect(read?.messages[1]).toMatchObject({ usage: {}, endpoint: "/v1/chat/completions", text: "the same id again" });
  });
  it.each([
    ["no JSON", "this file is no JSON"],
    ["{}", "this file holds no chats of herder"],
    ['{"format":"herder-chats","chats":[1]}', "this file holds no chat that can be read"],
  ])("importing %j: %s", (written, reason) => expect(() => imported(written)).toThrow(reason));
});
