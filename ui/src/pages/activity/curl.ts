// A captured request as a command for a terminal, sent through herder again.

import type { Json } from "../../json";
import { header, valueOf, type Body } from "./body";

/** Characters of a body that stand in the command itself: Linux takes no longer argument than 128 KiB. */
const LONGEST_ARGUMENT = 100_000;

/** Headers that belong to a connection, or that curl writes itself. */
const NOT_REPEATED = /^(host|content-length|connection|keep-alive|transfer-encoding|te|upgrade|accept-encoding|cookie|proxy-.*|x-forwarded-.*|forwarded|via|sec-.*|origin|referer)$/i;

export interface Captured {
  /** herder's address, without a slash at the end. */
  herder: string;
  path: string;
  headers: Record<string, string>;
  body: Body | null;
  /** The model that the client meant: the body may hold the name that the model server knows. */
  model: string | undefined;
}

/** The command. Secrets are not in a capture: in their place stands a variable. */
export function curlOf({ herder, path, headers, body, model }: Captured): string {
  const lines = [`curl ${quoted(herder + path)}`];
  const isSecret = (name: string): boolean => /^(authorization|x-api-key)$/i.test(name);
  for (const [name, value] of Object.entries(headers)) {
    if (!NOT_REPEATED.test(name) && !isSecret(name) && value !== "[REDACTED]") lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  if (Object.keys(headers).some(isSecret)) lines.push('-H "Authorization: Bearer $HERDER_API_KEY"');
  const data = dataOf(body, headers, model);
  if (data !== null) lines.push(data);
  else lines.push("-X POST");
  return lines.join(" \\\n  ");
}

function dataOf(body: Body | null, headers: Record<string, string>, model: string | undefined): string | null {
  if (body === null || body.bytes.length === 0) return null;
  const text = body.kind === "json" ? withModel(body.text, model) : body.text;
  const isText = text !== "" && !/multipart/i.test(header(headers, "content-type") ?? "");
  // The body is in a file that the page offers for download.
  return isText && text.length <= LONGEST_ARGUMENT ? `--data-raw ${quoted(text)}` : "--data-binary @request-body";
}

function withModel(text: string, model: string | undefined): string {
  const value = valueOf(text);
  if (model === undefined || typeof value !== "object" || value === null || !("model" in value)) return text;
  return JSON.stringify({ ...(value as Json), model });
}

/** One word of a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
