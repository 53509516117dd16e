// What can go wrong between the page and herder, as text for a person and as a kind for the program.

/** A request that herder, or the model server behind it, did not answer with success, or that did not reach it. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    message: string,
    /** The envelope's `code`, such as `model_not_found`; empty when there is none. */
    readonly code: string = "",
    /** Seconds after which another attempt makes sense, as far as herder says. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Characters of a strange answer that are shown. */
const SHOWN_TEXT = 400;

/** The error that an answer without success stands for. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const seconds = Number(response.headers.get("retry-after") ?? "");
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null;
  const { message, code } = readEnvelope(text);
  const shown = message || text.trim().slice(0, SHOWN_TEXT) || response.statusText || "no reason given";
  return new ApiError(response.status, shown, code, retryAfter);
}

/** Message and code of an error envelope, in the spellings of the APIs that herder speaks; empty when there is none. */
export function readEnvelope(text: string): { message: string; code: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { message: "", code: "" };
  }
  const envelope = asRecord(value);
  const error = asRecord(envelope["error"]);
  const message = firstText(error["message"], envelope["error"], envelope["message"], envelope["detail"]);
  return { message, code: firstText(error["code"], error["type"]) };
}

/** What to tell a person about anything that was thrown. */
export function describe(error: unknown): string {
  if (error instanceof ApiError) {
    return error.status === 0 ? error.message : `${error.message} (HTTP ${error.status})`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** The end of the answer to a request whose load somebody has ended by an unload (spec/http-api.md 1.6); its code says nothing. */
const UNLOADED = ": model unloaded";

/** Whether an error's text says that somebody has unloaded the model meanwhile. */
export function saysUnloaded(message: string): boolean {
  return message.endsWith(UNLOADED);
}

/** Whether herder ended it because somebody wanted that: a person elsewhere, as a rule. */
export function isCancelled(error: unknown): boolean {
  return error instanceof ApiError && (error.code === "cancelled" || saysUnloaded(error.message));
}

/** Whether this page stopped it on purpose. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function firstText(...values: unknown[]): string {
  for (const value of values) {
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number") return String(value);
  }
  return "";
}
