import { describe, expect, it } from "vitest";
import { NOTHING } from "../chat/answer";
import { barsOf, lengthOf, ticksOf, wordsOf } from "./chart";
import { advance, close, phaseOf, timeIn, type Phase, type Signs, type Span } from "./phases";
import { planOf } from "./plan";
import { csvOf, measuresOf, percentile, summaryOf, type Trial } from "./trial";
import { widthOf } from "./width";

const trial = (more: Partial<Trial> = {}): Trial => ({
  number: 1, model: "orca-7b", state: "done", sentAt: 100, endedAt: 1100, error: null,
  spans: [{ phase: "waiting", from: 100, to: 200 }, { phase: "loading", from: 200, to: 500 }, { phase: "content", from: 600, to: 1100 }],
  content: { ...NOTHING, firstText: 500, usage: { input: 12, output: 50 } },
  ...more,
});

describe("case 43: phases", () => {
  it.each<[Partial<Signs>, Phase]>([
    [{}, "waiting"],
    [{ open: "queued" }, "waiting"],
    [{ open: "queued", narrated: true }, "waiting"],
    [{ open: "loading" }, "loading"],
    [{ open: "loading", narrated: true }, "loading"],
    [{ narrated: true }, "loading"],
    [{ open: "streaming", narrated: true }, "loading"],
    [{ open: "waiting", narrated: true }, "waiting"],
    [{ open: "streaming" }, "waiting"],
    [{ open: "loading", last: "reasoning" }, "reasoning"],
    [{ open: "streaming", last: "content" }, "content"],
  ])("%j means %s", (signs, phase) => expect(phaseOf({ open: null, narrated: false, last: null, ...signs })).toBe(phase));

  it("are moments, not sums", () => {
    let spans: readonly Span[] = [];
    for (const [phase, at] of [["waiting", 10], ["waiting", 15], ["reasoning", 20], ["content", 30], ["reasoning", 45]] as const) spans = advance(spans, phase, at);
    spans = close(spans, 50);
    expect(spans.map(({ phase, from, to }) => [phase, from, to])).toEqual([["waiting", 10, 20], ["reasoning", 20, 30], ["content", 30, 45], ["reasoning", 45, 50]]);
    expect(timeIn(spans, "reasoning", 99)).toBe(15);
    expect(timeIn([{ phase: "content", from: 10, to: null }], "content", 99)).toBe(89);
  });
  it("are not kept without end", () => {
    let spans: readonly Span[] = [];
    for (let at = 0; at < 1000; at += 1) spans = advance(spans, at % 2 ? "content" : "reasoning", at);
    expect(spans.length).toBe(200);
  });
});

it.each([
  [[], 4],
  [["http/1.1", ""], 4],
  [["", "h2"], 64],
  [["h3"], 64],
])("over %j at most %d go out at a time", (protocols, width) => expect(widthOf(protocols)).toBe(width));

it("repeats the whole list, up to a limit", () => {
  expect(planOf(["a", "b"], 2)).toEqual(["a", "b", "a", "b"]);
  expect(planOf(Array.from({ length: 64 }, () => "a"), 20).length).toBe(200);
  expect(planOf([], 5)).toEqual([]);
});

describe("measures", () => {
  it("count from when it was sent", () => expect(measuresOf(trial())).toEqual({ firstToken: 500, total: 1000, outputTokens: 50, tokensPerSecond: 100 }));
  it("prefer the server's own speed", () => expect(measuresOf(trial({ content: { ...NOTHING, timings: { outputPerSecond: 40 } } })).tokensPerSecond).toBe(40));
  it("are missing where nothing came", () =>
    expect(measuresOf(trial({ content: NOTHING, endedAt: null }))).toEqual({ firstToken: null, total: null, outputTokens: null, tokensPerSecond: null }));
  it.each([
    [0.5, 2],
    [0.95, 4],
    [1, 4],
    [0, 1],
  ])("percentile %d", (share, value) => expect(percentile([1, 2, 3, 4], share)).toBe(value));
  it("of what is done make the summary", () => {
    const { statistics, throughput } = summaryOf([trial(), trial({ endedAt: 2100 }), trial({ state: "failed" })]);
    expect(statistics.map(({ name, median, most }) => [name, median, most])).toEqual([
      ["First token", 500, 500],
      ["Total", 1000, 2000],
      ["Waiting and loading", 400, 400],
      ["Speed", 50 * 1000 / 1500, 100],
    ]);
    expect(throughput).toBe(50);
    expect(summaryOf([trial({ state: "failed" })])).toEqual({ statistics: [], throughput: null });
  });
  it("are a file, too", () => {
    expect(csvOf([trial(), trial({ number: 2, state: "failed", error: "no, really" })]).split("\r\n").slice(1, 3)).toEqual([
      "1,orca-7b,done,100,100,300,500,1000,12,50,100,",
      '2,orca-7b,failed,100,100,300,500,1000,12,50,100,"no, really"',
    ]);
  });
});

describe("chart", () => {
  it("draws spans where they were, and the time in the browser before them", () => {
    expect(barsOf(trial(), 2000, 2000)).toEqual([
      { kind: "browser", x: 0, width: 50 },
      { kind: "waiting", x: 50, width: 50 },
      { kind: "loading", x: 100, width: 150 },
      { kind: "content", x: 300, width: 250 },
    ]);
    expect(barsOf(trial({ state: "browser", sentAt: null, endedAt: null, spans: [] }), 1000, 400)).toEqual([{ kind: "browser", x: 0, width: 400 }]);
    expect(lengthOf([trial(), trial({ endedAt: null })], 3000)).toBe(3000);
    expect(lengthOf([], 0)).toBe(100);
  });
  it.each([
    [100, "0 s,0.1 s"],
    [2400, "0 s,0.5 s,1 s,1.5 s,2 s"],
    [20_000, "0 s,5 s,10 s,15 s,20 s"],
  ])("ticks of %d ms", (length, texts) => expect(ticksOf(length).map(({ text }) => text).join()).toBe(texts));
  it("has few ticks however long it is", () => expect(ticksOf(1e8).length).toBeLessThan(9));
  it("is words, too", () => {
    expect(wordsOf(trial(), 0)).toBe("1 orca-7b: waiting 0.1 s, loading 0.3 s, content 0.5 s, done");
    expect(wordsOf(trial({ state: "browser", spans: [] }), 0)).toBe("1 orca-7b: waits in the browser");
  });
});
