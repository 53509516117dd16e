import { expect, it } from "vitest";
import { blobOf, readJson } from "./answer_body";

it("reads what is within the limit, and nothing longer", async () => {
  expect(await (await blobOf(new Response("four"), 4)).text()).toBe("four");
  await expect(blobOf(new Response("five!"), 4)).rejects.toThrow("larger than 4 B");
  expect((await blobOf(new Response(null), 4)).size).toBe(0);
  expect((await blobOf(new Response("", { headers: { "content-type": "audio/wav" } }), 4)).type).toBe("audio/wav");
});

it("reads JSON", () => expect(readJson('{"error":null,"data":[]}')).toEqual({ error: null, data: [] }));

it.each([
  ["", "The answer is empty."],
  ["<html>", "The answer is not JSON: <html>"],
  ['{"error":{"message":"no such size"}}', "no such size"],
  ['{"error":{}}', "The server reports an error."],
])("%j is no answer", (text, reason) => expect(() => readJson(text)).toThrow(reason));
