//! One finished request, as it is stored and as it is listed.

use herder_wire::usage::Usage;
use serde::Serialize;
use serde_json::Value;

/// A request that has ended and is to be stored (spec/http-api.md 5.1).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// When it ended, in seconds since 1970.
    pub created: i64,
    /// The local model's id, or the name that the client used.
    pub model: String,
    /// The path that the model server saw, without its query.
    pub path: String,
    /// `Content-Type` of the answer.
    pub content_type: String,
    /// Status of the answer; 499 when the client left before there was one.
    pub status: u16,
    /// Why it failed; empty when it did not.
    pub error: String,
    /// A JSON object as text; empty for none.
    pub metadata: String,
    /// What the answer said. `None`: nothing.
    pub usage: Option<Usage>,
    /// Milliseconds from arrival to the end, waiting and loading included.
    pub milliseconds: u64,
    /// Milliseconds until the local model got it. `None`: it never did, or a peer served it.
    pub queued: Option<u64>,
    /// Milliseconds from arrival until the body of the answer began. `None`: it never did.
    pub first_byte: Option<u64>,
}

/// A stored request, as the API lists it (spec/http-api.md 5.3).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ActivityEntry"))]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When it ended, in the server's time zone.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub timestamp: String,
    /// The local model's id, or the name that the client used.
    pub model: String,
    /// The path that the model server saw, without its query.
    pub req_path: String,
    /// `Content-Type` of the answer.
    pub resp_content_type: String,
    /// Status of the answer; 499 when the client left before there was one.
    pub resp_status_code: i64,
    /// Why it failed; absent when it did not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error_msg: String,
    /// What the answer said.
    pub tokens: Tokens,
    /// Milliseconds from arrival to the end, waiting and loading included.
    pub duration_ms: i64,
    /// Milliseconds until its model got it, waiting and loading included. Absent when it never did, when a peer served it,
    /// and when nobody measured it. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<i64>,
    /// Milliseconds from arrival until the body of the answer began: with a stream, until its first token. Absent when it
    /// never did, and when nobody measured it. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<i64>,
    /// Whether request and answer can be looked at.
    pub has_capture: bool,
    /// More about it: the selector that chose the model, the priority in the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, Value>"))]
    pub metadata: Option<Value>,
}

/// Counts and rates; −1 is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tokens {
    /// Tokens of the prompt that were in a cache.
    pub cache_tokens: i64,
    /// Tokens drafted by speculative decoding.
    pub draft_tokens: i64,
    /// Drafted tokens that were accepted.
    pub draft_acc_tokens: i64,
    /// Tokens of the prompt; 0 when unknown.
    pub input_tokens: i64,
    /// Tokens generated; 0 when unknown.
    pub output_tokens: i64,
    /// Tokens of the prompt per second.
    pub prompt_per_second: f64,
    /// Generated tokens per second.
    pub tokens_per_second: f64,
}

impl From<Option<Usage>> for Tokens {
    fn from(usage: Option<Usage>) -> Self {
        // Quirk Q31 mended: what an answer does not say is unknown, whether or not it says anything else.
        let usage = usage.unwrap_or_default();
        let count = |count: Option<u64>| count.map_or(-1, saturating);
        Self {
            cache_tokens: count(usage.cached),
            draft_tokens: count(usage.drafted),
            draft_acc_tokens: count(usage.draft_accepted),
            input_tokens: saturating(usage.input),
            output_tokens: saturating(usage.output),
            prompt_per_second: usage.prompt_per_second.unwrap_or(-1.0),
            tokens_per_second: usage.output_per_second.unwrap_or(-1.0),
        }
    }
}

/// SQLite's integers end at `i64`.
pub(super) fn saturating(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
