import { expect, it } from "vitest";
import { decode } from "./decode";

const frame = (type: string, data: unknown): string => JSON.stringify({ type, data: JSON.stringify(data) });

it.each([
  ["activity", { id: 3 }],
  ["modelStatus", []],
  ["modelStatus", [{ id: "a" }]],
  ["inflight", { operation: "snapshot" }],
  ["inflight", { operation: "snapshot", requests: [{ id: "1", elapsed_ms: 0 }] }],
  ["inflight", { operation: "upsert", request: { id: "1", elapsed_ms: 0 } }],
  ["inflight", { operation: "remove", id: "1" }],
  ["profileChanged", { active: null }],
  ["logData", { source: "proxy", data: "x" }],
])("%s %j", (type, data) => {
  expect(decode(frame(type, data))).toEqual({ type, data });
});

it.each([
  ["a kind of tomorrow", frame("tomorrow", {})],
  ["a name that every object has", frame("constructor", {})],
  ["data that is no text", '{"type":"activity","data":{"id":3}}'],
  ["data that is cut", '{"type":"activity","data":"{"}'],
  ["no JSON", "nonsense"],
  ["null", "null"],
  ["no list of models", frame("modelStatus", {})],
  ["a model without id", frame("modelStatus", [{}])],
  ["no model", frame("modelStatus", [null])],
  ["an operation of tomorrow", frame("inflight", { operation: "pause" })],
  ["requests that are no list", frame("inflight", { operation: "snapshot", requests: {} })],
  ["a request without id", frame("inflight", { operation: "upsert", request: {} })],
  ["no request", frame("inflight", { operation: "upsert" })],
  ["nothing to remove", frame("inflight", { operation: "remove" })],
  ["no fields", frame("profileChanged", null)],
  ["a log without text", frame("logData", { source: "proxy" })],
])("%s is skipped", (_, text) => {
  expect(decode(text)).toBeNull();
});
