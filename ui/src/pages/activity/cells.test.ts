import { describe, expect, it } from "vitest";
import { COLUMNS, statusOf, textOf, valueOf, type ColumnName } from "./cells";
import { row } from "./row.fixture";

describe("textOf and valueOf", () => {
  const table: [ColumnName, Parameters<typeof row>[0], string, string | number | null][] = [
    ["id", {}, "42", 42],
    ["model", {}, "orca-7b", "orca-7b"],
    ["path", {}, "/v1/chat/completions", "/v1/chat/completions"],
    ["path", { req_path: "" }, "–", ""],
    ["status", {}, "200 ok", 200],
    ["cached", {}, "3", 3],
    ["cached", { cache_tokens: -1 }, "–", null],
    ["cached", { cache_tokens: 0 }, "–", 0],
    ["drafted", {}, "–", null],
    ["drafted", { draft_tokens: 240, draft_acc_tokens: 148 }, "61.7% (148/240)", 240],
    ["drafted", { draft_tokens: 0, draft_acc_tokens: 0 }, "–", 0],
    ["prefill", {}, "120.50 t/s", 120.5],
    ["prefill", { prompt_per_second: -1 }, "–", null],
    ["decode", { tokens_per_second: 0 }, "0.00 t/s", 0],
    ["duration", {}, "0.81 s", 810],
    ["queued", {}, "–", null],
    ["queued", { queued_ms: 0 }, "0.00 s", 0],
    ["first_byte", { first_byte_ms: 1234 }, "1.23 s", 1234],
    ["error", {}, "–", null],
    ["error", { error_msg: "<b>no</b>" }, "<b>no</b>", "<b>no</b>"],
    ["capture", {}, "yes", 1],
    ["meta", {}, "–", null],
    ["meta", { metadata: { selector: "pool", n: [1] } }, "selector: pool, n: [1]", '{"selector":"pool","n":[1]}'],
  ];
  it.each(table)("%s of %j", (name, part, text, value) => {
    expect(textOf(name, row(part))).toBe(text);
    expect(valueOf(name, row(part))).toBe(value);
  });
  it("each column has both", () => {
    for (const { name } of COLUMNS) {
      expect(textOf(name, row({}))).not.toBe("");
      expect(valueOf(name, row({}))).not.toBeUndefined();
    }
  });
});

it.each([
  [200, undefined, "200 ok", "done"],
  [201, undefined, "201 ok", "done"],
  [200, "the client left", "200 broke off", "failed"],
  [302, undefined, "302 redirected", "warning"],
  [404, "x", "404 refused", "failed"],
  [499, "x", "499 client left", "warning"],
  [502, "x", "502 server error", "failed"],
])("status %i with error %s", (status, error, text, kind) => {
  const ended = statusOf(row({ resp_status_code: status, ...(error === undefined ? {} : { error_msg: error }) }));
  expect(ended).toMatchObject({ text, kind });
});
