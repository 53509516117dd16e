import { expect, it } from "vitest";
import { csvLines } from "./csv";

it("writes lines", () => {
  expect(csvLines([["a", "b"], [1, null], ['say "hi"', "x,y"], ["=1+1", "two\nlines"]])).toBe('a,b\r\n1,\r\n"say ""hi""","x,y"\r\n\'=1+1,"two\nlines"\r\n');
});
