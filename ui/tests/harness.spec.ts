// The harness itself: that it would notice, and that its model servers obey.

import { Strictness } from "./support/strictness";
import { expect, test } from "./support/test";

test("pages that do what they must not are noticed", async ({ browser, herder }) => {
  const strictness = new Strictness();
  const context = await browser.newContext();
  strictness.own(herder.url);
  strictness.watch(context);
  const page = await context.newPage();
  await page.goto(`${herder.url}/ui/`);
  await page.evaluate(async () => {
    console.error("an error of the page");
    setTimeout(() => {
      throw new Error("thrown by the page");
    });
    await fetch("http://127.0.0.2:9/").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve));
  });
  await expect.poll(() => strictness.complaints().join("\n")).toContain("thrown by the page");
  const complaints = strictness.complaints().join("\n");
  expect(complaints).toContain("console: an error of the page");
  expect(complaints).toContain("Content Security Policy");
  strictness.allow({ console: /./, thrown: /thrown/ });
  expect(strictness.complaints().filter((complaint) => !complaint.startsWith("host:"))).toEqual([]);
  await context.close();
});

test("model servers answer as they are told, and tell what they got", async ({ herder }) => {
  herder.script("orca-7b", "/v1/chat/completions", [
    { status: 400, body: { error: { message: "no" } } },
    { chunks: [{ text: "data: 1\n\n" }, { text: "data: 2\n\n" }], hold: true },
  ]);
  expect((await herder.chat("orca-7b")).status).toBe(400);
  const held = await herder.chat("chatty", "second", { stream: true });
  herder.release("orca-7b");
  expect(await held.text()).toBe("data: 1\n\ndata: 2\n\n");
  expect(herder.received("orca-7b").map(({ path, body }) => [path, body.messages[0].content])).toEqual([
    ["/v1/chat/completions", "Hello"],
    ["/v1/chat/completions", "second"],
  ]);
  expect(await (await herder.chat("attic/nova-70b")).json()).toMatchObject({ usage: { completion_tokens: 6 } });
  expect(herder.received("peers")[0]?.headers).toMatchObject({ authorization: "Bearer peer-secret" });
});

test("herder comes back on its address with another configuration", async ({ herder }) => {
  await herder.restart();
  const answer = await herder.writeConfig('models: {only: {cmd: "@MODEL@"}}');
  expect(answer.status).toBe(200);
  const { data } = await herder.json("/v1/models");
  expect(data.map((model: { id: string }) => model.id)).toEqual(["only"]);
});
