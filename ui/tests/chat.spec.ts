// The chat of the playground: cases 27-38 of spec/ui.md section 10, and bad input that reaches it.

import { readFileSync } from "node:fs";
import type { Locator } from "@playwright/test";
import { expectAccessible } from "./support/accessibility";
import { answer, END, frame, piece, says } from "./chat_answers";
import { expect, test, type Herder, type Page } from "./support/test";

const CHAT = "/v1/chat/completions";
const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

const input = (page: Page): Locator => page.getByRole("textbox", { name: "Message", exact: true });
const log = (page: Page): Locator => page.getByRole("log", { name: "Conversation" });
const answers = (page: Page, model = "orca-7b"): Locator => log(page).getByRole("article", { name: model, exact: true });
const send = (page: Page): Locator => page.getByRole("button", { name: "Send", exact: true });
const cancel = (page: Page): Locator => page.getByRole("form", { name: "New message" }).getByRole("button", { name: "Cancel" });

async function open(page: Page, model = "orca-7b"): Promise<void> {
  await page.goto(`/ui/playground?model=${encodeURIComponent(model)}`);
  await expect(page.getByRole("combobox", { name: "Model" })).toHaveValue(model);
}

/** Asks, and waits until the answer is there. */
async function ask(page: Page, text: string): Promise<void> {
  await input(page).fill(text);
  await input(page).press("Enter");
  await expect(send(page)).toBeVisible();
}

/** The turns of the last request that a model got. */
function lastTurns(herder: Herder, model = "orca-7b"): unknown {
  return herder.received(model).at(-1)?.body.messages;
}

test("case 27: a model is picked, a question sent with Enter, and the answer grows while Send is Cancel", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, { chunks: [piece({ content: "Hello " }), piece({ content: "there" }), ...END.map(({ text }) => ({ text }))], hold: true });
  await page.goto("/ui/playground");
  await expect(page.getByRole("combobox", { name: "Model" }).locator("optgroup")).toHaveCount(3);
  await expect(send(page)).toBeDisabled();
  await page.getByRole("combobox", { name: "Model" }).selectOption("orca-7b");
  await input(page).fill("Hi, orca");
  await input(page).press("Shift+Enter");
  await input(page).pressSequentially("second line");
  await input(page).press("Enter");
  await expect(log(page).getByRole("article", { name: "You" })).toContainText("Hi, orca\nsecond line");
  await expect(answers(page)).toContainText("Hello there");
  await expect(cancel(page)).toBeVisible();
  await expect(send(page)).toHaveCount(0);
  herder.release("orca-7b");
  await expect(send(page)).toBeVisible();
  await expect(answers(page)).toContainText("Hello there");
  const request = herder.received("orca-7b").at(-1);
  expect(request?.headers["x-session-id"]).toMatch(/^herder-[a-z0-9]{5}$/);
  expect(request?.body.messages).toEqual([{ role: "user", content: "Hi, orca\nsecond line" }]);
});

test("case 27: the answer goes on while another page is shown", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, answer([{ content: "begun " }, { content: "ended" }], { hold: true }));
  await open(page);
  await input(page).fill("Hi");
  await input(page).press("Enter");
  await expect(answers(page)).toContainText("begun");
  await page.getByRole("link", { name: "Logs" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Logs");
  herder.release("orca-7b");
  await page.getByRole("link", { name: "Playground" }).click();
  await expect(answers(page)).toContainText("begun ended");
  await expect(send(page)).toBeVisible();
});

test("case 28: Cancel keeps the text, ends the request, and gives the field back", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, [answer([{ content: "partial text" }], { hold: true }), says("fine")]);
  await open(page);
  await input(page).fill("Hi");
  await input(page).press("Enter");
  await expect(answers(page)).toContainText("partial text");
  await cancel(page).click();
  await expect(send(page)).toBeVisible();
  await expect(answers(page)).toContainText("partial text");
  await expect(answers(page)).toContainText("stopped by you");
  await expect(answers(page)).not.toContainText("Error");
  await expect(input(page)).toBeFocused();
  await expect.poll(() => herder.received("orca-7b")[0]?.aborted).toBe(true);
  await ask(page, "And?");
  expect(lastTurns(herder)).toEqual([
    { role: "user", content: "Hi" },
    { role: "assistant", content: "partial text" },
    { role: "user", content: "And?" },
  ]);
});

test("case 29: reasoning is folded, with its length and then its time, and is not sent back", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, [answer([{ reasoning_content: "I wonder about this" }, { content: "Done" }], { hold: true }), says("Yes")]);
  await open(page);
  await input(page).fill("Hi");
  await input(page).press("Enter");
  const block = answers(page).first().getByRole("group");
  await expect(block).toContainText("19 characters");
  await expect(answers(page).first().getByText("I wonder about this")).toHaveCount(0);
  herder.release("orca-7b");
  await expect(block).toContainText(/19 characters, [\d.]+ m?s/);
  await block.getByText("Reasoning").click();
  await expect(answers(page).first().getByText("I wonder about this")).toBeVisible();
  await ask(page, "And?");
  expect(JSON.stringify(lastTurns(herder))).not.toContain("wonder");
});

test("case 29: what herder tells while a model loads stands apart from the reasoning", async ({ page, herder }) => {
  herder.script("slowpoke", CHAT, answer([{ reasoning_content: "Hm." }, { content: "At last" }]));
  await open(page, "slowpoke");
  await input(page).fill("Hi");
  await input(page).press("Enter");
  const loading = answers(page, "slowpoke").getByText("loading model: slowpoke");
  await expect(loading).toBeVisible();
  await expect(answers(page, "slowpoke").getByText("At last")).toBeVisible();
  await expect(loading).toContainText("Done!");
  await expect(answers(page, "slowpoke").getByRole("group")).toContainText("3 characters");
});

test("case 30: a table, a formula and code with its button", async ({ page, herder, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const code = "def f(x):\n    return x < 1\n";
  herder.script("orca-7b", CHAT, says(`|a|b|\n|-|-|\n|1|2|\n\nSo $E=mc^2$.\n\n\`\`\`python\n${code}\`\`\`\n\nIt costs $5 and $6.`));
  await open(page);
  await ask(page, "Show me");
  await expect(answers(page).getByRole("cell", { name: "2" })).toBeVisible();
  await expect(answers(page).locator("math msup")).toHaveCount(1);
  await expect(answers(page).locator(".hljs-keyword").first()).toHaveText("def");
  await expect(answers(page)).toContainText("It costs $5 and $6.");
  const button = answers(page).locator("button[data-copy]");
  await button.click();
  await expect(button).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
});

test("case 31: markup and scripts in an answer do nothing, and nothing is asked of other hosts", async ({ page, herder }) => {
  const attacks = [
    "<img src=x onerror=\"document.title='caught'\">",
    "<script>document.title='caught'</script>",
    "<svg onload=\"document.title='caught'\">",
    "[x](javascript:document.title='caught')",
    "[y](data:text/html,<script>alert(1)</script>)",
    "[z](/unload)",
    "![cat](http://127.0.0.2:9/cat.png)",
    "<iframe src=http://127.0.0.2:9/></iframe>",
    '<div style="position:fixed;inset:0">x</div>',
    '```js" onclick="document.title=1\nlet a = "<img src=x onerror=alert(1)>"\n```',
    "$\\href{javascript:alert(1)}{x}$ $\\fcolorbox{red}{blue}{y}$",
    "[good](https://example.com/a?b=c)",
  ];
  herder.script("orca-7b", CHAT, [
    answer([{ reasoning_content: attacks.join("\n") }, { content: attacks.join("\n\n") }]),
    { status: 400, body: { error: { message: attacks.join(" ") } } },
    answer([{ tool_calls: [{ index: 0, function: { name: attacks[0], arguments: attacks[1] } }] }, { refusal: attacks[2] }]),
  ]);
  await open(page);
  await ask(page, attacks.join("\n"));
  await ask(page, "again");
  await ask(page, "and again");
  await expect(answers(page)).toHaveCount(3);
  await expect(answers(page).locator("math")).toHaveCount(2);
  await answers(page).first().getByText("Reasoning").click();
  await expect(log(page).locator("img, script, svg, iframe, [style], [onclick], [onerror]")).toHaveCount(0);
  const links = await log(page)
    .locator("a[href]")
    .evaluateAll((found) => found.map((link) => [link.getAttribute("href"), link.getAttribute("rel"), link.getAttribute("target")]));
  expect(links).toEqual([
    ["http://127.0.0.2:9/cat.png", "noopener noreferrer", "_blank"],
    ["https://example.com/a?b=c", "noopener noreferrer", "_blank"],
  ]);
  await expect(page).not.toHaveTitle(/caught/);
});

test("case 32: code keeps what looks like a formula", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, says("```tex\n\\(a\\) and $b$\n```\n\n`\\(c\\)` and \\(d\\)"));
  await open(page);
  await ask(page, "Show me");
  // Until what draws formulas is there, their source stands in their place.
  await expect(answers(page).locator("math")).toHaveCount(1);
  await expect(answers(page).locator("pre")).toHaveText("\\(a\\) and $b$\n");
  await expect(answers(page).locator("p code")).toHaveText("\\(c\\)");
});

test("case 33: an edited question is asked again, and what followed it goes", async ({ page, herder }) => {
  await open(page);
  await ask(page, "first");
  await ask(page, "second");
  await expect(log(page).getByRole("article")).toHaveCount(4);
  const question = log(page).getByRole("article", { name: "You" }).first();
  await question.getByRole("button", { name: "Edit" }).click();
  const field = question.getByRole("textbox", { name: "Edit the message" });
  await field.press("Escape");
  await expect(question).toContainText("first");
  await question.getByRole("button", { name: "Edit" }).click();
  await field.press("Enter");
  await expect(log(page).getByRole("article")).toHaveCount(4);
  await question.getByRole("button", { name: "Edit" }).click();
  await field.fill("other");
  await field.press("Enter");
  await expect(log(page).getByRole("article")).toHaveCount(2);
  await expect(answers(page)).toContainText("You said: other");
  expect(lastTurns(herder)).toEqual([{ role: "user", content: "other" }]);
});

test("case 34: an answer is replaced, and nobody else can write meanwhile", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, [says("one"), says("two"), answer([{ content: "three" }], { hold: true })]);
  await open(page);
  await ask(page, "a");
  await ask(page, "b");
  await answers(page).last().getByRole("button", { name: "Regenerate" }).click();
  await expect(answers(page).last()).toContainText("three");
  await expect(answers(page)).toHaveCount(2);
  for (const name of ["Regenerate", "Edit", "Delete"]) {
    for (const button of await log(page).getByRole("button", { name }).all()) await expect(button).toBeDisabled();
  }
  expect(lastTurns(herder)).toEqual([
    { role: "user", content: "a" },
    { role: "assistant", content: "one" },
    { role: "user", content: "b" },
  ]);
  herder.release("orca-7b");
  await expect(answers(page).first().getByRole("button", { name: "Regenerate" })).toBeEnabled();
  await expect(log(page)).not.toContainText("two");
  await answers(page).last().getByRole("button", { name: "Delete" }).click();
  await expect(answers(page)).toHaveCount(1);
});

test("case 35: errors are marked, can be retried and are not sent back", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, [
    { status: 400, body: { error: { message: "the context is full" } } },
    { chunks: [piece({ content: "half" }), frame({ error: { message: "out of memory" } })] },
    says("whole"),
    says("after"),
  ]);
  await open(page);
  await ask(page, "a");
  await expect(answers(page).last()).toContainText("Error: the context is full (HTTP 400)");
  await answers(page).last().getByRole("button", { name: "Retry" }).click();
  await expect(answers(page).last()).toContainText("Error: out of memory");
  await expect(answers(page).last()).toContainText("half");
  await ask(page, "b");
  await expect(answers(page).last()).toContainText("whole");
  expect(lastTurns(herder)).toEqual([
    { role: "user", content: "a" },
    { role: "assistant", content: "half" },
    { role: "user", content: "b" },
  ]);
});

test("case 36: tokens, speed and times stand under the answer", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, [
    {
      chunks: [
        piece({ content: "Hi" }),
        frame({
          model: "orca-q4",
          choices: [{ index: 0, delta: {}, finish_reason: "length" }],
          usage: { prompt_tokens: 1234, completion_tokens: 56 },
          timings: { prompt_per_second: 321, predicted_per_second: 40.5 },
        }),
        frame("[DONE]"),
      ],
    },
    { chunks: [piece({ content: "Hi" }), { ...frame({ choices: [], usage: { completion_tokens: 3 } }), delayMs: 50 }, ...END] },
  ]);
  await open(page);
  await ask(page, "a");
  const under = answers(page).locator("dl");
  for (const text of ["Tokens in1,234", "Tokens out56", "Speed40.50 t/s", "Prompt speed321.00 t/s", "orca-7b (orca-q4)", "cut off at the limit of tokens"]) {
    await expect(under).toContainText(text);
  }
  await expect(under).toContainText(/First token[\d.]+ m?s/);
  await expect(under).toContainText(/Total[\d.]+ m?s/);
  await ask(page, "b");
  await expect(under.last()).toContainText(/Speed[\d.]+ t\/s\s\(measured in this browser\)/);
});

test("case 37: the chat is there after a reload, and of six pictures the sixth is refused", async ({ page, herder }) => {
  await open(page);
  await ask(page, "remember me");
  await page.reload();
  await expect(log(page).getByRole("article", { name: "You" })).toContainText("remember me");
  await expect(answers(page)).toContainText("You said: remember me");
  const files = [1, 2, 3, 4, 5, 6].map((n) => ({ name: `${n}.png`, mimeType: "image/png", buffer: PIXEL }));
  await page.getByLabel("Pictures", { exact: true }).setInputFiles(files);
  const attached = page.getByRole("list", { name: "Attached pictures" });
  await expect(attached.getByRole("listitem")).toHaveCount(5);
  await expect(page.getByRole("form").getByRole("alert")).toHaveText("6.png is left out: at most 5 pictures go with one message.");
  await attached.getByRole("button", { name: "Remove 5.png" }).click();
  await page.getByLabel("Pictures", { exact: true }).setInputFiles([{ name: "a.txt", mimeType: "text/plain", buffer: PIXEL }]);
  await expect(page.getByRole("form").getByRole("alert")).toHaveText("a.txt is no JPG, PNG, GIF or WEBP picture.");
  await ask(page, "what is this");
  const parts = herder.received("orca-7b").at(-1)?.body.messages.at(-1).content;
  expect(parts.map(({ type }: { type: string }) => type)).toEqual(["text", "image_url", "image_url", "image_url", "image_url"]);
  expect(parts[1].image_url.url).toBe(`data:image/png;base64,${PIXEL.toString("base64")}`);
  await log(page).getByRole("button", { name: "Show 1.png" }).click();
  await expect(page.getByRole("dialog", { name: "1.png" }).getByRole("img")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("case 37: pictures come by paste and by drop", async ({ page }) => {
  await open(page);
  const attached = page.getByRole("list", { name: "Attached pictures" }).getByRole("listitem");
  for (const [at, kind] of ["paste", "drop"].entries()) {
    const transfer = await page.evaluateHandle((data) => {
      const files = new DataTransfer();
      files.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], "p.png", { type: "image/png" }));
      return files;
    }, PIXEL.toString("base64"));
    if (kind === "drop") await input(page).dispatchEvent("drop", { dataTransfer: transfer });
    else {
      await input(page).evaluate(
        (field, clipboardData) => field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })),
        transfer,
      );
    }
    await expect(attached).toHaveCount(at + 1);
  }
});

test("case 37: a chat that does not fit says so, and what fits of it is kept", async ({ page, herder }) => {
  // Of this length on the way: as a data URL, more than what one chat may take.
  const large = Buffer.concat([PIXEL, Buffer.alloc(1_400_000)]);
  await open(page);
  await page.getByLabel("Pictures", { exact: true }).setInputFiles([{ name: "large.png", mimeType: "image/png", buffer: large }]);
  await expect(page.getByRole("list", { name: "Attached pictures" }).getByRole("listitem")).toHaveCount(1);
  await ask(page, "see");
  await expect(page.getByText("it is kept without its pictures")).toBeVisible();
  await page.reload();
  await expect(log(page).getByRole("article", { name: "You" })).toContainText("large.png: not kept");
  herder.script("orca-7b", CHAT, says("and ".repeat(400_000)));
  await ask(page, "much");
  await expect(page.getByText("it is lost when the page is closed")).toBeVisible();
});

for (const [endpoint, expected] of [
  ["/v1/chat/completions", { messages: [{ role: "system", content: "be kind" }, { role: "user", content: "Hi" }], max_tokens: 64, temperature: 0 }],
  ["/v1/messages", { system: "be kind", messages: [{ role: "user", content: "Hi" }], max_tokens: 64, temperature: 0 }],
  ["/v1/responses", { instructions: "be kind", input: [{ role: "user", content: [{ type: "input_text", text: "Hi" }] }], max_output_tokens: 64, temperature: 0 }],
] as const) {
  test(`case 38: ${endpoint} gets its body, and its answer is read`, async ({ page, herder }) => {
    await open(page, "lynx-7b");
    await page.getByRole("button", { name: "Settings" }).click();
    const dialog = page.getByRole("dialog", { name: "Settings of the chat" });
    await dialog.getByRole("combobox", { name: "Endpoint" }).selectOption(endpoint);
    await dialog.getByRole("textbox", { name: "System prompt" }).fill("be kind");
    await dialog.getByRole("textbox", { name: "Temperature" }).fill("0");
    await dialog.getByRole("textbox", { name: "Max tokens" }).fill("many");
    await expect(dialog).toContainText("This is no number.");
    await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
    await dialog.getByRole("textbox", { name: "Max tokens" }).fill("64");
    await dialog.getByRole("textbox", { name: "Further fields" }).fill('{"x": ');
    await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
    await dialog.getByRole("textbox", { name: "Further fields" }).fill('{"x_extra": [1]}');
    await dialog.getByRole("button", { name: "Save" }).click();
    await ask(page, "Hi");
    await expect(answers(page, "lynx-7b")).toContainText("This is lynx-7b. You said: Hi");
    await expect(answers(page, "lynx-7b").locator("dl")).toContainText("Tokens in12");
    const request = herder.received("lynx-7b").at(-1);
    expect(request?.path).toBe(endpoint);
    const { model, stream, stream_options, x_extra, ...rest } = request?.body;
    expect({ model, stream, x_extra }).toEqual({ model: "lynx-7b", stream: true, x_extra: [1] });
    expect(stream_options).toEqual(endpoint === CHAT ? { include_usage: true } : undefined);
    expect(rest).toEqual(expected);
  });
}

test("U10: several chats are named, exported, deleted and imported", async ({ page }, testInfo) => {
  await open(page);
  await ask(page, "about sheep");
  await page.getByText("More", { exact: true }).click();
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await page.getByRole("textbox", { name: "Title", exact: true }).fill("Sheep");
  await page.keyboard.press("Enter");
  const select = page.getByRole("combobox", { name: "Chat", exact: true });
  await expect(select.locator("option:checked")).toHaveText("Sheep");
  await page.getByRole("button", { name: "New chat" }).click();
  await expect(log(page).getByRole("article")).toHaveCount(0);
  await ask(page, "about goats");
  await expect(select.locator("option")).toHaveText(["about goats", "Sheep"]);
  await select.selectOption({ label: "Sheep" });
  await expect(log(page)).toContainText("about sheep");

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export", exact: true }).click()]);
  const file = testInfo.outputPath("chat.json");
  await download.saveAs(file);
  expect(JSON.parse(readFileSync(file, "utf8")).chats).toHaveLength(1);
  await page.getByRole("button", { name: "Delete", exact: true }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(select.locator("option")).toHaveText(["about goats"]);
  await page.reload();
  await expect(select.locator("option")).toHaveText(["about goats"]);
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("File with chats").setInputFiles(file);
  await expect(select.locator("option")).toHaveText(["Sheep", "about goats"]);
  await expect(log(page)).toContainText("about sheep");
  await page.getByLabel("File with chats").setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await expect(page.getByText("Importing x.json failed: this file holds no chats of herder")).toBeVisible();
});

test("U10: another tab of the browser sees a chat grow, and disturbs nobody", async ({ page, context }) => {
  await open(page);
  await ask(page, "one");
  const second = await context.newPage();
  await open(second);
  await expect(log(second)).toContainText("You said: one");
  await ask(second, "two");
  await expect(answers(page)).toHaveCount(2);
  await expect(log(page)).toContainText("You said: two");
  await second.getByRole("button", { name: "New chat" }).click();
  await ask(second, "three");
  await expect(page.getByRole("combobox", { name: "Chat", exact: true }).locator("option")).toHaveText(["three", "one"]);
  await expect(log(page)).toContainText("You said: two");
});

test("U10: an answer that the page did not outlive is kept as far as it came, and can be asked for again", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, [{ chunks: [piece({ content: "the first half" }), piece({ content: "x" })], hold: true }, says("whole")]);
  await open(page);
  await input(page).fill("Hi");
  await input(page).press("Enter");
  await expect(answers(page)).toContainText("the first half");
  await page.reload();
  await expect(answers(page)).toContainText("the first half");
  // The page may or may not live long enough to see its connection end.
  await expect(answers(page)).toContainText(/Error: (This answer was not complete when it was kept|The connection was lost)/);
  await answers(page).getByRole("button", { name: "Retry" }).click();
  await expect(answers(page)).toContainText("whole");
  await expect(answers(page)).not.toContainText("the first half");
});

test("U5: an Enter that ends a composition sends nothing, and Ctrl+Enter can be chosen", async ({ page, herder }) => {
  await open(page);
  await input(page).fill("にほん");
  await input(page).dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true });
  await expect(log(page).getByRole("article")).toHaveCount(0);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("combobox", { name: "Send with" }).selectOption("Ctrl+Enter");
  await page.getByRole("button", { name: "Save" }).click();
  await input(page).press("Enter");
  await expect(input(page)).toHaveValue("にほん\n");
  await input(page).press("Control+Enter");
  await expect(answers(page)).toContainText("You said: にほん");
  expect(herder.received("orca-7b")).toHaveLength(1);
});

test("U10: tool calls, refusals, choices and plain JSON are shown", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, [
    answer([{ tool_calls: [{ index: 0, function: { name: "weather", arguments: '{"city":"Oslo"}' } }] }]),
    answer([{ refusal: "I will not." }]),
    { chunks: [frame({ choices: [{ index: 0, delta: { content: "first" } }, { index: 1, delta: { content: "second" } }] }), ...END] },
    { body: { choices: [{ message: { role: "assistant", content: "in one piece" }, finish_reason: "stop" }] } },
  ]);
  await open(page);
  for (const [at, text] of ["weather", "Refused: I will not.", "Choice 2", "in one piece"].entries()) {
    await ask(page, String(at));
    await expect(answers(page).last()).toContainText(text);
  }
  await expect(answers(page).first()).toContainText('"city": "Oslo"');
  await answers(page).last().getByRole("button", { name: "Raw" }).click();
  await expect(answers(page).last().locator("pre")).toHaveText("in one piece");
});

test("the view follows the end until the person scrolls up, and jumps back", async ({ page, herder }) => {
  const lines = Array.from({ length: 80 }, (_, at) => ({ content: `line ${at}\n\n` }));
  herder.script("orca-7b", CHAT, answer([...lines, { content: "the last" }], { hold: true }));
  await open(page);
  await input(page).fill("Count");
  await input(page).press("Enter");
  await expect(answers(page).getByText("line 79")).toBeInViewport();
  await log(page).hover();
  await page.mouse.wheel(0, -600);
  await expect(page.getByRole("button", { name: "Jump to the end" })).toBeVisible();
  herder.release("orca-7b");
  await expect(send(page)).toBeVisible();
  await expect(answers(page).getByText("the last")).not.toBeInViewport();
  await page.getByRole("button", { name: "Jump to the end" }).click();
  await expect(answers(page).getByText("the last")).toBeInViewport();
});

test("finished parts of an answer stay the same elements while it grows", async ({ page, herder }) => {
  herder.script("orca-7b", CHAT, answer([{ content: "# One\n\ntwo\n\n" }, { content: "three\n\n" }, { content: "four" }], { hold: true }));
  await open(page);
  await input(page).fill("Go");
  await input(page).press("Enter");
  const heading = answers(page).getByRole("heading", { name: "One" });
  await expect(heading).toBeVisible();
  await heading.evaluate((element) => element.setAttribute("data-mark", "kept"));
  herder.release("orca-7b");
  await expect(send(page)).toBeVisible();
  await expect(answers(page)).toContainText("four");
  await expect(heading).toHaveAttribute("data-mark", "kept");
});

test.describe("bad input", () => {
  test("a stream that is cut keeps its text and says so", async ({ page, herder }) => {
    herder.script("orca-7b", CHAT, [
      { chunks: [piece({ content: "half of" })], cut: true },
      { chunks: [piece({ content: "no end mark" })] },
    ]);
    await open(page);
    await ask(page, "a");
    await expect(answers(page)).toContainText("half of");
    await expect(answers(page)).toContainText("Error:");
    await ask(page, "b");
    await expect(answers(page).last()).toContainText("The answer ended without its end mark");
  });

  test("herder is down: the error is at the answer, and Retry works when it is back", async ({ page, herder }) => {
    await open(page);
    await ask(page, "a");
    await herder.stop();
    await ask(page, "b");
    await expect(answers(page).last()).toContainText("Error:");
    await herder.start();
    await answers(page).last().getByRole("button", { name: "Retry" }).click();
    await expect(answers(page).last()).toContainText("You said: b");
  });

  test("a peer that refuses herder's key is an error of the answer, and no reason to ask the person for one", async ({ page, herder }) => {
    herder.script("peers", CHAT, { status: 401, body: { error: { message: "no such key" } } });
    await open(page, "attic/nova-70b");
    const asked = page.waitForResponse((response) => response.url().endsWith("/api/version"));
    await ask(page, "a");
    await expect(answers(page, "attic/nova-70b")).toContainText("Error: no such key (HTTP 401)");
    await (await asked).finished();
    await expect(input(page)).toBeVisible();
  });

  test.describe("a model that loads for a minute", () => {
    test.use({ config: 'models: {slowpoke: {cmd: "@MODEL@ --ready-after 60000"}}' });

    test("an unload elsewhere stops the answer, and is no error", async ({ page, herder }) => {
      await open(page, "slowpoke");
      await input(page).fill("a");
      await input(page).press("Enter");
      await expect.poll(async () => (await herder.json("/api/models")).models[0].state).toBe("starting");
      await herder.request("/api/models/unload/slowpoke", { method: "POST" });
      await expect(answers(page, "slowpoke")).toContainText("Stopped before the answer began.");
      await expect(answers(page, "slowpoke")).toContainText("cancelled, or its model unloaded, elsewhere");
      await expect(answers(page, "slowpoke")).not.toContainText("Error:");
    });
  });

  test("a model that cannot start says why", async ({ page }) => {
    await open(page, "broken");
    await ask(page, "a");
    await expect(answers(page, "broken")).toContainText(/Error: .*\(HTTP 5\d\d\)/);
  });

  test("a megabyte of answer, deep nesting and formulas without end leave the page usable", async ({ page, herder }) => {
    test.slow();
    const line = "Some *words* of **many**, `code` and $x^2$.\n\n";
    herder.script("orca-7b", CHAT, [
      { chunks: [...Array.from({ length: 50 }, () => piece({ content: line.repeat(500) })), ...END] },
      says(`${">".repeat(10_000)}\n\n${"[".repeat(10_000)}\n\n$\\def\\a{\\a\\a}\\a$\n\nsurvived`),
    ]);
    await open(page);
    await ask(page, "long");
    await ask(page, "deep");
    await expect(answers(page).last().getByText("survived")).toBeVisible();
    await input(page).fill("still here");
    await expect(input(page)).toHaveValue("still here");
    await expect(answers(page).first()).toContainText("Some words of many");
  });

  test.describe("with ids of all kinds", () => {
    const ids = ["a b/ü.v1 🐑", "50%?x=1#y"];
    test.use({ config: `models:\n${ids.map((id) => `  ${JSON.stringify(id)}: {cmd: "@MODEL@"}`).join("\n")}\n` });
    for (const id of ids) {
      test(`the model ${id} is chosen by link and answers`, async ({ page }) => {
        await open(page, id);
        await ask(page, "Hi");
        await expect(answers(page, id)).toContainText("You said: Hi");
        await page.reload();
        await expect(page.getByRole("combobox", { name: "Model" })).toHaveValue(id);
      });
    }
  });

  test("a chosen model that is gone stays chosen and says so, and herder's reason is shown", async ({ page }) => {
    await open(page, "no-such-model");
    await expect(page.getByRole("combobox", { name: "Model" }).locator("option:checked")).toHaveText("no-such-model (not in the list)");
    await ask(page, "Hi");
    await expect(answers(page, "no-such-model")).toContainText(/Error: .*\(HTTP 404\)/);
  });

  test("chats in the storage that make no sense are passed over", async ({ page, herder }) => {
    await page.goto(`${herder.url}/ui/logs`);
    await page.evaluate(() => {
      localStorage.setItem("herder-chat:a", "{");
      localStorage.setItem("herder-chat:b", JSON.stringify({ id: "x", title: "<b>b</b>", messages: [null, { role: "user", id: "1", text: "kept" }] }));
      localStorage.setItem("herder-playground-chat-settings", "[7]");
    });
    await open(page);
    await expect(page.getByRole("combobox", { name: "Chat", exact: true }).locator("option")).toHaveText(["<b>b</b>"]);
    await expect(log(page)).toContainText("kept");
    await ask(page, "Hi");
    await expect(answers(page)).toContainText("You said: Hi");
  });
});

test("at 380 px nothing is wider than the screen", async ({ page, herder }) => {
  await page.setViewportSize({ width: 380, height: 800 });
  herder.script("orca-7b", CHAT, says(`${"word".repeat(100)}\n\n\`\`\`js\n${"x".repeat(300)}\n\`\`\`\n\n|${"a|".repeat(30)}\n|${"-|".repeat(30)}\n\n$$${"x+".repeat(200)}y$$`));
  await open(page);
  await ask(page, "w".repeat(300));
  await expect(answers(page).locator("math")).toHaveCount(1);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380);
  expect(await page.locator("main").evaluate((main) => main.scrollWidth - main.clientWidth)).toBe(0);
  expect(await log(page).evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test(`a chat with everything in it has no serious fault, ${colorScheme}`, async ({ page, herder }) => {
      const text = "# One\n\n- [x] a\n\n|a|\n|-|\n|1|\n\n$x^2$ and `code` and [link](https://example.com/)\n\n```js\n// c\nlet a = 'b' + 1;\n```\n\n> q[^1]\n\n[^1]: note";
      herder.script("orca-7b", CHAT, [
        answer([{ reasoning_content: "hm" }, { content: text }]),
        { status: 400, body: { error: { message: "no" } } },
        answer([{ tool_calls: [{ index: 0, function: { name: "f", arguments: "{}" } }] }, { refusal: "no" }]),
      ]);
      await open(page);
      await page.getByLabel("Pictures", { exact: true }).setInputFiles([{ name: "1.png", mimeType: "image/png", buffer: PIXEL }]);
      for (const question of ["a", "b", "c"]) await ask(page, question);
      await expect(answers(page).locator("math")).toHaveCount(1);
      await expect(answers(page).locator(".hljs-keyword")).toHaveText("let");
      await answers(page).first().getByText("Reasoning").click();
      await expectAccessible(page, "the chat");
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("textbox", { name: "Temperature" }).fill("x");
      await expectAccessible(page, "the settings of the chat");
    });
  });
}
