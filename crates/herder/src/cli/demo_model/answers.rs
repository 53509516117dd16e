//! The demo model's answers in the forms clients know: OpenAI chat and completions, llama.cpp's own completion,
//! Anthropic messages, embeddings. Pure: no clock but the one reading of `created`, no waiting.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};

use super::text;

/// Pretended time for one generated token: about 40 tokens per second, a comfortable reading pace.
pub(super) const TOKEN_TIME: Duration = Duration::from_millis(25);

/// Pretended time for one prompt token.
const PROMPT_TOKEN_TIME: Duration = Duration::from_millis(1);

/// Length of an embedding vector: enough to compare, short enough to read.
const EMBEDDING_DIMENSIONS: usize = 32;

/// Marks every OpenAI-style answer as a demo's.
const FINGERPRINT: &str = "herder-demo";

/// One generated answer, not yet in any wire form.
pub(super) struct Answer {
    model: String,
    identifier: u64,
    created: u64,
    prompt_tokens: usize,
    tokens: Vec<String>,
    /// The client's token limit ended the answer early.
    cut: bool,
}

impl Answer {
    /// Answers the request of any of the supported forms; fields it lacks count as empty.
    pub(super) fn new(name: &str, request: &Value) -> Self {
        let (asked, prompt_tokens) = prompt(request);
        let mut tokens = text::tokens(&text::reply(name, &asked));
        let whole = tokens.len();
        tokens.truncate(token_limit(request));
        let created = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        Self {
            model: format!("{name} (herder demo model)"),
            identifier: text::fingerprint(&asked) ^ created,
            created,
            prompt_tokens,
            cut: tokens.len() < whole,
            tokens,
        }
    }

    /// Time that a model of this pace needs for the whole answer.
    pub(super) fn generation_time(&self) -> Duration {
        TOKEN_TIME * u32::try_from(self.tokens.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn chat(&self) -> Value {
        let message = json!({"role": "assistant", "content": self.tokens.concat()});
        let choice = json!({"index": 0, "message": message, "finish_reason": self.finish_reason()});
        self.openai("chat.completion", "chatcmpl", &json!([choice]), true)
    }

    /// The stream of `chat`, `[DONE]` included.
    pub(super) fn chat_events(&self, include_usage: bool) -> Vec<Bytes> {
        let chunk = |delta: Value, finish: Option<&str>| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
            self.openai(
                "chat.completion.chunk",
                "chatcmpl",
                &json!([choice]),
                finish.is_some() && !include_usage,
            )
        };
        let mut events = vec![event(&chunk(json!({"role": "assistant", "content": null}), None))];
        events.extend(
            self.tokens
                .iter()
                .map(|token| event(&chunk(json!({"content": token}), None))),
        );
        events.push(event(&chunk(json!({}), Some(self.finish_reason()))));
        if include_usage {
            events.push(event(&self.openai(
                "chat.completion.chunk",
                "chatcmpl",
                &json!([]),
                true,
            )));
        }
        events.push(done());
        events
    }

    pub(super) fn text_completion(&self) -> Value {
        let text = self.tokens.concat();
        let choice =
            json!({"index": 0, "text": text, "logprobs": null, "finish_reason": self.finish_reason()});
        self.openai("text_completion", "cmpl", &json!([choice]), true)
    }

    pub(super) fn text_completion_events(&self) -> Vec<Bytes> {
        let chunk = |text: &str, finish: Option<&str>| {
            let choice = json!({"index": 0, "text": text, "logprobs": null, "finish_reason": finish});
            event(&self.openai("text_completion", "cmpl", &json!([choice]), finish.is_some()))
        };
        let mut events: Vec<_> = self.tokens.iter().map(|token| chunk(token, None)).collect();
        events.push(chunk("", Some(self.finish_reason())));
        events.push(done());
        events
    }

    /// llama.cpp's `/completion`.
    pub(super) fn native_completion(&self) -> Value {
        self.native_end(&self.tokens.concat())
    }

    pub(super) fn native_completion_events(&self) -> Vec<Bytes> {
        let chunk = |token: &String| event(&json!({"index": 0, "content": token, "stop": false}));
        let mut events: Vec<_> = self.tokens.iter().map(chunk).collect();
        events.push(event(&self.native_end("")));
        events
    }

    /// Anthropic's `/v1/messages`.
    pub(super) fn message(&self) -> Value {
        let content = json!([{"type": "text", "text": self.tokens.concat()}]);
        self.message_frame(&content, Some(self.stop_reason()), self.tokens.len())
    }

    pub(super) fn message_events(&self) -> Vec<Bytes> {
        let start = self.message_frame(&json!([]), None, 0);
        let mut events = vec![
            named_event("message_start", &json!({"message": start})),
            named_event(
                "content_block_start",
                &json!({"index": 0, "content_block": {"type": "text", "text": ""}}),
            ),
        ];
        events.extend(self.tokens.iter().map(|token| {
            named_event(
                "content_block_delta",
                &json!({"index": 0, "delta": {"type": "text_delta", "text": token}}),
            )
        }));
        let end = json!({"delta": {"stop_reason": self.stop_reason(), "stop_sequence": null},
            "usage": {"output_tokens": self.tokens.len()}});
        events.push(named_event("content_block_stop", &json!({"index": 0})));
        events.push(named_event("message_delta", &end));
        events.push(named_event("message_stop", &json!({})));
        events
    }

    fn openai(&self, object: &str, prefix: &str, choices: &Value, with_usage: bool) -> Value {
        let mut answer = json!({
            "id": format!("{prefix}-demo-{:016x}", self.identifier), "object": object, "created": self.created,
            "model": self.model, "system_fingerprint": FINGERPRINT, "choices": choices,
        });
        if with_usage {
            answer["usage"] = json!({
                "prompt_tokens": self.prompt_tokens, "completion_tokens": self.tokens.len(),
                "total_tokens": self.prompt_tokens + self.tokens.len(),
            });
            answer["timings"] = self.timings();
        }
        answer
    }

    fn native_end(&self, content: &str) -> Value {
        json!({
            "index": 0, "content": content, "stop": true, "model": self.model,
            "system_fingerprint": FINGERPRINT, "stop_type": if self.cut { "limit" } else { "eos" },
            "tokens_evaluated": self.prompt_tokens, "tokens_predicted": self.tokens.len(),
            "truncated": false, "timings": self.timings(),
        })
    }

    fn message_frame(&self, content: &Value, stop_reason: Option<&str>, output_tokens: usize) -> Value {
        json!({
            "id": format!("msg_demo_{:016x}", self.identifier), "type": "message", "role": "assistant",
            "model": self.model, "content": content, "stop_reason": stop_reason, "stop_sequence": null,
            "usage": {"input_tokens": self.prompt_tokens, "output_tokens": output_tokens},
        })
    }

    /// The `timings` object of llama.cpp's server.
    fn timings(&self) -> Value {
        let prompt_time = milliseconds(PROMPT_TOKEN_TIME);
        let token_time = milliseconds(TOKEN_TIME);
        json!({
            "cache_n": 0,
            "prompt_n": self.prompt_tokens, "prompt_ms": prompt_time * self.prompt_tokens as f64,
            "prompt_per_token_ms": prompt_time, "prompt_per_second": 1000.0 / prompt_time,
            "predicted_n": self.tokens.len(), "predicted_ms": token_time * self.tokens.len() as f64,
            "predicted_per_token_ms": token_time, "predicted_per_second": 1000.0 / token_time,
        })
    }

    fn finish_reason(&self) -> &'static str {
        if self.cut { "length" } else { "stop" }
    }

    fn stop_reason(&self) -> &'static str {
        if self.cut { "max_tokens" } else { "end_turn" }
    }
}

/// `/v1/embeddings`: unit vectors that depend only on the text. Equal texts are equal, nothing else is meant.
pub(super) fn embeddings(name: &str, request: &Value) -> Value {
    let inputs: Vec<String> = match &request["input"] {
        Value::Array(items) => items.iter().map(words_of).collect(),
        single => vec![words_of(single)],
    };
    let prompt_tokens: usize = inputs.iter().map(|input| text::tokens(input).len()).sum();
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| json!({"object": "embedding", "index": index, "embedding": vector(input)}))
        .collect();
    json!({
        "object": "list", "model": format!("{name} (herder demo model)"), "data": data,
        "usage": {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens},
    })
}

/// Anthropic's `/v1/messages/count_tokens`: the same count that an answer would report.
pub(super) fn token_count(request: &Value) -> Value {
    json!({ "input_tokens": prompt(request).1 })
}

fn vector(input: &str) -> Vec<f64> {
    let raw: Vec<f64> = (0..EMBEDDING_DIMENSIONS)
        .map(|dimension| {
            let hash = text::fingerprint(&format!("{dimension}/{input}"));
            (hash >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        })
        .collect();
    let length = raw
        .iter()
        .map(|value| value * value)
        .sum::<f64>()
        .sqrt()
        .max(f64::MIN_POSITIVE);
    raw.iter().map(|value| value / length).collect()
}

/// What the client asked last, and how many tokens everything it sent has.
fn prompt(request: &Value) -> (String, usize) {
    let mut parts = vec![words_of(&request["system"]), words_of(&request["prompt"])];
    if let Value::Array(messages) = &request["messages"] {
        parts.extend(messages.iter().map(|message| words_of(&message["content"])));
    }
    let tokens = parts.iter().map(|part| text::tokens(part).len()).sum();
    let asked = parts
        .into_iter()
        .rev()
        .find(|part| !part.trim().is_empty())
        .unwrap_or_default();
    (asked, tokens)
}

/// The text in a string, a list of strings or a list of `{"type": "text"}` parts; other content has none.
fn words_of(content: &Value) -> String {
    match content {
        Value::String(words) => words.clone(),
        Value::Array(parts) => {
            let texts = parts
                .iter()
                .filter_map(|part| part.as_str().or_else(|| part["text"].as_str()));
            texts.collect::<Vec<_>>().join(" ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

/// The smallest limit the client gave, in any of the usual spellings; negative means none.
fn token_limit(request: &Value) -> usize {
    ["max_tokens", "max_completion_tokens", "n_predict"]
        .iter()
        .filter_map(|key| request[*key].as_u64())
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
        .min()
        .unwrap_or(usize::MAX)
}

fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

/// An event of Anthropic's stream: its name goes in front and into the data.
fn named_event(name: &str, fields: &Value) -> Bytes {
    let mut data = json!({"type": name});
    if let (Some(data), Some(fields)) = (data.as_object_mut(), fields.as_object()) {
        data.extend(fields.clone());
    }
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

fn done() -> Bytes {
    Bytes::from_static(b"data: [DONE]\n\n")
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(extra: &Value) -> Answer {
        let mut request = json!({"messages": [{"role": "user", "content": "one two three"}]});
        request
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        Answer::new("small", &request)
    }

    fn data_lines(events: &[Bytes]) -> Vec<String> {
        let text = String::from_utf8(events.concat()).unwrap();
        text.lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_form_carries_the_same_text_and_the_label() {
        let answer = ask(&json!({}));
        let said = answer.tokens.concat();
        assert_eq!(answer.chat()["choices"][0]["message"]["content"], said);
        assert_eq!(answer.text_completion()["choices"][0]["text"], said);
        assert_eq!(answer.native_completion()["content"], said);
        assert_eq!(answer.message()["content"][0]["text"], said);
        for form in [
            answer.chat(),
            answer.text_completion(),
            answer.native_completion(),
            answer.message(),
        ] {
            assert_eq!(form["model"], "small (herder demo model)");
        }
        assert_eq!(answer.chat()["system_fingerprint"], "herder-demo");
    }

    #[test]
    fn a_chat_stream_adds_up_to_the_answer() {
        for include_usage in [false, true] {
            let answer = ask(&json!({}));
            let mut lines = data_lines(&answer.chat_events(include_usage));
            assert_eq!(lines.pop().as_deref(), Some("[DONE]"));
            let chunks: Vec<Value> = lines
                .iter()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let parts = chunks
                .iter()
                .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
            assert_eq!(parts.collect::<String>(), answer.tokens.concat());
            let last = chunks.last().unwrap();
            assert_eq!(last["usage"]["prompt_tokens"], 3);
            assert_eq!(last["timings"]["predicted_n"], answer.tokens.len());
            assert_eq!(last["choices"].as_array().unwrap().is_empty(), include_usage);
        }
    }

    #[test]
    fn a_token_limit_cuts_the_answer_and_says_so() {
        for key in ["max_tokens", "max_completion_tokens", "n_predict"] {
            let answer = ask(&json!({key: 5}));
            assert_eq!(answer.chat()["usage"]["completion_tokens"], 5, "{key}");
            assert_eq!(answer.chat()["choices"][0]["finish_reason"], "length", "{key}");
        }
        let answer = ask(&json!({"n_predict": -1}));
        assert_eq!(answer.chat()["choices"][0]["finish_reason"], "stop");
    }

    #[test]
    fn anthropic_events_are_named_and_typed() {
        let text = String::from_utf8(ask(&json!({"max_tokens": 2})).message_events().concat()).unwrap();
        for name in [
            "message_start",
            "content_block_delta",
            "message_delta",
            "message_stop",
        ] {
            assert!(
                text.contains(&format!("event: {name}\ndata: {{\"type\":\"{name}\"")),
                "{name}: {text}"
            );
        }
    }

    #[test]
    fn embeddings_are_unit_vectors_that_depend_on_the_text() {
        let answer = embeddings("small", &json!({"input": ["same", "same", "other"]}));
        let vectors = answer["data"].as_array().unwrap();
        assert_eq!(vectors[0]["embedding"], vectors[1]["embedding"]);
        assert_ne!(vectors[0]["embedding"], vectors[2]["embedding"]);
        let length: f64 = vectors[0]["embedding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap().powi(2))
            .sum();
        assert!((length - 1.0).abs() < 1e-9);
    }
}
