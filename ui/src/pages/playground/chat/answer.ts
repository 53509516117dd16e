// What a model says, in the words of none of the APIs: the pieces in which it arrives, and the answer that they add up to.

export interface Usage {
  /** Tokens of the prompt, those from a cache included. */
  input?: number;
  output?: number;
  cached?: number;
  reasoning?: number;
}

/** What the model server has measured itself, as llama.cpp's does. Tokens per second. */
export interface Timings {
  promptPerSecond?: number;
  outputPerSecond?: number;
}

export interface ToolCall {
  /** Its place among the tool calls of this answer. */
  index: number;
  name: string;
  /** JSON, as far as it has come. */
  arguments: string;
}

/** A piece of an answer. */
export type Piece =
  | { kind: "text"; text: string; choice: number }
  | { kind: "reasoning"; text: string }
  | { kind: "refusal"; text: string }
  | { kind: "tool"; index: number; name: string; arguments: string }
  | { kind: "usage"; usage: Usage }
  | { kind: "timings"; timings: Timings }
  | { kind: "finish"; reason: string }
  | { kind: "model"; name: string }
  | { kind: "error"; message: string }
  /** Nothing follows. */
  | { kind: "end" };

/** What an answer consists of. Times are milliseconds since the question was sent, measured in the browser. */
export interface Content {
  text: string;
  /** Reasoning as it came, the narration of a model's load included; see `separateLoading`. */
  thought: string;
  refusal: string;
  /** Texts of further choices, when more than one was asked for. */
  others: string[];
  tools: ToolCall[];
  finish: string | null;
  /** The model's own name, as the server gives it. */
  servedBy: string | null;
  usage: Usage;
  timings: Timings;
  error: string | null;
  firstReasoning: number | null;
  firstText: number | null;
  /** `null` while it is written. */
  total: number | null;
  /** The end was announced, and did not just happen. */
  complete: boolean;
}

export const NOTHING: Content = {
  text: "",
  thought: "",
  refusal: "",
  others: [],
  tools: [],
  finish: null,
  servedBy: null,
  usage: {},
  timings: {},
  error: null,
  firstReasoning: null,
  firstText: null,
  total: null,
  complete: false,
};

/** Further choices, and tool calls, that are kept. */
const MOST_LISTED = 32;

/** Adds pieces that came `elapsed` milliseconds after the question. */
export function add<T extends Content>(content: T, pieces: readonly Piece[], elapsed: number): T {
  const next = { ...content };
  for (const piece of pieces) addPiece(next, piece, elapsed);
  return next;
}

function addPiece(content: Content, piece: Piece, elapsed: number): void {
  switch (piece.kind) {
    case "text":
      if (piece.text === "") break;
      content.firstText ??= elapsed;
      if (piece.choice === 0) content.text += piece.text;
      else if (piece.choice <= MOST_LISTED) content.others = appended(content.others, piece.choice - 1, piece.text);
      break;
    case "reasoning":
      content.thought += piece.text;
      if (content.firstReasoning === null && separateLoading(content.thought).reasoning !== "") content.firstReasoning = elapsed;
      break;
    case "refusal":
      content.firstText ??= elapsed;
      content.refusal += piece.text;
      break;
    case "tool":
      content.firstText ??= elapsed;
      content.tools = withTool(content.tools, piece);
      break;
    case "usage":
      content.usage = { ...content.usage, ...piece.usage };
      break;
    case "timings":
      content.timings = { ...content.timings, ...piece.timings };
      break;
    case "finish":
      content.finish = piece.reason;
      content.complete = true;
      break;
    case "model":
      content.servedBy = piece.name;
      break;
    case "error":
      content.error = piece.message;
      break;
    case "end":
      content.complete = true;
      break;
  }
}

/** herder tells as reasoning what happens while a model loads, between two such lines (spec/http-api.md 4.3). */
const RULE = "━━━━━\n";

/** Parts the narration of a load from the model's own reasoning. */
export function separateLoading(thought: string): { loading: string; reasoning: string } {
  if (thought.length < RULE.length && RULE.startsWith(thought)) return { loading: "", reasoning: "" };
  if (!thought.startsWith(RULE)) return { loading: "", reasoning: thought };
  const end = thought.indexOf(`\n${RULE}`, RULE.length - 1);
  if (end === -1) return { loading: thought.slice(RULE.length).trim(), reasoning: "" };
  const rest = thought.slice(end + 1 + RULE.length);
  return { loading: thought.slice(RULE.length, end).trim(), reasoning: rest.replace(/^ ?\n?/, "") };
}

function appended(texts: readonly string[], index: number, text: string): string[] {
  const next = [...texts];
  while (next.length <= index) next.push("");
  next[index] += text;
  return next;
}

function withTool(tools: readonly ToolCall[], piece: Extract<Piece, { kind: "tool" }>): ToolCall[] {
  const known = tools.find((tool) => tool.index === piece.index);
  if (known === undefined) {
    if (tools.length >= MOST_LISTED) return [...tools];
    return [...tools, { index: piece.index, name: piece.name, arguments: piece.arguments }];
  }
  const grown = { ...known, name: known.name || piece.name, arguments: known.arguments + piece.arguments };
  return tools.map((tool) => (tool === known ? grown : tool));
}
