// A herder that looks lived in: demo models that exclude each other, one that stays, one that fails; requests that ended well and badly, one
// that is answered now and one that waits for its turn.

import { expect, type Herder } from "../support/test";

export const CONFIG = `
captureBuffer: 5
models:
  vega/coder-32b:
    name: Vega Coder 32B
    description: writes code, calls tools
    aliases: [coder]
    cmd: "'@HERDER@' demo-model --port \${PORT} --name vega --load 2500ms"
    capabilities: {in: [text], out: [text], tools: true, context: 131072}
    ttl: 900
  lynx-vision-12b:
    name: Lynx Vision 12B
    description: looks at pictures
    cmd: "'@HERDER@' demo-model --port \${PORT} --name lynx --load 1500ms"
    capabilities: {in: [text, image], out: [text], context: 32768}
    ttl: 600
  orca-7b:
    name: Orca 7B
    description: quick answers
    aliases: [gpt-4o-mini]
    cmd: "@MODEL@"
    concurrencyLimit: 2
    filters: {stripParams: "temperature", setParams: {top_p: 0.9}}
  finch-embed:
    name: Finch Embed
    description: vectors for search; always there
    cmd: "'@HERDER@' demo-model --port \${PORT} --name finch --load 400ms"
  moth-3b:
    name: Moth 3B
    description: its file is broken
    cmd: "@MODEL@ --fail 3"
groups:
  large: {swap: true, exclusive: false, members: [vega/coder-32b, lynx-vision-12b, orca-7b, moth-3b]}
  small: {swap: false, exclusive: false, persistent: true, members: [finch-embed]}
peers:
  attic: {proxy: "http://@PEERS@", apiKey: peer-secret, models: [nova-70b]}
selectors:
  any-chat: {strategy: warm, targets: [lynx-vision-12b, vega/coder-32b], name: Whatever is loaded}
profiles:
  nightly: {description: after hours, pins: {coder: lynx-vision-12b}}
`;

const QUESTIONS = [
  "Why do swaps cost so much?",
  "Write a function that reverses a list.",
  "What does a shepherd do all day?",
  "Summarise the last meeting in three sentences.",
];

/** Minutes of traffic before the pictures: none but what is needed for each page to show something, or, for a timeline that looks like a
 *  working day, as many as this says. */
export const MINUTES = Number(process.env["HERDER_PICTURES_MINUTES"] ?? "0");

/** Milliseconds between two turns of a long traffic, over and over: uneven, as people are. */
const PAUSES = [9_000, 2_000, 21_000, 5_000, 14_000];

/** What a model says when the playground asks it: one of each kind of text. */
const ANSWER = `Swapping is cheap to decide and dear to do. Roughly:

| Step | Takes |
|---|---|
| stop the old model | 1 s |
| load the new one | 20 s |

With a share $s$ of requests that need a swap of $t$ seconds, each request waits $s \\cdot t$ on average.

\`\`\`python
def waiting(share: float, seconds: float) -> float:
    """Mean wait that swaps add to a request."""
    return share * seconds
\`\`\`
`;

/** Lives through it. Afterwards one request is being answered by orca-7b, and one waits for vega/coder-32b. */
export async function live(herder: Herder): Promise<void> {
  const end = Date.now() + MINUTES * 60_000;
  for (let turn = 0; turn < 3 || Date.now() < end; turn += 1) {
    const model = turn % 2 === 0 ? "vega/coder-32b" : "lynx-vision-12b";
    const chats = QUESTIONS.map((question, at) => herder.chat(model, question, { stream: at % 2 === 0, max_tokens: 24 + 24 * at }));
    for (const answer of await Promise.all(chats)) expect((await answer.text()).length).toBeGreaterThan(0);
    if (MINUTES > 0) await new Promise((resolve) => setTimeout(resolve, PAUSES[turn % PAUSES.length]));
  }
  const embeddings = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ model: "finch-embed", input: "sheep" }) };
  expect((await herder.request("/v1/embeddings", embeddings)).status).toBe(200);
  expect((await herder.chat("attic/nova-70b", QUESTIONS[2])).status).toBe(200);
  expect((await herder.chat("moth-3b")).status).toBeGreaterThanOrEqual(500);
  herder.script("orca-7b", "/v1/chat/completions", [
    { status: 400, body: { error: { message: "the prompt is longer than the context", type: "invalid_request_error" } } },
    { chunks: [{ text: chunk("A shepherd ") }, { text: chunk("keeps ") }, { text: chunk("a herd together.") }], hold: true },
  ]);
  expect((await herder.chat("orca-7b", "x".repeat(200))).status).toBe(400);
  // Both stay open until herder ends.
  void herder.chat("orca-7b", QUESTIONS[2], { stream: true }).catch(() => {});
  await expect.poll(async () => (await herder.json("/running")).running.map(({ model }: { model: string }) => model)).toContain("orca-7b");
  await expect.poll(() => herder.received("orca-7b").length).toBe(2);
  herder.script("orca-7b", "/v1/chat/completions", { chunks: [...ANSWER.split(/(?<= )/).map((text) => ({ text: chunk(text), delayMs: 5 })), { text: END }] });
  void herder.chat("vega/coder-32b", QUESTIONS[1]).catch(() => {});
  // The strips and charts need some samples, which come every five seconds.
  await expect.poll(async () => (await herder.json("/api/performance")).sys_stats.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(4);
}

const chunk = (content: string): string => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;

const END = `data: ${JSON.stringify({
  choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
  usage: { prompt_tokens: 21, completion_tokens: 128 },
  timings: { prompt_n: 21, prompt_ms: 84, prompt_per_second: 250, predicted_n: 128, predicted_ms: 2844, predicted_per_second: 45 },
})}\n\ndata: [DONE]\n\n`;
