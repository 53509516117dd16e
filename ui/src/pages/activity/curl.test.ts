import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { bodyOf } from "./body";
import { curlOf } from "./curl";

const JSON_HEADERS = { "Content-Type": "application/json" };
const command = (text: string | null, headers: Record<string, string> = JSON_HEADERS, model?: string): string =>
  curlOf({
    herder: "http://127.0.0.1:8080",
    path: "/v1/chat/completions",
    headers,
    body: bodyOf(text === null ? null : Buffer.from(text).toString("base64"), headers),
    model,
  });

/** The arguments that a shell would give to curl. */
function args(text: string): string[] {
  const script = `curl() { for a in "$@"; do printf '%s\\0' "$a"; done; }\nHERDER_API_KEY=KEY\n${text}\n`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

describe("curlOf", () => {
  it("is one request with the client's headers and the client's name of the model", () => {
    const text = command('{"model":"vega-q4","a":1}', { ...JSON_HEADERS, Authorization: "[REDACTED]", Cookie: "[REDACTED]", "Content-Length": "25", "User-Agent": "demo/1" }, "vega/coder-32b");
    expect(args(text)).toEqual([
      "http://127.0.0.1:8080/v1/chat/completions",
      "-H",
      "Content-Type: application/json",
      "-H",
      "User-Agent: demo/1",
      "-H",
      "Authorization: Bearer KEY",
      "--data-raw",
      '{"model":"vega/coder-32b","a":1}',
    ]);
  });
  it.each(["it's", "$(touch /tmp/x) `id` \"q\" \\ !", "two\nlines", "-x", "'; echo 'bad"])("a shell leaves %j as it is", (text) => {
    expect(args(command(text, { "X-Odd": text }))).toEqual(["http://127.0.0.1:8080/v1/chat/completions", "-H", `X-Odd: ${text}`, "--data-raw", text]);
  });
  it("what is too long for an argument comes from a file", () => {
    expect(args(command("x".repeat(100_001))).slice(-2)).toEqual(["--data-binary", "@request-body"]);
  });
  it("a form with files comes from a file", () => {
    expect(args(command("--b\r\nx", { "Content-Type": "multipart/form-data; boundary=b" })).slice(-1)).toEqual(["@request-body"]);
  });
  it("a body that was not kept", () => expect(args(command(null)).slice(-2)).toEqual(["-X", "POST"]));
});
