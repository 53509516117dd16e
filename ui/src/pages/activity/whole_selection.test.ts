import { expect, it } from "vitest";
import type { ActivityPage } from "../../api/schema";
import { row } from "./row.fixture";
import { selectionOf } from "./selection";
import { MOST_ROWS, wholeSelection } from "./whole_selection";

/** A herder with so many requests. */
function herder(total: number): { asked: URLSearchParams[]; read: (path: string) => Promise<ActivityPage> } {
  const asked: URLSearchParams[] = [];
  return {
    asked,
    read: (path) => {
      const query = new URLSearchParams(path.split("?")[1]);
      asked.push(query);
      const limit = Number(query.get("limit"));
      const page = Number(query.get("page"));
      const first = total - (page - 1) * limit;
      const count = Math.max(0, Math.min(limit, first));
      const data = Array.from({ length: count }, (_, index) => row({ id: first - index }));
      return Promise.resolve({ data, page, limit, total, total_pages: Math.ceil(total / limit) });
    },
  };
}

it.each([
  [0, 0, 1],
  [1, 1, 2],
  [999, 999, 2],
  [2500, 2500, 4],
  [MOST_ROWS + 5000, MOST_ROWS, 52],
])("%i requests are %i rows in %i answers", async (total, rows, answers) => {
  const { asked, read } = herder(total);
  const seen: number[] = [];
  const selection = selectionOf(new URLSearchParams("status=failed&page=7&sort=duration&order=asc"), 25);
  const whole = await wholeSelection(selection, 0, read, (count) => seen.push(count));
  expect(whole.rows.length).toBe(rows);
  expect(new Set(whole.rows.map(({ id }) => id)).size).toBe(rows);
  expect(whole.total).toBe(total);
  expect(asked.length).toBe(answers);
  expect(seen.at(-1) ?? 0).toBe(rows);
  for (const query of asked) expect(query.get("status")).toBe("failed");
  for (const query of asked.slice(1)) expect(`${query.get("max_id")} ${query.get("sort")}`).toBe(`${total} duration`);
});
