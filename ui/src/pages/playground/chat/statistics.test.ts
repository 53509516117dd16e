import { describe, expect, it } from "vitest";
import { NOTHING } from "./answer";
import { ENDED_ELSEWHERE, type Answer } from "./conversation";
import { follows } from "./follow";
import { wantsToSend } from "./keys";
import { admit, LARGEST_PICTURE } from "./pictures";
import { isCutOff, reasoningTime, statisticsOf } from "./statistics";

const answer = (more: Partial<Answer>): Answer => ({
  ...NOTHING,
  role: "assistant",
  id: "1",
  model: "orca",
  endpoint: "/v1/chat/completions",
  stopped: false,
  total: 1500,
  ...more,
});
const lines = (more: Partial<Answer>) => statisticsOf(answer(more)).map(({ label, value, note }) => `${label} ${value}${note ? " *" : ""}`);

describe("case 36: statistics", () => {
  it("are the server's where it has some", () =>
    expect(
      lines({
        usage: { input: 1200, output: 40, cached: 1000, reasoning: 10 },
        timings: { promptPerSecond: 500, outputPerSecond: 41.5 },
        firstText: 300,
        finish: "stop",
        servedBy: "orca-q4",
      }),
    ).toEqual([
      "Model orca (orca-q4)",
      "Tokens in 1,200 (1,000 cached)",
      "Tokens out 40 (10 reasoning)",
      "Speed 41.50 t/s",
      "Prompt speed 500.00 t/s",
      "First token 300 ms *",
      "Total 1.5 s *",
      "End stop",
    ]));
  it("are measured here otherwise, and say so", () =>
    expect(lines({ usage: { output: 24 }, firstReasoning: 300, firstText: 900 })).toContain("Speed 20.00 t/s *"));
  it("are left out when nothing is known", () => expect(lines({ total: 0 })).toEqual(["Model orca"]));
  it.each([
    ["length", "cut off at the limit of tokens", true],
    ["max_tokens", "cut off at the limit of tokens", true],
    ["tool_calls", "calls a tool", false],
    ["end_turn", "end_turn", false],
  ])("finish %s", (finish, words, cut) => {
    expect(lines({ finish })).toContain(`End ${words}`);
    expect(isCutOff(finish)).toBe(cut);
  });
  it("a stopped one says who did it", () => expect(lines({ stopped: true, finish: "stop" })).toContain("End stopped by you"));
  it("one that was stopped elsewhere says that", () =>
    expect(lines({ stopped: true, finish: ENDED_ELSEWHERE })).toContain("End cancelled, or its model unloaded, elsewhere"));
  it.each([
    [{ firstReasoning: 100, firstText: 950 }, 850],
    [{ firstReasoning: 100, firstText: null, total: null }, null],
    [{ firstReasoning: 100, firstText: null, total: 3300 }, 3200],
    [{ firstReasoning: null, firstText: 5 }, null],
  ])("case 29: reasoning %j took %j", (more, time) => expect(reasoningTime(answer(more))).toBe(time));
});

describe("case 37: pictures", () => {
  const file = (name: string, type = "image/png", size = 1) => ({ name, type, size });
  it("takes five", () => {
    const { taken, refusals } = admit([1, 2, 3, 4].map((n) => file(`${n}.png`)), 2);
    expect(taken.map(({ name }) => name)).toEqual(["1.png", "2.png", "3.png"]);
    expect(refusals).toEqual(["4.png is left out: at most 5 pictures go with one message."]);
  });
  it.each([
    [file("a.svg", "image/svg+xml"), "a.svg is no JPG, PNG, GIF or WEBP picture."],
    [file("a.txt", "text/plain"), "a.txt is no JPG, PNG, GIF or WEBP picture."],
    [file("", ""), "the picture is no JPG, PNG, GIF or WEBP picture."],
    [file("a.png", "image/png", 0), "a.png is empty."],
    [file("a.png", "image/png", LARGEST_PICTURE + 1024 * 1024), "a.png is 21.0 MiB; at most 20.0 MiB are taken."],
  ])("refuses %j", (found, reason) => expect(admit([found], 0)).toEqual({ taken: [], refusals: [reason] }));
  it("takes the largest", () => expect(admit([file("a.webp", "image/webp", LARGEST_PICTURE)], 4).taken.length).toBe(1));
});

it.each([
  [{}, "Enter", true],
  [{ shiftKey: true }, "Enter", false],
  [{ isComposing: true }, "Enter", false],
  [{ key: "a" }, "Enter", false],
  [{}, "Ctrl+Enter", false],
  [{ ctrlKey: true }, "Ctrl+Enter", true],
  [{ metaKey: true }, "Ctrl+Enter", true],
  [{ ctrlKey: true, isComposing: true }, "Ctrl+Enter", false],
] as const)("key %j with %s sends: %j", (more, sendWith, sends) => {
  expect(wantsToSend({ key: "Enter", shiftKey: false, ctrlKey: false, metaKey: false, isComposing: false, ...more }, sendWith)).toBe(sends);
});

it.each([
  ["at the end", true, { top: 100, before: 90, end: 100 }, true],
  ["nearly at the end again", false, { top: 70, before: 20, end: 100 }, true],
  ["scrolled up", true, { top: 20, before: 100, end: 100 }, false],
  ["it has grown", true, { top: 100, before: 100, end: 500 }, true],
  ["scrolled down a bit", false, { top: 60, before: 20, end: 500 }, false],
])("%s", (_, following, place, expected) => expect(follows(following, place)).toBe(expected));
