import { describe, expect, it } from "vitest";
import { activeFilters, changes, contradiction, NO_FILTERS, pathOfSelection, positive, selectionOf, sortedBy } from "./selection";

const NOW = Date.parse("2027-02-03T04:05:06.789Z");
const of = (query: string) => selectionOf(new URLSearchParams(query), 25);
const asked = (query: string): string => pathOfSelection(of(query), NOW).split("?")[1]!;

describe("an address and what the API is asked", () => {
  const REST = "sort=id&order=desc&page=1&limit=25";
  it.each([
    ["", REST],
    ["page=2&rows=10&sort=duration&order=asc", "sort=duration&order=asc&page=2&limit=10"],
    ["model=a%2Fb+%F0%9F%90%95%25", `model=a%2Fb+%F0%9F%90%95%25&${REST}`],
    ["status=failed&from_id=2&to_id=3", `status=failed&min_id=2&max_id=3&${REST}`],
    ["status=418", `status=418&${REST}`],
    ["minutes=60&start=2027-01-01T00:00:00Z", `start=2027-02-03T03%3A05%3A06Z&${REST}`],
    [
      "start=2027-01-01T00:00:00.5Z&end=2027-01-02T00:00:00%2B01:00",
      `start=2027-01-01T00%3A00%3A00Z&end=2027-01-01T23%3A00%3A00Z&${REST}`,
    ],
    ["status=bad&from_id=-1&to_id=0&minutes=7&start=soon&sort=x&order=up&page=-3&rows=11", REST],
    ["from_id=1.5&page=1e9&rows=abc", REST],
  ])("%s", (query, expected) => expect(asked(query)).toBe(expected));
});

describe("changes lead back to what was chosen", () => {
  it.each([
    [{ sort: "duration", ascending: true } as const],
    [{ sort: "id", ascending: true } as const],
    [{ page: 3 }],
    [{ rows: 100 }],
    [{ model: "a/b c%?#" }],
    [{ status: "5xx" }],
    [{ minId: 4, maxId: 9 }],
    [{ minutes: 60 }],
    [{ start: NOW - 789, end: NOW }],
  ])("%j", (part) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(changes(part))) if (value !== null) query.set(name, value);
    expect(selectionOf(query, 25)).toMatchObject(part);
  });
  it("a change of anything but the page leads to page 1", () => {
    expect(changes({ status: "failed" })).toEqual({ status: "failed", page: null });
    expect(changes({ sort: "id", ascending: false })).toEqual({ sort: null, order: null, page: null });
    expect(changes(NO_FILTERS)["model"]).toBeNull();
  });
});

describe("a click on a heading", () => {
  it.each([
    ["", "duration", "duration asc"],
    ["sort=duration&order=asc", "duration", "duration desc"],
    ["sort=duration&order=desc", "duration", "duration asc"],
    ["", "id", "id asc"],
  ] as const)("%s and %s", (query, sort, expected) => {
    const chosen = sortedBy(sort, of(query));
    expect(`${chosen.sort} ${chosen.ascending ? "asc" : "desc"}`).toBe(expected);
  });
});

it.each([
  ["", false, 0],
  ["model=a", false, 1],
  ["model=a", true, 0],
  ["status=failed&from_id=1&to_id=2&minutes=60", true, 3],
] as const)("filters of %s", (query, isFixed, count) => expect(activeFilters(of(query), isFixed)).toBe(count));

it.each([
  ["from_id=3&to_id=2", "The first ID is larger than the last."],
  ["from_id=2&to_id=2", ""],
  ["start=2027-01-02T00:00:00Z&end=2027-01-01T00:00:00Z", "The beginning is later than the end."],
  ["", ""],
])("contradiction of %s", (query, expected) => expect(contradiction(of(query))).toBe(expected));

it.each([["1", 1], [" 7 ", 7], ["0", null], ["-1", null], ["1.5", null], ["", null], ["x", null], ["9".repeat(30), null]] as const)(
  "positive %s",
  (text, expected) => expect(positive(text)).toBe(expected),
);
