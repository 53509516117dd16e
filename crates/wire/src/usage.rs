//! What an answer says about itself: tokens, rates, time (spec/http-api.md 5.2).
//!
//! Answers of every API are read while they stream by, in bounded memory: of an event stream one line at a time, of a
//! JSON document only the members that count. Nothing here can fail: what cannot be read says nothing.

mod numbers;

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::members::{Members, Place};
use crate::sse::DataLines;
use numbers::{Number, numbers};

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

/// The same as an event names them. Most events are a few letters of text and name none; a quoted name inside a text has
/// its quotes escaped. To prepare a search takes as long as three searches, so it is done once.
static MENTIONS: LazyLock<[Finder<'static>; 3]> =
    LazyLock::new(|| ["\"usage\"", "\"timings\"", "\"metrics\""].map(Finder::new));

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
                let [usage, timings, metrics] = members.finish();
                self.found.usage(usage.and_then(|text| numbers(&text, &USAGE)));
                self.found.others(
                    timings.and_then(|text| numbers(&text, &TIMINGS)),
                    metrics.and_then(|text| numbers(&text, &METRICS)),
                );
            }
        }
        self.found.into_usage()
    }
}

/// Numbers of a usage object.
const USAGE: [&str; 7] = [
    "prompt_tokens",
    "input_tokens",
    "completion_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "input_tokens_details/cached_tokens",
    "prompt_tokens_details/cached_tokens",
];

/// Numbers of llama.cpp's `timings`.
const TIMINGS: [&str; 9] = [
    "prompt_n",
    "predicted_n",
    "prompt_per_second",
    "predicted_per_second",
    "cache_n",
    "draft_n",
    "draft_n_accepted",
    "prompt_ms",
    "predicted_ms",
];

/// Numbers of vLLM's `metrics`.
const METRICS: [&str; 4] = [
    "speculative_decoding/num_draft_tokens",
    "speculative_decoding/num_accepted_draft_tokens",
    "time_to_first_token_ms",
    "mean_itl_ms",
];

/// Numbers in the order of one of these lists.
type Numbers<const COUNT: usize> = [Option<Number>; COUNT];

/// What has been found so far.
#[derive(Debug, Default)]
struct Found {
    has_usage: bool,
    input: u64,
    output: u64,
    cached: Option<u64>,
    /// Boxed, because readers move along with their answers and few of these are there.
    timings: Option<Box<Numbers<{ TIMINGS.len() }>>>,
    metrics: Option<Box<Numbers<{ METRICS.len() }>>>,
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
        if !MENTIONS.iter().any(|name| name.find(line).is_some()) {
            return;
        }
        let Ok(event) = serde_json::from_slice::<Event<'_>>(line) else {
            return;
        };
        fn read<const COUNT: usize>(
            text: Option<&RawValue>,
            paths: &'static [&'static str; COUNT],
        ) -> Option<Numbers<COUNT>> {
            numbers(text?.get().as_bytes(), paths)
        }
        let inside = |outer: Option<&RawValue>| read(inner(outer), &USAGE);
        let usage = read(event.usage, &USAGE);
        let usage = usage
            .or_else(|| inside(event.response))
            .or_else(|| inside(event.message));
        self.usage(usage);
        self.others(read(event.timings, &TIMINGS), read(event.metrics, &METRICS));
    }

    /// A later usage object overrides only with what it knows: Anthropic's last event repeats no input.
    fn usage(&mut self, usage: Option<Numbers<{ USAGE.len() }>>) {
        let Some(usage) = usage else {
            return;
        };
        self.has_usage = true;
        let [
            prompt,
            input,
            completion,
            output,
            read,
            input_cached,
            prompt_cached,
        ] = usage.map(count);
        if let Some(input) = prompt.or(input).filter(|count| *count > 0) {
            self.input = input;
        }
        if let Some(output) = completion.or(output).filter(|count| *count > 0) {
            self.output = output;
        }
        self.cached = read.or(input_cached).or(prompt_cached).or(self.cached);
    }

    fn others(
        &mut self,
        timings: Option<Numbers<{ TIMINGS.len() }>>,
        metrics: Option<Numbers<{ METRICS.len() }>>,
    ) {
        self.timings = timings.map(Box::new).or(self.timings.take());
        self.metrics = metrics.map(Box::new).or(self.metrics.take());
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
    fn apply_timings(&mut self, timings: &Numbers<{ TIMINGS.len() }>) {
        let [
            prompt,
            predicted,
            prompt_rate,
            predicted_rate,
            cached,
            drafted,
            accepted,
            prompt_time,
            predicted_time,
        ] = *timings;
        self.input = count(prompt).unwrap_or(self.input);
        self.output = count(predicted).unwrap_or(self.output);
        self.prompt_per_second = Some(positive(prompt_rate).unwrap_or(0.0));
        self.output_per_second = Some(positive(predicted_rate).unwrap_or(0.0));
        self.cached = count(cached).or(self.cached);
        self.apply_draft(drafted, accepted);
        let milliseconds = positive(prompt_time).unwrap_or(0.0) + positive(predicted_time).unwrap_or(0.0);
        self.milliseconds = Some(milliseconds);
    }

    /// vLLM's `metrics`.
    fn apply_metrics(&mut self, metrics: &Numbers<{ METRICS.len() }>) {
        let [drafted, accepted, first_token, between_tokens] = *metrics;
        self.apply_draft(drafted, accepted);
        if let Some(first_token) = positive(first_token) {
            let processed = self.input.saturating_sub(self.cached.unwrap_or(0));
            #[expect(clippy::cast_precision_loss, reason = "counts are at most 2^53")]
            let processed = processed as f64;
            self.prompt_per_second = finite(processed / (first_token / 1000.0));
        }
        if let Some(between_tokens) = positive(between_tokens) {
            self.output_per_second = finite(1000.0 / between_tokens);
        }
    }

    /// Half of the pair says nothing.
    fn apply_draft(&mut self, drafted: Option<Number>, accepted: Option<Number>) {
        if let (Some(drafted), Some(accepted)) = (count(drafted), count(accepted)) {
            (self.drafted, self.draft_accepted) = (Some(drafted), Some(accepted));
        }
    }
}

fn inner(outer: Option<&RawValue>) -> Option<&RawValue> {
    serde_json::from_str::<Inner<'_>>(outer?.get()).ok()?.usage
}

/// The largest count that is believed: up to here every integer is exact in JSON.
const MAX_COUNT: u64 = 1 << 53;

/// A count of tokens. Some servers write it as `3.0`.
fn count(number: Option<Number>) -> Option<u64> {
    let count = match number? {
        Number::Count(count) => count,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative; a cast saturates"
        )]
        Number::Real(number) if number >= 0.0 => number as u64,
        Number::Real(_) => return None,
    };
    Some(count.min(MAX_COUNT))
}

fn positive(number: Option<Number>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a rate or a time in milliseconds")]
    let number = match number? {
        Number::Count(count) => count as f64,
        Number::Real(number) => number,
    };
    (number > 0.0).then_some(number)
}

/// A time close to zero gives no rate.
fn finite(rate: f64) -> Option<f64> {
    rate.is_finite().then_some(rate)
}

#[cfg(test)]
mod tests;
