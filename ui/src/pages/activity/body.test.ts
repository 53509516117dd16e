import { describe, expect, it } from "vitest";
import { bodyOf, cut, extensionOf, LONGEST_PRETTY, pretty, prettyShown, SHOWN_TEXT } from "./body";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("bodyOf", () => {
  const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]).toString("base64");
  it.each([
    [base64('{"a":1}'), "application/json; charset=utf-8", "json", "json"],
    [base64('{"a":'), "application/json", "text", "txt"],
    [base64("  [1]"), "", "json", "json"],
    [base64("data: {}\n\n"), "text/event-stream", "events", "txt"],
    [base64("event: x\ndata: {}\n\n"), "", "events", "txt"],
    [base64("data: 1"), "application/json", "text", "txt"],
    [base64("ä 🐕"), "text/plain", "text", "txt"],
    [PNG, "image/png", "image", "png"],
    [base64("<svg onload=alert(1)>"), "image/svg+xml", "text", "txt"],
    [PNG, "audio/x-wav", "audio", "wav"],
    [PNG, "multipart/form-data; boundary=x", "binary", "bin"],
    [PNG, "text/html", "text", "txt"],
    [base64("a\0b"), "", "binary", "bin"],
    ["", "", "text", "txt"],
  ])("%s of %s", (body, type, kind, extension) => {
    const found = bodyOf(body, { "CONTENT-type": type })!;
    expect(found.kind).toBe(kind);
    expect(extensionOf(found)).toBe(extension);
  });
  it("keeps characters of several bytes", () => expect(bodyOf(base64("ä 🐕"), {})!.text).toBe("ä 🐕"));
  it("was not kept", () => expect(bodyOf(null, {})).toBeNull());
});

describe("what is shown", () => {
  it("lays JSON out", () => expect(pretty('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}'));
  it("leaves what is no JSON", () => expect(pretty("{no")).toBe("{no"));
  it("leaves what is too long", () => {
    const long = `["${"x".repeat(LONGEST_PRETTY)}"]`;
    expect(pretty(long)).toBe(long);
  });
  it("cuts long texts inside JSON, on the screen only", () => {
    const text = JSON.stringify({ image: "x".repeat(5000) });
    expect(prettyShown(text)).toContain("x … (1000 more characters)");
    expect(pretty(text)).toContain("x".repeat(5000));
  });
  it("cuts a long text", () => {
    expect(cut("abc")).toEqual({ text: "abc", missing: 0 });
    expect(cut("x".repeat(SHOWN_TEXT + 7))).toEqual({ text: "x".repeat(SHOWN_TEXT), missing: 7 });
  });
});
