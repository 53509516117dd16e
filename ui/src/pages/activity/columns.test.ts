import { describe, expect, it } from "vitest";
import { arranged, isKept, moved, NOTHING_KEPT, switched, type Kept } from "./columns";

const ALL = [
  { name: "id", text: "ID", shown: true },
  { name: "path", text: "Path", shown: false },
  { name: "time", text: "Time", shown: true },
];
const text = (kept: Kept): string =>
  arranged(ALL, kept)
    .map((column) => (column.shown ? column.name : `(${column.name})`))
    .join(" ");

describe("arranged", () => {
  const table: [string, Kept, string][] = [
    ["nothing kept", NOTHING_KEPT, "id (path) time"],
    ["an order", { order: ["time", "id", "path"], shown: {} }, "time id (path)"],
    ["a column of a later version comes last", { order: ["time", "id"], shown: {} }, "time id (path)"],
    ["a column that is gone", { order: ["gone", "time"], shown: { gone: true } }, "time id (path)"],
    ["a name twice", { order: ["time", "time"], shown: {} }, "time id (path)"],
    ["switched", { order: [], shown: { path: true, id: false } }, "(id) path time"],
  ];
  it.each(table)("%s", (_, kept, expected) => expect(text(kept)).toBe(expected));
});

describe("changes", () => {
  const now = arranged(ALL, NOTHING_KEPT);
  it.each([
    [2, 0, "time id (path)"],
    [0, 1, "(path) id time"],
    [0, 0, "id (path) time"],
    [0, 3, "id (path) time"],
    [0, -1, "id (path) time"],
    [7, 0, "id (path) time"],
  ])("from %i to %i", (from, to, expected) => expect(text(moved(now, from, to, NOTHING_KEPT))).toBe(expected));
  it("hides and shows", () => {
    expect(text(switched(now, "id", false, NOTHING_KEPT))).toBe("(id) (path) time");
    expect(text(switched(now, "path", true, NOTHING_KEPT))).toBe("id path time");
  });
  it("the last one stays", () => {
    const one = switched(now, "id", false, NOTHING_KEPT);
    expect(text(switched(arranged(ALL, one), "time", false, one))).toBe("(id) (path) time");
  });
});

it.each([
  [{ order: ["a"], shown: { a: true } }, true],
  [{ order: [], shown: {} }, true],
  [{ order: [1], shown: {} }, false],
  [{ order: [], shown: { a: 1 } }, false],
  [{ order: [], shown: [] }, false],
  [[], false],
  ["x", false],
  [null, false],
])("%j is kept: %s", (value, expected) => expect(isKept(value)).toBe(expected));
