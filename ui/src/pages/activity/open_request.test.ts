import { describe, expect, it } from "vitest";
import type { Open } from "../../live/requests";
import { ends, openText, sessionOf, stepsOf } from "./open_request";

const open = (part: Partial<Open>): Open => ({
  id: "7",
  timestamp: "2027-02-03T04:05:06Z",
  model: "orca-7b",
  req_path: "/v1/chat/completions",
  method: "POST",
  req_headers: { "User-Agent": "demo/1", "X-Litellm-Session-Id": "s-2" },
  remote_ip: "10.1.2.3",
  resp_headers: {},
  resp_bytes: 2048,
  elapsed_ms: 500,
  phase: "queued",
  heardAt: 1000,
  ...part,
});

describe("openText", () => {
  const SESSIONS = ["X-Session-ID", "x-litellm-session-ID"];
  it.each([
    ["elapsed", {}, "1.5 s"],
    ["request", {}, "POST /v1/chat/completions"],
    ["address", {}, "10.1.2.3"],
    ["agent", {}, "demo/1"],
    ["agent", { req_headers: {} }, "–"],
    ["session", {}, "s-2"],
    ["session", { req_headers: { "x-session-id": "s-1", "X-Litellm-Session-Id": "s-2" } }, "s-1"],
    ["session", { req_headers: {} }, "–"],
    ["bytes", {}, "2.00 KiB"],
    ["queue", {}, "–"],
    ["queue", { queue_position: 2, estimated_wait_ms: 12_000 }, "No. 2, about 12.0 s to go"],
    ["queue", { queue_position: 1, estimated_wait_ms: null }, "No. 1"],
  ] as const)("%s of %j", (name, part, text) => expect(openText(name, open(part), SESSIONS, 2000)).toBe(text));
  it("no header names a session", () => expect(sessionOf(open({}), [])).toBeUndefined());
});

it.each([
  [{}, "waits for its turn"],
  [{ phase: "streaming", granted_ms: 1500, first_byte_ms: 2000 } as const, "the answer has begun; its turn came after 1.5 s; the answer began after 2.0 s"],
])("steps of %j", (part, text) => expect(stepsOf(open(part))).toBe(text));

it.each([
  ["short", "short"],
  ["x".repeat(29), "x".repeat(29)],
  [`head${"-".repeat(40)}tail`, "head----------…----------tail"],
  ["🐕".repeat(40), `${"🐕".repeat(14)}…${"🐕".repeat(14)}`],
])("ends of %s", (text, expected) => expect(ends(text)).toBe(expected));
