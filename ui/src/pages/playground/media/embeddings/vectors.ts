// The request and the answer of `/v1/embeddings`, and how alike the vectors in it are.

import { fields } from "../../../../json";

export interface Embeddings {
  vectors: { text: string; vector: readonly number[] }[];
  /** Tokens that were read, as far as the server says. */
  tokens: number | null;
  /** The answer as it came, for a file. */
  answer: unknown;
}

/** Texts of one request: every pair of them has a cell in the table. */
export const MOST_TEXTS = 8;

/** Numbers of a vector that are shown. */
const SHOWN_NUMBERS = 8;

/** The body. Without `dimensions` the model gives as many as it has. */
export function bodyOf(model: string, texts: readonly string[], dimensions: number | null): Record<string, unknown> {
  return { model, input: texts, ...(dimensions !== null && { dimensions }) };
}

/** Reads the answer to a request with these texts. Throws unless there is a vector for each of them. */
export function embeddingsOf(answer: unknown, texts: readonly string[]): Embeddings {
  const { data, usage } = fields(answer);
  const found = new Map<number, readonly number[]>();
  (Array.isArray(data) ? data : []).forEach((entry, position) => {
    const { index, embedding } = fields(entry);
    if (isVector(embedding)) found.set(typeof index === "number" ? index : position, embedding);
  });
  const vectors = texts.map((text, index) => {
    const vector = found.get(index);
    if (vector === undefined) throw new Error(`There is no vector of text ${index + 1} in the answer.`);
    return { text, vector };
  });
  const { prompt_tokens: prompt, total_tokens: total } = fields(usage);
  const tokens = [total, prompt].find((value) => typeof value === "number");
  return { vectors, tokens: typeof tokens === "number" ? tokens : null, answer };
}

/** How alike two vectors are, from -1 to 1; `null` when that makes no sense: different lengths, or no direction. */
export function cosine(a: readonly number[], b: readonly number[]): number | null {
  if (a.length !== b.length) return null;
  // By the largest number first, so that squares neither overflow nor vanish.
  const largest = (vector: readonly number[]): number => vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const [scaleA, scaleB] = [largest(a), largest(b)];
  if (scaleA === 0 || scaleB === 0) return null;
  let [product, squareA, squareB] = [0, 0, 0];
  a.forEach((value, index) => {
    const [x, y] = [value / scaleA, (b[index] ?? 0) / scaleB];
    product += x * y;
    squareA += x * x;
    squareB += y * y;
  });
  return Math.min(1, Math.max(-1, product / Math.sqrt(squareA * squareB)));
}

/** The first numbers of a vector. */
export function beginning(vector: readonly number[]): string {
  const shown = vector.slice(0, SHOWN_NUMBERS).map((value) => value.toFixed(4));
  return shown.join(", ") + (vector.length > SHOWN_NUMBERS ? ", …" : "");
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "number");
}
