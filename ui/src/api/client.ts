// Asking herder: every request of the page goes through here. It adds the key, turns failures into `ApiError`, and leaves
// the meaning of the answers to whom asked.

import { ApiError, errorOf, isAbort } from "./error";
import { session } from "./session.svelte";

/** Sends a request to herder. Throws an `ApiError` unless the answer is a success; aborting throws the browser's `AbortError`. `answering` is
 *  who writes the answer: a model server, or a peer, may refuse a key of its own, which the person here can do nothing about. */
export async function request(path: string, init: RequestInit = {}, answering: "herder" | "model" = "herder"): Promise<Response> {
  const headers = new Headers(init.headers);
  if (session.key !== null) headers.set("authorization", `Bearer ${session.key}`);
  let response: Response;
  try {
    // Without `omit` a browser would answer 401 with a dialog of its own.
    response = await fetch(path, { ...init, headers, credentials: "omit" });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError(0, "herder cannot be reached");
  }
  if (response.ok) return response;
  const error = await errorOf(response);
  if (response.status === 401) {
    if (answering === "herder") session.refuse(session.key === null ? "" : "herder does not know this key.");
    // Its own answer tells whose refusal that was.
    else void getJson("/api/version").catch(() => {});
  }
  throw error;
}

/** The JSON at a path. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal ? { signal } : {});
  return (await response.json()) as T;
}

/** Sends JSON, or nothing, and returns the answer. */
export async function send(
  method: "POST" | "PUT",
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const init: RequestInit = { method };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  return request(path, init);
}

/** A path with a model's id in it, which may hold slashes, spaces, dots and anything else. */
export function withModel(prefix: string, id: string, rest = ""): string {
  return `${prefix}${encodeURIComponent(id)}${rest}`;
}
