//! herder's own error answers: one type, the forms a client can ask for, and the words for every cause.
//!
//! Statuses, types, codes and messages are a protocol surface (spec/http-api.md 0.3 and 0.4 with decisions.md);
//! dashboards search for the messages. The body names `llama-swap` as its source so that clients which look there
//! keep working.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use herder_core::{Failure, Refusal, StartFailure};
use herder_wire::accept::ErrorForm;
use serde::Serialize;

use crate::driver::{Failed, FullQueue, Refused};
use crate::go_duration::GoDuration;

/// The place that a refused request would have had among those who wait for its model, counted from 1.
const X_HERDER_QUEUE_POSITION: HeaderName = HeaderName::from_static("x-herder-queue-position");

/// Seconds that it would probably have waited; omitted when that is not known.
const X_HERDER_ESTIMATED_WAIT: HeaderName = HeaderName::from_static("x-herder-estimated-wait");

/// An error that herder itself answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    message: String,
    code: Option<&'static str>,
    retry_after: Option<Duration>,
    /// In a queue that had no room; then `retry_after` is the estimated wait.
    queue_position: Option<u32>,
    allow: Option<String>,
    plain: Plain,
}

/// What becomes of an error when the client prefers text or HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// `llama-swap: <message>`, or a small HTML page.
    Negotiated,
    /// The JSON envelope nevertheless (the limiter, spec/http-api.md 6.1).
    Envelope,
    /// This text, as the reference's router sends it (spec/http-api.md 0.2).
    Text(&'static str),
}

/// An error of herder's own (spec/http-api.md 0.3). Errors of model servers are passed on as they are.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Error"))]
pub(crate) struct Envelope<'a> {
    /// Always `llama-swap`, which is what clients look for.
    src: &'static str,
    /// What has happened.
    error: Description<'a>,
}

/// What has happened, in the words of the OpenAI API.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ErrorDescription"))]
struct Description<'a> {
    /// For people.
    message: &'a str,
    /// Whose fault it is.
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(extend("enum" = ["invalid_request_error", "authentication_error", "rate_limit_error", "server_error"])))]
    kind: &'static str,
    /// Always `null`.
    param: Option<&'static str>,
    /// For programs, such as `not_found` or `queue_full`.
    code: &'static str,
}

/// What is known about the last start of a model that failed. The driver keeps it for as long as requests may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStart {
    /// The model's id.
    pub model: String,
    /// How the start failed.
    pub reason: StartFailure,
    /// What the system said: why the command could not be run, or the exit status (`exit status 1`). May be empty.
    pub detail: String,
    /// The last lines that the process printed, secrets masked. May be empty.
    pub log_tail: String,
    /// How long the model had to become ready.
    pub timeout: Duration,
}

impl ApiError {
    /// An error with the default code of its status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            code: None,
            retry_after: None,
            queue_position: None,
            allow: None,
            plain: Plain::Negotiated,
        }
    }

    /// Replaces the default code.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Says when a retry makes sense; rounded up to whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text for the client.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// No route has this path. JSON unless the client prefers text (decisions.md, Q1).
    #[must_use]
    pub fn unknown_route() -> Self {
        let mut error = Self::new(StatusCode::NOT_FOUND, "404 page not found");
        error.plain = Plain::Text("404 page not found\n");
        error
    }

    /// The path exists, but not for this method; `allow` is the sorted list for the header.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        let mut error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        error.allow = Some(allow);
        error.plain = Plain::Text("Method Not Allowed\n");
        error
    }

    /// No key, or a wrong one.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized: invalid or missing API key",
        )
    }

    /// The request names no model.
    #[must_use]
    pub fn no_model() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no model id could be identified")
    }

    /// The request names a model that nobody serves.
    #[must_use]
    pub fn no_router() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no router for requested model")
    }

    /// No target of this selector can take the request.
    #[must_use]
    pub fn no_spillover_target(selector: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("selector \"{selector}\" has no available spillover targets"),
        )
    }

    /// A path names a model that does not exist (`/upstream`, unload).
    #[must_use]
    pub fn model_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "model not found")
    }

    /// What is asked for can only be had of a local model, and this name is a peer's.
    #[must_use]
    pub fn no_local_server() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no local server found for requested model")
    }

    /// The request body is longer than `maxBodyBytes`.
    #[must_use]
    pub fn body_too_large(limit: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("request body is larger than {limit} bytes (maxBodyBytes)"),
        )
        .code("request_too_large")
    }

    /// The client's body could not be read to its end.
    #[must_use]
    pub fn unreadable_body() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "could not read request body")
    }

    /// Somebody cancelled the request through the API before it was answered (decisions.md, Q36).
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "request was cancelled").code("cancelled")
    }

    /// The model has as many requests as it may have.
    #[must_use]
    pub fn concurrency_limit() -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
            .code("concurrency_limit")
            .retry_after(Duration::from_secs(1));
        error.plain = Plain::Envelope;
        error
    }

    /// The core did not admit the request. `router` is `group` or `matrix`.
    #[must_use]
    pub fn from_refused(refused: &Refused, router: &str) -> Self {
        match refused.refusal {
            Refusal::UnknownModel => Self::no_local_server(),
            Refusal::ConcurrencyLimit => Self::concurrency_limit(),
            Refusal::QueueFull => match refused.queue {
                Some(queue) => Self::queue_full(queue),
                None => Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unspecific error: too many requests are waiting",
                )
                .code("queue_full")
                .retry_after(Duration::from_secs(1)),
            },
            Refusal::FailFast { failures, retry_at } => {
                Self::fail_fast(failures, retry_at.since(refused.now), refused.last.as_ref())
            }
            Refusal::ShuttingDown => Self::shutting_down(router),
        }
    }

    /// The core admitted the request, but it will not be served. `router` is `group` or `matrix`.
    #[must_use]
    pub fn from_failed(failed: &Failed, router: &str) -> Self {
        let last = failed.last.as_ref();
        match failed.failure {
            Failure::UnknownModel | Failure::Removed => Self::no_local_server(),
            Failure::Start {
                generation: _,
                reason,
            } => {
                let status = match reason {
                    StartFailure::Spawn | StartFailure::Exited => StatusCode::BAD_GATEWAY,
                    StartFailure::TimedOut => StatusCode::GATEWAY_TIMEOUT,
                };
                Self::new(
                    status,
                    format!("unspecific error: {}", failure_text(reason, last)),
                )
            }
            Failure::FailFast { failures, retry_at } => {
                Self::fail_fast(failures, retry_at.since(failed.now), last)
            }
            Failure::Unloaded => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("unspecific error: {router}: model unloaded"),
            ),
            Failure::ConcurrencyLimit => Self::concurrency_limit(),
            Failure::ShuttingDown => Self::shutting_down(router),
        }
    }

    /// Turns the error into an answer of the form that the client asked for.
    #[must_use]
    pub fn respond(self, form: ErrorForm) -> Response<Body> {
        let (content_type, body) = match (form, self.plain) {
            (ErrorForm::Json, _) | (_, Plain::Envelope) => ("application/json", self.envelope()),
            (ErrorForm::Text | ErrorForm::Html, Plain::Text(text)) => {
                ("text/plain; charset=utf-8", text.to_owned())
            }
            (ErrorForm::Text, Plain::Negotiated) => ("text/plain", format!("llama-swap: {}", self.message)),
            (ErrorForm::Html, Plain::Negotiated) => {
                let message = escape_html(&self.message);
                (
                    "text/html",
                    format!("<html><body><h1>llama-swap</h1><p>{message}</p></body></html>"),
                )
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if matches!(self.plain, Plain::Text(_)) {
            headers.insert(
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            );
        }
        if let Some(pause) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(pause)));
        }
        if let Some(position) = self.queue_position {
            headers.insert(X_HERDER_QUEUE_POSITION, HeaderValue::from(position));
            if let Some(wait) = self.retry_after {
                headers.insert(X_HERDER_ESTIMATED_WAIT, HeaderValue::from(whole_seconds(wait)));
            }
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // The Basic challenge is what lets a browser open a route by itself: the user types the key as password.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"llama-swap\""),
            );
        }
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::try_from(allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        response
    }

    /// The envelope of spec/http-api.md 0.3.
    pub(crate) fn envelope(&self) -> String {
        let (kind, default_code) = classify(self.status);
        let envelope = Envelope {
            src: "llama-swap",
            error: Description {
                message: &self.message,
                kind,
                param: None,
                code: self.code.unwrap_or(default_code),
            },
        };
        serde_json::to_string(&envelope).expect("texts become JSON")
    }

    /// As many requests as may wait for the model do so. `Retry-After` is when one that had come now would have had its
    /// turn, never a constant (W14).
    fn queue_full(queue: FullQueue) -> Self {
        let message = format!(
            "Too many requests: {} are waiting for this model",
            queue.position.saturating_sub(1)
        );
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, message).code("queue_full");
        error.retry_after = queue.wait;
        error.queue_position = Some(queue.position);
        error.plain = Plain::Envelope;
        error
    }

    fn shutting_down(router: &str) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("unspecific error: {router} is shutting down"),
        )
    }

    fn fail_fast(failures: u32, pause: Duration, last: Option<&FailedStart>) -> Self {
        let cause = last
            .map(|last| format!(". The last one: {}", failure_text(last.reason, Some(last))))
            .unwrap_or_default();
        let message = format!(
            "unspecific error: {failures} starts in a row have failed; the next attempt is allowed in {} s, or at \
             once after an unload{cause}",
            whole_seconds(pause)
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
            .code("start_failed")
            .retry_after(pause)
    }
}

/// Rounded up, and at least one: the unit of `Retry-After`.
fn whole_seconds(pause: Duration) -> u64 {
    (pause.as_secs() + u64::from(pause.subsec_nanos() > 0)).max(1)
}

/// The words for a failed start: the reference's text first, then what helps to mend it.
fn failure_text(reason: StartFailure, last: Option<&FailedStart>) -> String {
    // The report of another start may have replaced the one that is meant; then only the kind is certain.
    let last = last.filter(|last| last.reason == reason);
    let detail = last.map_or("", |last| &last.detail);
    let mut text = start_failure_words(reason, detail, last.map(|last| last.timeout));
    let Some(last) = last else { return text };
    text.push_str(&format!(" (model {}", last.model));
    if reason != StartFailure::Spawn && !last.detail.is_empty() {
        text.push_str(&format!(", {}", last.detail));
    }
    text.push(')');
    if !last.log_tail.trim().is_empty() {
        text.push_str(&format!("; last output:\n{}", last.log_tail.trim_end()));
    }
    text
}

/// The reference's words for a failed start. `detail` is what the system said, `timeout` how long the model had.
pub(crate) fn start_failure_words(reason: StartFailure, detail: &str, timeout: Option<Duration>) -> String {
    match (reason, timeout) {
        (StartFailure::Spawn, _) if !detail.is_empty() => detail.to_owned(),
        (StartFailure::Spawn, _) => "failed to start command".to_owned(),
        (StartFailure::Exited, _) => "upstream command exited prematurely".to_owned(),
        (StartFailure::TimedOut, Some(timeout)) => {
            format!("health check timed out after {}", GoDuration(timeout))
        }
        (StartFailure::TimedOut, None) => "health check timed out".to_owned(),
    }
}

/// Type and default code of a status (spec/http-api.md 0.3).
fn classify(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("invalid_request_error", "bad_request"),
        401 => ("authentication_error", "unauthorized"),
        403 => ("authentication_error", "forbidden"),
        404 => ("invalid_request_error", "not_found"),
        409 => ("invalid_request_error", "conflict"),
        429 => ("rate_limit_error", "rate_limit_exceeded"),
        402..=499 => ("invalid_request_error", "invalid_request"),
        502 => ("server_error", "bad_gateway"),
        503 => ("server_error", "service_unavailable"),
        504 => ("server_error", "gateway_timeout"),
        _ => ("server_error", "internal_error"),
    }
}

/// Makes text safe inside an HTML element.
fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
