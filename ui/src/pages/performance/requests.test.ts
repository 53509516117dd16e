import { describe, expect, it } from "vitest";
import type { ActivityEntry } from "../../api/schema";
import { requestCharts } from "./requests";

function row(second: number, model: string, speed: number, part: Partial<ActivityEntry> = {}): ActivityEntry {
  return {
    id: second,
    timestamp: new Date(second * 1000).toISOString(),
    model,
    req_path: "/v1/chat/completions",
    resp_content_type: "text/event-stream",
    resp_status_code: 200,
    duration_ms: 2000,
    has_capture: false,
    tokens: { cache_tokens: -1, draft_acc_tokens: -1, draft_tokens: -1, input_tokens: 5, output_tokens: 9, prompt_per_second: -1, tokens_per_second: speed },
    ...part,
  };
}

const lines = (rows: ActivityEntry[], chart: number) => requestCharts(rows, rows.length)[chart]?.lines.map(({ label, values }) => [label, ...values]);

describe("requestCharts", () => {
  it("tokens per second of each model, in order of time; unknown ones are left out", () => {
    const rows = [row(9, "b", 30), row(7, "a", 20), row(5, "a", 10), row(4, "a", -1), row(3, "c", 0)];
    expect(lines(rows, 0)).toEqual([["a", 10, 20, null], ["b", null, null, 30]]);
  });
  it("time to the first token of streams that have it", () => {
    const rows = [
      row(9, "a", 1, { first_byte_ms: 350 }),
      row(8, "a", 1, { first_byte_ms: null }),
      row(7, "a", 1),
      row(6, "a", 1, { first_byte_ms: 900, resp_content_type: "application/json" }),
    ];
    expect(lines(rows, 1)).toEqual([["a", 0.35]]);
  });
  it("says when not all requests are drawn", () => {
    expect(requestCharts([row(1, "a", 1)], 1)[0]?.note).toBeUndefined();
    expect(requestCharts([row(1, "a", 1)], 2500)[0]?.note).toBe("The newest 1 of 2,500 requests.");
  });
});
