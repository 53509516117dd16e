import { expect, it } from "vitest";
import { about, progress } from "./load_progress";

const table: [number, number | null, string, number | null, boolean][] = [
  [12, 30, "12 s of usually 30 s", 0.4, false],
  [0, 30, "0.0 s of usually 30 s", 0, false],
  [-5, 30, "0.0 s of usually 30 s", 0, false],
  [30, 30, "30 s of usually 30 s", 1, false],
  [37, 30, "37 s of usually 30 s", 1, false],
  [38, 30, "38 s, overdue: usually 30 s", 1, true],
  [3, null, "3.0 s, no usual time known", null, false],
  [3, 0, "3.0 s, no usual time known", null, false],
];
it.each(table)("%f s of %s", (seconds, usual, text, done, overdue) =>
  expect(progress(1_000_000, usual, 1_000_000 + seconds * 1000)).toEqual({ text, done, overdue }));
it.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [9.96, "10 s"],
  [59.4, "59 s"],
  [59.6, "1 m 00 s"],
  [65, "1 m 05 s"],
])("about %f s", (seconds, text) => expect(about(seconds)).toBe(text));
