// A row for tests.

import type { ActivityEntry } from "../../api/schema";

/** The row of spec/http-api.md 5.3, with other values for some of its members, those of its tokens included. */
export function row(part: Partial<ActivityEntry & ActivityEntry["tokens"]>): ActivityEntry {
  const tokens: Record<string, unknown> = {
    cache_tokens: 3,
    draft_tokens: -1,
    draft_acc_tokens: -1,
    input_tokens: 11,
    output_tokens: 4,
    prompt_per_second: 120.5,
    tokens_per_second: 33.1,
  };
  const others: Record<string, unknown> = {
    id: 42,
    timestamp: "2027-02-03T04:05:06Z",
    model: "orca-7b",
    req_path: "/v1/chat/completions",
    resp_content_type: "text/event-stream",
    resp_status_code: 200,
    duration_ms: 810,
    has_capture: true,
  };
  for (const [name, value] of Object.entries(part)) (name in tokens ? tokens : others)[name] = value;
  return { ...others, tokens } as unknown as ActivityEntry;
}
