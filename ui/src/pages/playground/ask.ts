// Asking a model: the requests of every tab of the playground, which carry the id of this page load.

import { request } from "../../api/client";
import { SESSION_ID } from "./session_id";

/** Sends JSON, or a form, to a model, with further headers. Throws as `request` does. */
export function askModel(path: string, body: unknown, signal: AbortSignal, further: Record<string, string> = {}): Promise<Response> {
  const headers: Record<string, string> = { ...further, "x-session-id": SESSION_ID };
  if (body instanceof FormData) return request(path, { method: "POST", headers, body, signal }, "model");
  headers["content-type"] = "application/json";
  return request(path, { method: "POST", headers, body: JSON.stringify(body), signal }, "model");
}

/** Fetches something of a model, such as its voices. */
export function askAboutModel(path: string, signal: AbortSignal): Promise<Response> {
  return request(path, { headers: { "x-session-id": SESSION_ID }, signal }, "model");
}
