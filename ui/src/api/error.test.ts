import { describe as group, expect, it } from "vitest";
import { ApiError, describe, errorOf, isCancelled, readEnvelope } from "./error";

group("readEnvelope", () => {
  const table: [string, string, string][] = [
    ['{"error":{"message":"no model","code":"model_not_found"}}', "no model", "model_not_found"],
    ['{"error":{"message":"bad","type":"invalid_request_error"}}', "bad", "invalid_request_error"],
    ['{"error":"plain"}', "plain", ""],
    ['{"message":"top"}', "top", ""],
    ['{"detail":"fast api"}', "fast api", ""],
    ['{"error":{"code":500,"message":"m"}}', "m", "500"],
    ["[1]", "", ""],
    ["null", "", ""],
    ["<html>", "", ""],
    ["", "", ""],
  ];
  it.each(table)("%s", (text, message, code) => {
    expect(readEnvelope(text)).toEqual({ message, code });
  });
});

group("errorOf", () => {
  it("keeps the server's text, status and pause", async () => {
    const response = new Response('{"error":{"message":"busy"}}', {
      status: 429,
      headers: { "retry-after": "7" },
    });
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 429, message: "busy", retryAfter: 7 });
    expect(describe(error)).toBe("busy (HTTP 429)");
  });
  it("shows an answer that is no envelope, but not all of it", async () => {
    const error = await errorOf(new Response("x".repeat(10_000), { status: 502 }));
    expect(error.message).toHaveLength(400);
    expect(describe(new ApiError(0, "cannot reach herder"))).toBe("cannot reach herder");
  });
});

it.each([
  [new ApiError(503, "request was cancelled", "cancelled"), true],
  [new ApiError(500, "unspecific error: group: model unloaded", "internal_error"), true],
  [new ApiError(503, "queue is full", "queue_full"), false],
  [new Error("cancelled"), false],
])("%s was on purpose: %s", (error, cancelled) => expect(isCancelled(error)).toBe(cancelled));
