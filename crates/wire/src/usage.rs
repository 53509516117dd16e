//! What an answer says about itself: tokens, rates, time (spec/http-api.md 5.2).
//!
//! Answers of every API are read while they stream by, in bounded memory: of an event stream one line at a time, of a
//! JSON document only the members that count. Nothing here can fail: what cannot be read says nothing.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::members::{Members, Place};
use crate::sse::DataLines;

/// What an answer said. `None` is unknown (quirk Q31 mended).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Tokens of the prompt; with llama.cpp's timings only those that were processed (Q32).
    pub input: u64,
    /// Tokens generated.
    pub output: u64,
    /// Tokens of the prompt that were in a cache.
    pub cached: Option<u64>,
    /// Tokens drafted by speculative decoding.
    pub drafted: Option<u64>,
    /// Drafted tokens that were accepted.
    pub draft_accepted: Option<u64>,
    /// Tokens of the prompt per second.
    pub prompt_per_second: Option<f64>,
    /// Generated tokens per second.
    pub output_per_second: Option<f64>,
    /// Milliseconds that the server says it took for prompt and generation.
    pub milliseconds: Option<f64>,
}

/// How an answer is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Server-sent events.
    Events,
    /// A JSON document, if it is one.
    Document,
    /// The same; of an array the last element counts (llama.cpp's `/infill`).
    Infill,
}

impl Form {
    /// The form of an answer to a request for `path`.
    #[must_use]
    pub fn of(path: &str, is_event_stream: bool) -> Self {
        if is_event_stream {
            Self::Events
        } else if path.starts_with("/infill") {
            Self::Infill
        } else {
            Self::Document
        }
    }
}

/// Reads the body of one answer.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    found: Found,
}

#[derive(Debug)]
enum Source {
    Events(DataLines),
    Document(Box<Members<3>>),
}

/// The members that count, in this order.
const MEMBERS: [&str; 3] = ["usage", "timings", "metrics"];

impl Reader {
    /// Nothing read yet.
    #[must_use]
    pub fn new(form: Form) -> Self {
        let document = |place| Source::Document(Box::new(Members::new(MEMBERS, place)));
        let source = match form {
            Form::Events => Source::Events(DataLines::new()),
            Form::Document => document(Place::Document),
            Form::Infill => document(Place::LastElement),
        };
        Self {
            source,
            found: Found::default(),
        }
    }

    /// Reads the next chunk of the body, decompressed.
    pub fn push(&mut self, chunk: &[u8]) {
        match &mut self.source {
            Source::Events(lines) => lines.push(chunk, |line| self.found.event(line)),
            Source::Document(members) => members.push(chunk),
        }
    }

    /// What the body said. `None` when it said nothing of the kind.
    #[must_use]
    pub fn finish(mut self) -> Option<Usage> {
        match self.source {
            Source::Events(mut lines) => lines.finish(|line| self.found.event(line)),
            Source::Document(members) => {
                let [usage, timings, metrics] = members
                    .finish()
                    .map(|text| text.and_then(|text| serde_json::from_slice(&text).ok()));
                self.found.usage(usage);
                self.found.others(timings, metrics);
            }
        }
        self.found.into_usage()
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Found {
    has_usage: bool,
    input: u64,
    output: u64,
    cached: Option<u64>,
    timings: Option<Value>,
    metrics: Option<Value>,
}

/// The members of an event that count. Everything else is checked and skipped, not built.
#[derive(Deserialize)]
struct Event<'line> {
    #[serde(borrow)]
    usage: Option<&'line RawValue>,
    #[serde(borrow)]
    timings: Option<&'line RawValue>,
    #[serde(borrow)]
    metrics: Option<&'line RawValue>,
    #[serde(borrow)]
    response: Option<&'line RawValue>,
    #[serde(borrow)]
    message: Option<&'line RawValue>,
}

#[derive(Deserialize)]
struct Inner<'line> {
    #[serde(borrow)]
    usage: Option<&'line RawValue>,
}

impl Found {
    fn event(&mut self, line: &[u8]) {
        // Most events are a few letters of text. A quoted name inside a text has its quotes escaped.
        let mentions = |name: &[u8]| memchr::memmem::find(line, name).is_some();
        if !(mentions(b"\"usage\"") || mentions(b"\"timings\"") || mentions(b"\"metrics\"")) {
            return;
        }
        let Ok(event) = serde_json::from_slice::<Event<'_>>(line) else {
            return;
        };
        let inside = |outer: Option<&RawValue>| object(inner(outer)?);
        let usage = event.usage.and_then(object);
        let usage = usage
            .or_else(|| inside(event.response))
            .or_else(|| inside(event.message));
        self.usage(usage);
        self.others(event.timings.and_then(object), event.metrics.and_then(object));
    }

    /// A later usage object overrides only with what it knows: Anthropic's last event repeats no input.
    fn usage(&mut self, usage: Option<Value>) {
        let Some(usage) = usage.filter(Value::is_object) else {
            return;
        };
        self.has_usage = true;
        let first = |paths: &[&str]| paths.iter().find_map(|path| count(usage.pointer(path)));
        if let Some(input) = first(&["/prompt_tokens", "/input_tokens"]).filter(|count| *count > 0) {
            self.input = input;
        }
        if let Some(output) = first(&["/completion_tokens", "/output_tokens"]).filter(|count| *count > 0) {
            self.output = output;
        }
        let cached = first(&[
            "/cache_read_input_tokens",
            "/input_tokens_details/cached_tokens",
            "/prompt_tokens_details/cached_tokens",
        ]);
        self.cached = cached.or(self.cached);
    }

    fn others(&mut self, timings: Option<Value>, metrics: Option<Value>) {
        self.timings = timings.filter(Value::is_object).or(self.timings.take());
        self.metrics = metrics.filter(Value::is_object).or(self.metrics.take());
    }

    fn into_usage(self) -> Option<Usage> {
        if !self.has_usage && self.timings.is_none() && self.metrics.is_none() {
            return None;
        }
        let mut usage = Usage {
            input: self.input,
            output: self.output,
            cached: self.cached,
            ..Usage::default()
        };
        if let Some(timings) = &self.timings {
            usage.apply_timings(timings);
        }
        if let Some(metrics) = &self.metrics {
            usage.apply_metrics(metrics);
        }
        Some(usage)
    }
}

impl Usage {
    /// llama.cpp's `timings`.
    fn apply_timings(&mut self, timings: &Value) {
        let number = |name: &str| positive(timings.get(name));
        self.input = count(timings.get("prompt_n")).unwrap_or(self.input);
        self.output = count(timings.get("predicted_n")).unwrap_or(self.output);
        self.prompt_per_second = Some(number("prompt_per_second").unwrap_or(0.0));
        self.output_per_second = Some(number("predicted_per_second").unwrap_or(0.0));
        self.cached = count(timings.get("cache_n")).or(self.cached);
        self.apply_draft(timings.get("draft_n"), timings.get("draft_n_accepted"));
        let milliseconds = number("prompt_ms").unwrap_or(0.0) + number("predicted_ms").unwrap_or(0.0);
        self.milliseconds = Some(milliseconds);
    }

    /// vLLM's `metrics`.
    fn apply_metrics(&mut self, metrics: &Value) {
        let decoding = |name: &str| metrics.pointer(&format!("/speculative_decoding/{name}"));
        self.apply_draft(
            decoding("num_draft_tokens"),
            decoding("num_accepted_draft_tokens"),
        );
        if let Some(first_token) = positive(metrics.get("time_to_first_token_ms")) {
            let processed = self.input.saturating_sub(self.cached.unwrap_or(0));
            #[expect(clippy::cast_precision_loss, reason = "counts are at most 2^53")]
            let processed = processed as f64;
            self.prompt_per_second = finite(processed / (first_token / 1000.0));
        }
        if let Some(between_tokens) = positive(metrics.get("mean_itl_ms")) {
            self.output_per_second = finite(1000.0 / between_tokens);
        }
    }

    /// Half of the pair says nothing.
    fn apply_draft(&mut self, drafted: Option<&Value>, accepted: Option<&Value>) {
        if let (Some(drafted), Some(accepted)) = (count(drafted), count(accepted)) {
            (self.drafted, self.draft_accepted) = (Some(drafted), Some(accepted));
        }
    }
}

fn inner(outer: Option<&RawValue>) -> Option<&RawValue> {
    serde_json::from_str::<Inner<'_>>(outer?.get()).ok()?.usage
}

fn object(text: &RawValue) -> Option<Value> {
    serde_json::from_str(text.get()).ok().filter(Value::is_object)
}

/// The largest count that is believed: up to here every integer is exact in JSON.
const MAX_COUNT: u64 = 1 << 53;

/// A count of tokens. Some servers write it as `3.0`.
fn count(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    if let Some(count) = value.as_u64() {
        return Some(count.min(MAX_COUNT));
    }
    let number = value.as_f64().filter(|number| *number >= 0.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; a cast saturates"
    )]
    let count = number as u64;
    Some(count.min(MAX_COUNT))
}

fn positive(value: Option<&Value>) -> Option<f64> {
    value?.as_f64().filter(|number| *number > 0.0)
}

/// A time close to zero gives no rate.
fn finite(rate: f64) -> Option<f64> {
    rate.is_finite().then_some(rate)
}

#[cfg(test)]
mod tests;
