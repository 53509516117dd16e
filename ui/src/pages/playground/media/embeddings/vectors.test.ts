import { describe, expect, it } from "vitest";
import { beginning, bodyOf, cosine, embeddingsOf } from "./vectors";

it.each([
  [[1, 0], [1, 0], 1],
  [[1, 0], [0, 2], 0],
  [[1, 0], [-3, 0], -1],
  [[1, 1], [1, 0], Math.SQRT1_2],
  [[1e300, 0], [1e300, 0], 1],
  [[1e-300, 0], [1e-300, 0], 1],
  [[1, 0], [1], null],
  [[0, 0], [1, 0], null],
])("cosine of %j and %j is %j", (a, b, similarity) => {
  if (similarity === null) expect(cosine(a, b)).toBeNull();
  else expect(cosine(a, b)).toBeCloseTo(similarity, 12);
});

it("asks for dimensions only when told", () => {
  expect(bodyOf("m", ["a"], null)).toEqual({ model: "m", input: ["a"] });
  expect(bodyOf("m", ["a", "b"], 256)).toEqual({ model: "m", input: ["a", "b"], dimensions: 256 });
});

describe("embeddingsOf", () => {
  it("puts vectors to their texts", () => {
    const answer = { data: [{ index: 1, embedding: [2] }, { index: 0, embedding: [1] }], usage: { prompt_tokens: 4, total_tokens: 5 } };
    expect(embeddingsOf(answer, ["a", "b"])).toEqual({ vectors: [{ text: "a", vector: [1] }, { text: "b", vector: [2] }], tokens: 5, answer });
  });
  it("counts places where the server does not", () => expect(embeddingsOf({ data: [{ embedding: [1] }, { embedding: [2] }] }, ["a", "b"]).vectors[1]?.vector).toEqual([2]));
  it.each([[null], [{}], [{ data: [{ embedding: "AAAA" }] }], [{ data: [{ embedding: [] }] }], [{ data: [{ index: 1, embedding: [1] }] }]])("%j lacks a vector", (answer) =>
    expect(() => embeddingsOf(answer, ["a"])).toThrow("no vector of text 1"));
});

it("shows the beginning", () => {
  expect(beginning([1, -0.5])).toBe("1.0000, -0.5000");
  expect(beginning(Array.from({ length: 9 }, () => 0))).toMatch(/^(0\.0000, ){8}…$/);
});
