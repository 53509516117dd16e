import { expect, it } from "vitest";
import { row } from "./row.fixture";
import { spansOf } from "./waterfall";

const SPEEDS = { input_tokens: 10, prompt_per_second: 100, output_tokens: 30, tokens_per_second: 50 };
const NO_SPEEDS = { prompt_per_second: -1, tokens_per_second: -1 };
const WHOLE = { resp_content_type: "application/json" };

// An estimate is marked with ~.
it.each<[string, Parameters<typeof row>[0], string]>([
  ["a stream", { duration_ms: 1000, queued_ms: 200, first_byte_ms: 500 }, "wait 0-200, prompt 200-500, generation 500-1000"],
  ["a stream of a peer", { duration_ms: 1000, first_byte_ms: 500 }, "rest 0-500, generation 500-1000"],
  ["a stream that began before its turn, with a text of herder", { ...NO_SPEEDS, duration_ms: 1000, queued_ms: 600, first_byte_ms: 5 }, "wait 0-600, rest 600-1000"],
  ["a whole answer", { ...SPEEDS, ...WHOLE, duration_ms: 1000, queued_ms: 200, first_byte_ms: 999 }, "wait 0-200, ~rest 200-300, ~prompt 300-400, ~generation 400-1000"],
  ["a whole answer without speeds", { ...NO_SPEEDS, ...WHOLE, duration_ms: 1000, queued_ms: 200 }, "wait 0-200, rest 200-1000"],
  ["speeds only", { ...SPEEDS, duration_ms: 1000 }, "~rest 0-300, ~prompt 300-400, ~generation 400-1000"],
  ["no prompt speed", { ...SPEEDS, duration_ms: 1000, prompt_per_second: -1 }, "~rest 0-400, ~generation 400-1000"],
  ["no waiting", { ...SPEEDS, duration_ms: 700 }, "~prompt 0-100, ~generation 100-700"],
  ["more than there was", { ...SPEEDS, duration_ms: 500 }, "~generation 0-500"],
  ["a prompt from a cache", { ...SPEEDS, duration_ms: 1000, input_tokens: 9000 }, "~prompt 0-400, ~generation 400-1000"],
  ["nothing is known", { ...NO_SPEEDS, duration_ms: 500 }, "rest 0-500"],
  ["times that make no sense", { ...NO_SPEEDS, duration_ms: 500, queued_ms: 900, first_byte_ms: -1 }, "rest 0-500"],
  ["it never had its turn", { ...NO_SPEEDS, duration_ms: 500, queued_ms: null }, "rest 0-500"],
  ["a failure at once", { ...NO_SPEEDS, duration_ms: 0 }, ""],
])("%s", (_, part, expected) => {
  const spans = spansOf(row(part)).map(({ name, from, to, isMeasured }) => `${isMeasured ? "" : "~"}${name} ${from}-${to}`);
  expect(spans.join(", ")).toBe(expected);
});
