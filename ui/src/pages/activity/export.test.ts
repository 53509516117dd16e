import { describe, expect, it } from "vitest";
import { COLUMNS, type ColumnName } from "./cells";
import { exported } from "./export";
import { row } from "./row.fixture";
import { summaryOf } from "./summary";

const columns = (...names: ColumnName[]) => names.map((name) => COLUMNS.find((column) => column.name === name)!);

describe("exported", () => {
  it("case 48: markdown has the columns that are shown, in their order, and a summary", () => {
    const text = exported("markdown", [row({}), row({ id: 43, cache_tokens: -1 })], columns("duration", "id", "capture", "status"));
    expect(text).toContain("| Duration | ID | Status |\n| ---: | ---: | --- |\n| 0.81 s | 42 | 200 ok |\n| 0.81 s | 43 | 200 ok |\n");
    expect(text).toContain("| Requests | 2 |");
    expect(text).toContain("| Cached | 3 |");
    expect(text).toContain("| Prompt | 22 (120.50 t/s) |");
  });
  it("text of strangers is no markup", () => {
    const text = exported("markdown", [row({ error_msg: "a|b\n<img src=x> [x](javascript:y) `z`" })], columns("error"));
    expect(text).toContain("| a\\|b &lt;img src=x> \\[x\\](javascript:y) \\`z\\` |");
  });
  const fields: [Parameters<typeof row>[0], string][] = [
    [{ error_msg: 'say "no", please' }, '"say ""no"", please"'],
    [{ error_msg: "two\nlines" }, '"two\nlines"'],
    [{ error_msg: "=HYPERLINK(1)" }, "'=HYPERLINK(1)"],
    [{ error_msg: "-1" }, "'-1"],
    [{}, ""],
  ];
  it.each(fields)("CSV of %j", (part, field) => {
    expect(exported("csv", [row(part)], columns("id", "error", "capture"))).toBe(`ID,Error\r\n42,${field}\r\n`);
  });
  it("what is unknown is an empty field of CSV", () => {
    const text = exported("csv", [row({ cache_tokens: -1, prompt_per_second: -1 })], columns("cached", "prefill", "duration"));
    expect(text).toBe("Cached,Prefill (t/s),Duration (ms)\r\n,,810\r\n");
  });
  it("JSON has everything", () => {
    const rows = [row({}), row({ id: 1, error_msg: "x" })];
    expect(JSON.parse(exported("json", rows, columns("id")))).toEqual(rows);
  });
});

describe("summaryOf", () => {
  it("leaves out what is unknown", () => {
    const rows = [
      row({ input_tokens: 100, prompt_per_second: 100, output_tokens: 10, tokens_per_second: 10, duration_ms: 1000 }),
      row({ input_tokens: 300, prompt_per_second: 50, output_tokens: 10, tokens_per_second: -1, cache_tokens: -1, draft_tokens: 4, draft_acc_tokens: 3, duration_ms: 500, timestamp: "2027-02-03T04:05:00Z" }),
    ];
    expect(summaryOf(rows)).toEqual({
      requests: 2,
      from: "2027-02-03T04:05:00Z",
      to: "2027-02-03T04:05:06Z",
      milliseconds: 1500,
      cached: 3,
      prompt: 400,
      generated: 20,
      promptPerSecond: 400 / 7,
      generatedPerSecond: 10,
      drafted: 4,
      accepted: 3,
    });
  });
  it("of nothing is nothing", () => {
    expect(summaryOf([])).toMatchObject({ requests: 0, from: null, promptPerSecond: null, milliseconds: 0 });
  });
});
