import { expect, it } from "vitest";
import { row } from "./row.fixture";
import { spansOf } from "./waterfall";

it.each<[string, Parameters<typeof row>[0], string]>([
  ["all is known", { duration_ms: 1000, input_tokens: 10, prompt_per_second: 100, output_tokens: 30, tokens_per_second: 50 }, "before 0-300, prompt 300-400, generation 400-1000"],
  ["no prompt speed", { duration_ms: 1000, prompt_per_second: -1, output_tokens: 30, tokens_per_second: 50 }, "before 0-400, generation 400-1000"],
  ["no waiting", { duration_ms: 700, input_tokens: 10, prompt_per_second: 100, output_tokens: 30, tokens_per_second: 50 }, "prompt 0-100, generation 100-700"],
  ["more than there was", { duration_ms: 500, input_tokens: 10, prompt_per_second: 100, output_tokens: 30, tokens_per_second: 50 }, "generation 0-500"],
  ["a prompt from a cache", { duration_ms: 1000, input_tokens: 9000, prompt_per_second: 100, output_tokens: 30, tokens_per_second: 50 }, "prompt 0-400, generation 400-1000"],
  ["nothing is known", { duration_ms: 500, prompt_per_second: -1, tokens_per_second: -1 }, "unknown 0-500"],
  ["a failure at once", { duration_ms: 0, prompt_per_second: -1, tokens_per_second: -1 }, "unknown 0-0"],
])("%s", (_, part, expected) => {
  expect(spansOf(row(part)).map(({ name, from, to }) => `${name} ${from}-${to}`).join(", ")).toBe(expected);
});
