// The playground's tabs beside the chat: images, speech, transcription, rerank, embeddings and the concurrency test.

import { readFile } from "node:fs/promises";
import { expectAccessible } from "./support/accessibility";
import { expect, test, type Page } from "./support/test";

/** Opens a tab of the playground with a model chosen. */
async function open(page: Page, tab: string, model?: string): Promise<void> {
  await page.goto(`/ui/playground?tab=${tab}`);
  if (model !== undefined) await page.getByLabel("Model", { exact: true }).selectOption(model);
}

/** The content and name of what a press of the button downloads. */
async function downloaded(page: Page, button: string | RegExp): Promise<{ name: string; content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
  return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
}

const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" }).click();
const bodies = (received: { path: string; body: unknown }[], path: string) => received.filter((each) => each.path === path).map(({ body }) => body);
const PNG_HEAD = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

/** A WAV file without a sound in it. */
const wav = (name: string) => ({ name, mimeType: "audio/wav", buffer: Buffer.from("RIFF\x24\0\0\0WAVEfmt ") });

/** Drops a file where one is expected. */
async function drop(page: Page, name: string, content: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], fileName));
      return data;
    },
    [name, content] as const,
  );
  await page.getByRole("group", { name: "Sound file" }).dispatchEvent("drop", { dataTransfer: transfer });
}

test("case 39: images of the OpenAI API, all of them, with download and what they were made with", async ({ page, herder }) => {
  const headers = { "content-type": "application/json" };
  const { data } = await herder.json("/v1/images/generations", { method: "POST", headers, body: '{"model":"lynx-7b"}' });
  const png = data[0].b64_json;
  herder.script("orca-7b", "/v1/images/generations", { body: { data: [{ b64_json: png }, { b64_json: png }, { url: "https://pictures.test/a.png" }, { url: "/unload" }] } });
  await open(page, "images", "orca-7b");
  await page.getByLabel("Prompt", { exact: true }).fill("a heron");
  await page.keyboard.press("Enter");
  const made = page.getByRole("region", { name: "Images of a heron" });
  await expect(made.getByRole("img")).toHaveCount(2);
  await expect(made).toContainText("orca-7b: 1024 × 1024");
  await expect(made.getByRole("link", { name: "https://pictures.test/a.png" })).toBeVisible();
  // A model does not choose what is asked of herder: this one would unload all models.
  await expect(made).toContainText(`${new URL(page.url()).origin}/unload`);
  await expect(made.getByRole("link")).toHaveCount(1);
  expect(bodies(herder.received("orca-7b"), "/v1/images/generations")).toEqual([{ model: "orca-7b", prompt: "a heron", n: 1, size: "1024x1024", top_p: 0.9 }]);
  const { name, content } = await downloaded(page, "Download Image 1 of 4");
  expect(name).toMatch(/^image-\d+-1\.png$/);
  expect(content.subarray(0, 4)).toEqual(PNG_HEAD);
  await press(page, "Image 2 of 4: enlarge");
  await expect(page.getByRole("dialog", { name: "Image" }).getByRole("img")).toBeVisible();
  await page.keyboard.press("Escape");
  // They are still there after another page was shown, and go when they are cleared. The tab that was reached by its link is the last one.
  await page.getByRole("link", { name: "Hardware" }).click();
  await page.getByRole("link", { name: "Playground" }).click();
  await expect(page.getByRole("tab", { name: "Images" })).toHaveAttribute("aria-selected", "true");
  await expect(made.getByRole("img")).toHaveCount(2);
  await press(page, "Clear");
  await expect(made).toHaveCount(0);
});

test("case 39: images of the SD API with everything that can be chosen", async ({ page, herder }) => {
  await open(page, "images", "vega/coder-32b");
  await page.getByLabel("API", { exact: true }).selectOption("SDAPI");
  await page.getByLabel("Size", { exact: true }).selectOption("768x1024");
  for (const [label, value] of [["Images", "2"], ["Steps", "12"], ["Guidance (CFG)", "4.5"], ["Seed (-1: random)", "77"]] as const) {
    await page.getByRole("spinbutton", { name: label, exact: true }).fill(value);
  }
  await page.getByLabel("Sampler").selectOption("euler_a");
  await page.getByLabel("Scheduler").selectOption("karras");
  await page.getByLabel("Negative prompt").fill("fog");
  await press(page, "List LoRAs");
  await page.getByLabel("LoRAs").selectOption("ink");
  await page.getByLabel("LoRAs").selectOption("fog");
  await page.getByLabel("ink", { exact: true }).fill("0.5");
  await press(page, "Remove fog");
  await page.getByLabel("Prompt", { exact: true }).fill("a heron");
  await press(page, "Generate");
  await expect(page.getByRole("region", { name: "Images of a heron" }).getByRole("img")).toHaveCount(2);
  await expect(page.getByRole("region", { name: "Images of a heron" })).toContainText("768 × 1024, 12 steps, guidance 4.5, seed 77, euler_a, karras, without: fog, ink 0.5");
  expect(bodies(herder.received("vega/coder-32b"), "/sdapi/v1/txt2img")).toEqual([
    {
      model: "vega-q4", prompt: "a heron", negative_prompt: "fog", width: 768, height: 1024, steps: 12, cfg_scale: 4.5, seed: 77,
      batch_size: 2, sampler_name: "euler_a", scheduler: "karras", lora: [{ path: "loras/ink.safetensors", multiplier: 0.5 }],
    },
  ]);
  // Another model has other LoRAs.
  await page.getByLabel("Model", { exact: true }).selectOption("lynx-7b");
  await expect(page.getByRole("button", { name: "List LoRAs" })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Steps")).toHaveValue("12");
});

test("case 39: no image, a refusal and a cancelled request are told apart", async ({ page, herder }) => {
  herder.script("orca-7b", "/v1/images/generations", [{ body: { data: [] } }, { status: 400, body: { error: { message: "no such size" } } }, { hold: true, body: {} }]);
  await open(page, "images", "orca-7b");
  await page.getByLabel("Prompt", { exact: true }).fill("a heron");
  const alert = page.getByRole("main").getByRole("alert");
  await press(page, "Generate");
  await expect(alert).toContainText("There is no image in the answer.");
  await press(page, "Try again");
  await expect(alert).toContainText("no such size (HTTP 400)");
  await press(page, "Generate");
  await expect(alert).toHaveCount(0);
  await expect.poll(() => herder.received("orca-7b").length).toBe(3);
  await press(page, "Cancel");
  await expect(page.getByRole("button", { name: "Generate" })).toBeEnabled();
  await expect(alert).toHaveCount(0);
  await expect.poll(() => herder.received("orca-7b").map(({ aborted }) => aborted)).toEqual([false, false, true]);
});

test.describe("a model that loads for a minute", () => {
  test.use({ config: 'models: {slowpoke: {cmd: "@MODEL@ --ready-after 60000"}}' });

  test("a load that somebody ends by an unload is cancelled, not failed; the sidebar marks the playground until then", async ({ page, herder }) => {
    await open(page, "images", "slowpoke");
    await page.getByLabel("Prompt", { exact: true }).fill("a heron");
    await press(page, "Generate");
    const entry = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Playground" });
    await expect(entry).toContainText("a request is under way");
    await page.getByRole("link", { name: "Hardware" }).click();
    await expect(entry).toContainText("a request is under way");
    await entry.click();
    await expect.poll(async () => (await herder.json("/api/models")).models[0].state).toBe("starting");
    await herder.request("/api/models/unload/slowpoke", { method: "POST" });
    const main = page.getByRole("main");
    await expect(main.getByText("Cancelled: somebody has ended the request, or unloaded the model.")).toBeVisible();
    await expect(main.getByRole("alert")).toHaveCount(0);
    await expect(entry).toHaveText("Playground");
  });
});

test("case 40: speech with the voices of the server, and the extension of what came", async ({ page, herder }) => {
  await open(page, "speech", "orca-7b");
  await expect(page.getByLabel("Voice", { exact: true })).toHaveValue("coral");
  await press(page, "Refresh voices");
  await expect(page.getByText("As the model's server lists them.")).toBeVisible();
  await expect(page.getByLabel("Voice", { exact: true }).getByRole("option")).toHaveText(["heather", "moss"]);
  await page.getByLabel("Voice", { exact: true }).selectOption("moss");
  await page.getByLabel("Format").selectOption("mp3");
  await page.getByLabel("Text", { exact: true }).fill("A bell rings.");
  await press(page, "Speak");
  await expect(page.getByLabel("The sound")).toHaveJSProperty("tagName", "AUDIO");
  await expect.poll(() => page.getByLabel("The sound").evaluate((player: HTMLAudioElement) => player.duration)).toBeGreaterThan(0);
  expect(bodies(herder.received("orca-7b"), "/v1/audio/speech")).toMatchObject([{ model: "orca-7b", input: "A bell rings.", voice: "moss", response_format: "mp3" }]);
  const { name, content } = await downloaded(page, "Download .wav");
  expect(name).toMatch(/^moss-.*\.wav$/);
  expect(content.subarray(0, 4).toString()).toBe("RIFF");
  // Another model does not get these voices.
  await page.getByLabel("Model", { exact: true }).selectOption("lynx-7b");
  await expect(page.getByLabel("Voice", { exact: true })).toHaveValue("coral");
});

test("case 40: voices that cannot be listed, and an answer that is no sound, are said", async ({ page, herder }) => {
  herder.script("orca-7b", "/v1/audio/voices", [{ status: 404, body: "no voices here" }, { body: ["heather"] }]);
  herder.script("orca-7b", "/v1/audio/speech", { body: { detail: "nothing" } });
  await open(page, "speech", "orca-7b");
  await press(page, "Refresh voices");
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toContainText("no voices here (HTTP 404)");
  await expect(page.getByLabel("Voice", { exact: true })).toHaveValue("coral");
  await press(page, "Try again");
  await expect(page.getByLabel("Voice", { exact: true })).toHaveValue("heather");
  await expect(alert).toHaveCount(0);
  await page.getByLabel("Text", { exact: true }).fill("A bell rings.");
  await press(page, "Speak");
  await expect(alert).toContainText('The answer is no sound: {"detail":"nothing"}');
});

test("case 41: a dropped .wav is transcribed, a .txt is refused", async ({ page, herder }) => {
  await open(page, "transcription", "orca-7b");
  await drop(page, "bell.wav", "RIFF");
  await page.getByLabel("Language").fill("en");
  await press(page, "Transcribe");
  const result = page.getByRole("region", { name: "Text", exact: true });
  await expect(result).toContainText("orca-7b heard a bell.");
  await expect(result.getByRole("button", { name: "Copy" })).toBeVisible();
  const [form] = bodies(herder.received("orca-7b"), "/v1/audio/transcriptions") as string[];
  expect(form).toContain('filename="bell.wav"');
  expect(form).toMatch(/name="model"\s+orca-7b/);
  expect(form).toMatch(/name="language"\s+en/);
  await drop(page, "notes.txt", "some text");
  await expect(page.getByRole("main").getByRole("alert").filter({ hasText: "notes.txt is no sound file" })).toBeVisible();
  // The file that was there stays.
  await expect(page.getByRole("group", { name: "Sound file" })).toContainText("bell.wav");
});

test("case 41: moments of a transcript, an empty one, and an error", async ({ page, herder }) => {
  herder.script("orca-7b", "/v1/audio/transcriptions", [
    { body: { text: "A bell.", language: "english", segments: [{ start: 0, end: 65.2, text: " A bell." }] } },
    { body: { text: "" } },
    { status: 400, body: { error: { message: "cannot decode" } } },
  ]);
  await open(page, "transcription", "orca-7b");
  await page.getByLabel("Browse …").setInputFiles(wav("bell.wav"));
  await page.getByLabel("Format").selectOption("with moments");
  await press(page, "Transcribe");
  await expect(page.getByRole("row", { name: "0:00.0 1:05.2 A bell." })).toBeVisible();
  await press(page, "Transcribe");
  await expect(page.getByText("The model heard no words.")).toBeVisible();
  await press(page, "Transcribe");
  await expect(page.getByText("Transcribing failed: cannot decode (HTTP 400)")).toBeVisible();
});

test("case 41: a microphone that is not allowed is said", async ({ page }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
  });
  await open(page, "transcription");
  await press(page, "Record");
  await expect(page.getByText("Cannot record: Permission denied")).toBeVisible();
});

test("case 42: the sample is ranked, sorted by score, with its tokens", async ({ page, herder }) => {
  await open(page, "rerank", "orca-7b");
  await press(page, "Rank");
  const table = page.getByRole("table", { name: "Documents and their scores" });
  await expect(page.getByText("9 scores, 42 tokens")).toBeVisible();
  const scores = async () => (await table.locator("tbody td.number").allInnerTexts()).filter((text) => text !== "–").map(Number);
  const sorted = await scores();
  expect(sorted).toHaveLength(9);
  expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
  const column = table.getByRole("columnheader", { name: /Score/ });
  await expect(column).toHaveAttribute("aria-sort", "descending");
  await press(page, /Score/);
  await expect(column).toHaveAttribute("aria-sort", "ascending");
  expect(await scores()).toEqual([...sorted].reverse());
  const [body] = bodies(herder.received("orca-7b"), "/v1/rerank") as { documents: string[]; query: string }[];
  expect(body?.documents).toHaveLength(9);
  expect(body?.query).toBe("How can I keep herbs fresh?");
});

test("case 42: JSON mode says what is wrong and stays; an error has the server's text", async ({ page, herder }) => {
  herder.script("orca-7b", "/v1/rerank", { status: 501, body: { error: { message: "this server does not rerank" } } });
  await open(page, "rerank", "orca-7b");
  await press(page, "JSON");
  const field = page.getByLabel("Query and documents as JSON");
  await expect(field).toHaveValue(/How can I keep herbs fresh/);
  await field.fill('{"query": "q"}');
  await press(page, "Table");
  await expect(page.getByText("`documents` must be a list of texts.")).toBeVisible();
  await field.fill('{"query": "q", "documents": ["one", "two"]}');
  await press(page, "Table");
  await expect(page.getByLabel("Document 1", { exact: true })).toHaveValue("one");
  await expect(page.getByLabel("Document 3", { exact: true })).toHaveValue("");
  await page.getByLabel("Document 3", { exact: true }).fill("three");
  await expect(page.getByLabel("Document 4", { exact: true })).toHaveValue("");
  await press(page, "Remove document 1");
  await press(page, "Rank");
  await expect(page.getByText("Ranking failed: this server does not rerank (HTTP 501)")).toBeVisible();
  expect(bodies(herder.received("orca-7b"), "/v1/rerank")).toMatchObject([{ query: "q", documents: ["two", "three"] }]);
});

test("embeddings: vectors, how alike they are, usage, and the answer as a file", async ({ page, herder }) => {
  await open(page, "embeddings", "orca-7b");
  await page.getByLabel("Text 1", { exact: true }).fill("bell");
  await page.getByLabel("Text 2", { exact: true }).fill("ring");
  await press(page, "Another text");
  await page.getByLabel("Text 3", { exact: true }).fill("herring");
  await page.getByLabel(/^Dimensions/).fill("4");
  await press(page, "Embed");
  const result = page.getByRole("region", { name: "Vectors" });
  await expect(result).toContainText("orca-7b, 15 tokens");
  await expect(result.getByText("4 dimensions: 1.0000, 4.0000, 1.0000, 0.5000")).toHaveCount(2);
  await expect(result.getByRole("row", { name: "1 1.0000 1.0000 0.3511" })).toBeVisible();
  expect(bodies(herder.received("orca-7b"), "/v1/embeddings")).toMatchObject([{ input: ["bell", "ring", "herring"], dimensions: 4 }]);
  const { content } = await downloaded(page, "Download JSON");
  expect(JSON.parse(content.toString()).data).toHaveLength(3);
  herder.script("orca-7b", "/v1/embeddings", { status: 400, body: { error: { message: "no embeddings" } } });
  await press(page, "Embed");
  await expect(page.getByText("Embedding failed: no embeddings (HTTP 400)")).toBeVisible();
});

test("case 43: eight requests, four at a time; other pages stay usable; the figures go into a file", async ({ page, herder }) => {
  const chunk = (delta: object) => ({ text: `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n` });
  const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 9, completion_tokens: 3 } })}\n\ndata: [DONE]\n\n`;
  herder.script("slowpoke", "/v1/chat/completions", { chunks: [chunk({ reasoning_content: "Hm." }), chunk({ content: "slow and steady" }), { text: end }], hold: true });
  await open(page, "concurrency");
  for (let added = 0; added < 7; added += 1) await press(page, "Add slowpoke");
  await press(page, "Add broken");
  await press(page, "Go (8)");
  // slowpoke takes its time to load, and says so; what does not fit waits in the browser.
  await expect(page.getByText("4 of 8 in flight, 4 wait in the browser, 0 done")).toBeVisible();
  await expect(page.getByRole("article", { name: "Request 1", exact: true }).getByText("loading", { exact: true })).toBeVisible();
  await expect(page.getByRole("article", { name: "Request 8", exact: true })).toContainText("waits in the browser");
  // The answers have begun, and do not end: all four connections are taken.
  await expect(page.getByText("slow and steady")).toHaveCount(4);
  await page.getByRole("link", { name: "Activity" }).click();
  await expect(page.getByRole("region", { name: "Open requests" }).getByRole("row").filter({ hasText: "slowpoke" })).toHaveCount(4);
  await expect(page.getByRole("heading", { name: "Finished requests" }).or(page.getByRole("region", { name: "Finished requests" })).first()).toBeVisible();
  expect(await page.evaluate(async () => (await fetch("/api/version")).status)).toBe(200);
  expect(herder.received("slowpoke")).toHaveLength(4);
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByRole("tab", { name: "Concurrency" }).click();
  herder.release("slowpoke");
  await expect(page.getByText("slow and steady")).toHaveCount(7);
  herder.release("slowpoke");
  await expect(page.getByText("0 of 8 in flight, 0 wait in the browser, 7 done, 1 failed")).toBeVisible();
  // Eight bars, which are moments: loading first, then reasoning, then content.
  const bars = page.getByRole("list", { name: "Requests over time" }).getByRole("img");
  await expect(bars).toHaveCount(8);
  await expect(bars.first()).toHaveAttribute("aria-label", /^1 slowpoke: (waiting [\d.]+ s, )?loading [\d.]+ s, .*content [\d.]+ s, done$/);
  await expect(bars.last()).toHaveAttribute("aria-label", /^8 broken: .*failed$/);
  expect(await bars.first().locator("rect").evaluateAll((drawn) => drawn.map((bar) => bar.getAttribute("class")?.split(" ")[0]))).toEqual(
    expect.arrayContaining(["loading", "content"]),
  );
  await expect(page.getByRole("row", { name: /^First token/ })).toBeVisible();
  const { name, content } = await downloaded(page, "Export CSV");
  expect(name).toBe("concurrency.csv");
  const lines = content.toString().trimEnd().split("\r\n");
  expect(lines).toHaveLength(9);
  expect(lines[1]).toMatch(/^1,slowpoke,done,\d+,\d+,\d+,\d+,\d+,9,3,/);
  // What waited in the browser says for how long, apart from herder's waiting.
  expect(Number(lines[7]?.split(",")[3])).toBeGreaterThan(0);
});

test("case 43: Stop ends what runs, and sends nothing more", async ({ page, herder }) => {
  herder.script("lynx-7b", "/v1/chat/completions", { chunks: [{ text: 'data: {"choices":[{"delta":{"content":"so far"}}]}\n\n' }, { text: "data: [DONE]\n\n" }], hold: true });
  await open(page, "concurrency");
  await press(page, "Add lynx-7b");
  await press(page, "Add orca-7b");
  await press(page, "Move request 2 up");
  await press(page, "Remove request 1");
  await page.getByLabel("Repeat the list").fill("6");
  await page.getByLabel("Max tokens").fill("33");
  await press(page, "Go (6)");
  await expect(page.getByText("so far")).toHaveCount(4);
  await press(page, "Stop");
  await expect(page.getByText("0 of 6 in flight, 0 wait in the browser, 0 done, 6 stopped")).toBeVisible();
  expect(herder.received("lynx-7b").map(({ body }) => body.max_tokens)).toEqual([33, 33, 33, 33]);
  await expect.poll(() => herder.received("lynx-7b").every(({ aborted }) => aborted)).toBe(true);
  await page.reload();
  await expect(page.getByLabel("Repeat the list")).toHaveValue("6");
  await expect(page.getByRole("button", { name: "Go (6)" })).toBeEnabled();
});

for (const mode of ["light", "dark"] as const) {
  test.describe(mode, () => {
    test.use({ colorScheme: mode, viewport: { width: 380, height: 800 } });

    test(`every tab with something in it is accessible and fits a narrow screen, ${mode}`, async ({ page, herder }) => {
      herder.script("orca-7b", "/v1/audio/voices", { status: 404, body: "none" });
      const ready: Record<string, () => Promise<void>> = {
        images: async () => {
          await page.getByLabel("API", { exact: true }).selectOption("SDAPI");
          await page.getByLabel("Prompt", { exact: true }).fill("a heron");
          await press(page, "Generate");
          await expect(page.getByRole("region", { name: "Images of a heron" })).toBeVisible();
        },
        speech: async () => {
          await press(page, "Refresh voices");
          await page.getByLabel("Text", { exact: true }).fill("A bell.");
          await press(page, "Speak");
          await expect(page.getByRole("button", { name: "Download .wav" })).toBeVisible();
          await expect(page.getByRole("main").getByRole("alert")).toBeVisible();
        },
        transcription: async () => {
          await drop(page, "notes.txt", "text");
          await drop(page, "bell.wav", "RIFF");
          await press(page, "Transcribe");
          await expect(page.getByText("orca-7b heard a bell.")).toBeVisible();
        },
        rerank: async () => {
          await press(page, "Rank");
          await expect(page.getByText("9 scores, 42 tokens")).toBeVisible();
        },
        embeddings: async () => {
          await page.getByLabel("Text 1", { exact: true }).fill("bell");
          await page.getByLabel("Text 2", { exact: true }).fill("herring");
          await press(page, "Embed");
          await expect(page.getByRole("heading", { name: "How alike they are" })).toBeVisible();
        },
        concurrency: async () => {
          await press(page, "Add orca-7b");
          await press(page, "Add broken");
          await press(page, "Go (2)");
          await expect(page.getByText("1 done, 1 failed")).toBeVisible();
        },
      };
      for (const [tab, prepare] of Object.entries(ready)) {
        await open(page, tab, tab === "concurrency" ? undefined : "orca-7b");
        await prepare();
        await expectAccessible(page, `${tab}, ${mode}`);
        const width = await page.evaluate(() => [document.documentElement.scrollWidth, document.querySelector("main")?.scrollWidth, document.querySelector("main")?.clientWidth]);
        expect(width[0], `${tab} is as wide as the screen`).toBeLessThanOrEqual(380);
        expect(width[1], `${tab} does not scroll sideways`).toBeLessThanOrEqual(width[2] ?? 0);
      }
    });
  });
}
