// What a model server of the tests says when no script tells it otherwise: the smallest sensible answer of each API.

/** A picture of one pixel. */
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Milliseconds between the words of a streamed answer: slow enough to be seen growing, quick enough for a test. */
const WORD = 20;

/** The answer to a request. */
export function answerOf({ model, method, path, body, host }) {
  const streamed = typeof body === "object" && body !== null && body.stream === true;
  const words = sayings(model, body);
  switch (path) {
    case "/v1/chat/completions":
      return streamed ? chatStream(model, words) : { body: chat(model, words) };
    case "/v1/completions":
      return { body: { object: "text_completion", model, choices: [{ index: 0, text: words.join(""), finish_reason: "stop" }], usage: usage(words) } };
    case "/v1/messages":
      return streamed ? messagesStream(model, words) : { body: { id: "msg_1", type: "message", role: "assistant", model, content: [{ type: "text", text: words.join("") }], stop_reason: "end_turn", usage: tokens(words) } };
    case "/v1/responses":
      return streamed ? responsesStream(model, words) : { body: response(model, words) };
    case "/v1/embeddings":
      return { body: embeddings(model, body) };
    case "/v1/rerank":
    case "/rerank":
    case "/v1/reranking":
    case "/reranking":
      return { body: rerank(model, body) };
    case "/v1/images/generations":
    case "/v1/images/edits":
      return { body: { created: 1, data: [{ b64_json: PNG }] } };
    case "/sdapi/v1/txt2img":
    case "/sdapi/v1/img2img":
      return { body: { images: Array.from({ length: body?.batch_size ?? 1 }, () => PNG), parameters: {}, info: "{}" } };
    case "/sdapi/v1/loras":
      return { body: [{ name: "ink", path: "loras/ink.safetensors" }, { name: "fog", path: "loras/fog.safetensors" }] };
    case "/v1/audio/speech":
      return { headers: { "content-type": "audio/wav" }, body: wav() };
    case "/v1/audio/voices":
      return { body: { voices: ["heather", "moss"] } };
    case "/v1/audio/transcriptions":
      return { body: { text: `${model} heard a bell.`, usage: { prompt_tokens: 4, completion_tokens: 5 } } };
    case "/":
      return { headers: { "content-type": "text/html" }, body: `<!doctype html><title>${model}</title><p>The page of a model server.` };
    default:
      return { body: { method, target: path, host, body } };
  }
}

/** The words of an answer: the model's name, and the last thing that it was told. */
function sayings(model, body) {
  const last = Array.isArray(body?.messages) ? body.messages.at(-1)?.content : Array.isArray(body?.input) ? body.input.at(-1)?.content : (body?.input ?? body?.prompt);
  const text = typeof last === "string" ? last : Array.isArray(last) ? last.map((part) => part.text ?? "").join("") : "";
  return ["This ", "is ", `${model}. `, "You ", "said: ", text.slice(0, 200)];
}

const usage = (words) => ({ prompt_tokens: 12, completion_tokens: words.length, total_tokens: 12 + words.length });
const tokens = (words) => ({ input_tokens: 12, output_tokens: words.length });
const timings = (words) => ({ cache_n: 0, prompt_n: 12, prompt_ms: 60, prompt_per_second: 200, predicted_n: words.length, predicted_ms: 150, predicted_per_second: 40 });

function chat(model, words) {
  const message = { role: "assistant", content: words.join("") };
  return { id: "chatcmpl-1", object: "chat.completion", created: 1, model, choices: [{ index: 0, message, finish_reason: "stop" }], usage: usage(words), timings: timings(words) };
}

/** The frames of an event stream, one after the other. */
function frames(events) {
  return { chunks: events.map(([name, data], at) => ({ text: `${name === null ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`, delayMs: at === 0 ? 0 : WORD })) };
}

function chatStream(model, words) {
  const part = (delta, rest = {}) => [null, { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta, finish_reason: null }], ...rest }];
  const end = [null, { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: usage(words), timings: timings(words) }];
  return frames([part({ role: "assistant" }), ...words.map((word) => part({ content: word })), end, [null, "[DONE]"]]);
}

function messagesStream(model, words) {
  const named = (data) => [data.type, data];
  return frames(
    [
      { type: "message_start", message: { id: "msg_1", type: "message", role: "assistant", model, content: [], usage: { input_tokens: 12, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      ...words.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: words.length } },
      { type: "message_stop" },
    ].map(named),
  );
}

function response(model, words) {
  const content = [{ type: "output_text", text: words.join(""), annotations: [] }];
  return { id: "resp_1", object: "response", status: "completed", model, output: [{ type: "message", role: "assistant", content }], usage: tokens(words) };
}

function responsesStream(model, words) {
  const named = (data) => [data.type, data];
  return frames(
    [
      { type: "response.created", response: { ...response(model, []), status: "in_progress" } },
      ...words.map((delta) => ({ type: "response.output_text.delta", output_index: 0, content_index: 0, delta })),
      { type: "response.completed", response: response(model, words) },
    ].map(named),
  );
}

function embeddings(model, body) {
  const inputs = Array.isArray(body?.input) ? body.input : [body?.input ?? ""];
  // Texts of the same length lie in the same direction, so that a comparison has something to find.
  const data = inputs.map((text, index) => ({ object: "embedding", index, embedding: [1, String(text).length % 7, String(text).length % 3, 0.5] }));
  return { object: "list", model, data, usage: { prompt_tokens: 5 * inputs.length, total_tokens: 5 * inputs.length } };
}

/** The longer a document, the better. */
function rerank(model, body) {
  const documents = Array.isArray(body?.documents) ? body.documents : [];
  const results = documents.map((document, index) => ({ index, relevance_score: String(document).length / 10 - 4 }));
  results.sort((a, b) => b.relevance_score - a.relevance_score);
  return { model, results, usage: { prompt_tokens: 42, total_tokens: 42 } };
}

/** A tenth of a second of silence, 8 kHz, 16 bit, one channel. */
function wav() {
  const samples = 800;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples * 2, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples * 2, 40);
  return Buffer.concat([head, Buffer.alloc(samples * 2)]);
}
