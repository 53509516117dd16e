//! `herder demo-model`: a stand-in for a model server, so that herder can be tried without one.
//!
//! It answers the usual inference routes with canned text at a reading pace, with OpenAI-style usage and
//! llama.cpp-style timings. Every answer says that it comes from a demo: in the model name, in the text and in
//! `system_fingerprint`. What is said lives in `text`, its wire forms in `answers`; this file serves them.

mod answers;
mod text;

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{StatusCode, header};
use http_body::Frame;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::flags::{Flag, FlagError, FlagKind, Word, next_word, usage};
use answers::Answer;

/// Largest request body: a demo prompt is text, and one with a few pictures still fits.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Flags of `herder demo-model`, in the order of the usage text.
const FLAGS: &[Flag] = &[
    Flag {
        name: "port",
        kind: FlagKind::Value("number"),
        help: "port on 127.0.0.1 to listen on (required)",
    },
    Flag {
        name: "name",
        kind: FlagKind::Value("text"),
        help: "name of the made-up model",
    },
    Flag {
        name: "load",
        kind: FlagKind::Value("time"),
        help: "made-up load time such as 2s or 750ms; until it is over /health answers 503",
    },
];

/// What `herder demo-model` is told on its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoModelArguments {
    /// Port on 127.0.0.1 to listen on.
    pub port: u16,
    /// Name of the made-up model.
    pub name: String,
    /// Until it is over, `/health` answers 503.
    pub load: Duration,
}

/// Why the words behind `herder demo-model` cannot be understood. The program prints it with [`usage_text`] on
/// standard error and exits 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DemoModelUsageError {
    /// A flag is unknown or lacks its value.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// A value is no port, no text or no time.
    #[error("invalid value {value:?} for flag -{flag}")]
    Value {
        /// The flag.
        flag: &'static str,
        /// What it was given.
        value: String,
    },
    /// There is no default port: two demo models must not meet.
    #[error("flag -port is required")]
    NoPort,
    /// The command takes flags only.
    #[error("unexpected argument {0:?}")]
    Plain(String),
}

impl DemoModelArguments {
    /// Reads the words behind `herder demo-model`. `None` means that the usage was asked for.
    ///
    /// # Errors
    /// [`DemoModelUsageError`]
    pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, DemoModelUsageError> {
        let mut words = words.into_iter();
        let (mut port, mut name, mut load) = (None, "demo".to_owned(), Duration::ZERO);
        while let Some(word) = next_word(&mut words, FLAGS)? {
            match word {
                Word::Value("port", value) => {
                    port = Some(parse_value("port", &value, |text| text.parse().ok())?);
                }
                Word::Value("load", value) => load = parse_value("load", &value, parse_load_time)?,
                Word::Value(_, value) => name = parse_value("name", &value, |text| Some(text.to_owned()))?,
                Word::Help => return Ok(None),
                Word::Plain(word) => {
                    return Err(DemoModelUsageError::Plain(word.to_string_lossy().into_owned()));
                }
                Word::Switch(..) => {}
            }
        }
        let port = port.ok_or(DemoModelUsageError::NoPort)?;
        Ok(Some(Self { port, name, load }))
    }
}

/// The usage text, for standard error.
#[must_use]
pub fn usage_text() -> String {
    format!("Usage of herder demo-model (not a real model):\n{}", usage(FLAGS))
}

/// Serves the demo model until it is told to end (SIGTERM, SIGINT, Ctrl-C); open streams are cut.
///
/// # Errors
/// When the port cannot be listened on or the signal handlers cannot be installed.
pub async fn run(arguments: DemoModelArguments) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    let mut output = std::io::stdout();
    writeln!(
        output,
        "herder demo model '{}' (not a real model) on http://{address}",
        arguments.name
    )?;
    let model = DemoModel {
        name: arguments.name,
        ready_at: Instant::now() + arguments.load,
    };
    tokio::select! {
        served = axum::serve(listener, router(model)) => served.context("the demo model stopped serving"),
        ended = end_signal() => ended.context("cannot install the signal handlers"),
    }
}

struct DemoModel {
    name: String,
    ready_at: Instant,
}

type Shared = State<Arc<DemoModel>>;

fn router(model: DemoModel) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/completions", post(text_completion))
        .route("/completion", post(native_completion))
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/embeddings", post(embeddings))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "the demo model has no such route"))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::new(model))
}

async fn health(State(model): Shared) -> Response {
    match model.check_loaded() {
        Ok(()) => Json(json!({"status": "ok"})).into_response(),
        Err(loading) => *loading,
    }
}

async fn models(State(model): Shared) -> Json<Value> {
    Json(
        json!({"object": "list", "data": [{"id": model.name, "object": "model", "owned_by": "herder-demo"}]}),
    )
}

async fn chat(State(model): Shared, body: Bytes) -> Response {
    let (answer, request) = match model.answer(&body) {
        Ok(answered) => answered,
        Err(refused) => return *refused,
    };
    if wants_stream(&request) {
        let include_usage = request["stream_options"]["include_usage"]
            .as_bool()
            .unwrap_or(false);
        return stream(answer.chat_events(include_usage));
    }
    whole(&answer, answer.chat()).await
}

async fn text_completion(State(model): Shared, body: Bytes) -> Response {
    match model.answer(&body) {
        Ok((answer, request)) if wants_stream(&request) => stream(answer.text_completion_events()),
        Ok((answer, _)) => whole(&answer, answer.text_completion()).await,
        Err(refused) => *refused,
    }
}

async fn native_completion(State(model): Shared, body: Bytes) -> Response {
    match model.answer(&body) {
        Ok((answer, request)) if wants_stream(&request) => stream(answer.native_completion_events()),
        Ok((answer, _)) => whole(&answer, answer.native_completion()).await,
        Err(refused) => *refused,
    }
}

async fn messages(State(model): Shared, body: Bytes) -> Response {
    match model.answer(&body) {
        Ok((answer, request)) if wants_stream(&request) => stream(answer.message_events()),
        Ok((answer, _)) => whole(&answer, answer.message()).await,
        Err(refused) => *refused,
    }
}

async fn count_tokens(State(model): Shared, body: Bytes) -> Response {
    match model.read(&body) {
        Ok(request) => Json(answers::token_count(&request)).into_response(),
        Err(refused) => *refused,
    }
}

async fn embeddings(State(model): Shared, body: Bytes) -> Response {
    match model.read(&body) {
        Ok(request) => Json(answers::embeddings(&model.name, &request)).into_response(),
        Err(refused) => *refused,
    }
}

impl DemoModel {
    /// The 503 of a model that is still loading, in the form llama.cpp's server uses.
    fn check_loaded(&self) -> Result<(), Box<Response>> {
        if Instant::now() < self.ready_at {
            return Err(Box::new(refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "Loading model",
            )));
        }
        Ok(())
    }

    fn read(&self, body: &[u8]) -> Result<Value, Box<Response>> {
        self.check_loaded()?;
        match serde_json::from_slice::<Value>(body) {
            Ok(request) if request.is_object() => Ok(request),
            Ok(_) => Err(Box::new(refusal(
                StatusCode::BAD_REQUEST,
                "the body must be a JSON object",
            ))),
            Err(error) => Err(Box::new(refusal(StatusCode::BAD_REQUEST, &error.to_string()))),
        }
    }

    fn answer(&self, body: &[u8]) -> Result<(Answer, Value), Box<Response>> {
        let request = self.read(body)?;
        Ok((Answer::new(&self.name, &request), request))
    }
}

fn wants_stream(request: &Value) -> bool {
    request["stream"].as_bool().unwrap_or(false)
}

/// A complete answer, after the time that generating it would have taken.
async fn whole(answer: &Answer, body: Value) -> Response {
    tokio::time::sleep(answer.generation_time()).await;
    Json(body).into_response()
}

fn stream(events: Vec<Bytes>) -> Response {
    let mut pace = tokio::time::interval(answers::TOKEN_TIME);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let body = Body::new(PacedBody {
        events: events.into_iter(),
        pace,
    });
    (
        [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        body,
    )
        .into_response()
}

fn refusal(status: StatusCode, message: &str) -> Response {
    let kind = if status.is_server_error() {
        "unavailable_error"
    } else {
        "invalid_request_error"
    };
    let error = json!({"message": message, "type": kind, "code": status.as_u16()});
    (status, Json(json!({"error": error}))).into_response()
}

/// Events sent one at a time, at the pace of a small model.
struct PacedBody {
    events: std::vec::IntoIter<Bytes>,
    pace: Interval,
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if this.events.len() == 0 {
            return Poll::Ready(None);
        }
        ready!(this.pace.poll_tick(context));
        Poll::Ready(this.events.next().map(|event| Ok(Frame::data(event))))
    }
}

#[cfg(unix)]
async fn end_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn end_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn parse_value<T>(
    flag: &'static str,
    value: &OsStr,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, DemoModelUsageError> {
    value.to_str().and_then(read).ok_or_else(|| {
        let value = value.to_string_lossy().into_owned();
        DemoModelUsageError::Value { flag, value }
    })
}

/// Reads `2s`, `750ms`, `1.5s`.
fn parse_load_time(text: &str) -> Option<Duration> {
    let duration: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    /// Serves a demo model on a free port and answers with the whole raw response to one request.
    async fn exchange(load: Duration, method: &str, path: &str, body: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let model = DemoModel {
            name: "small".into(),
            ready_at: Instant::now() + load,
        };
        let server = tokio::spawn(async move { axum::serve(listener, router(model)).await });
        let mut connection = TcpStream::connect(address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).await.unwrap();
        server.abort();
        response
    }

    #[test]
    fn command_lines() {
        let arguments = |port, name: &str, load| {
            let load = Duration::from_millis(load);
            Ok(Some(DemoModelArguments {
                port,
                name: name.to_owned(),
                load,
            }))
        };
        let bad = |flag, value: &str| {
            Err(DemoModelUsageError::Value {
                flag,
                value: value.to_owned(),
            })
        };
        let cases = [
            ("-port 5 --name x -load=2s", arguments(5, "x", 2000)),
            ("--port=5 --load 750ms", arguments(5, "demo", 750)),
            ("-port 5 -load 1.5s", arguments(5, "demo", 1500)),
            ("-port 5 -load -1s", bad("load", "-1s")),
            ("-port 5 -load soon", bad("load", "soon")),
            ("-port 70000", bad("port", "70000")),
            ("", Err(DemoModelUsageError::NoPort)),
            ("-port 5 more", Err(DemoModelUsageError::Plain("more".to_owned()))),
            ("-h", Ok(None)),
        ];
        for (line, expected) in cases {
            let words = line.split_whitespace().map(OsString::from);
            assert_eq!(DemoModelArguments::parse(words), expected, "{line}");
        }
    }

    #[tokio::test]
    async fn health_tells_loading_from_ready() {
        let loading = exchange(Duration::from_secs(3600), "GET", "/health", "").await;
        assert!(loading.starts_with("HTTP/1.1 503"), "{loading}");
        let ready = exchange(Duration::ZERO, "GET", "/health", "").await;
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    }

    #[tokio::test]
    async fn every_inference_route_answers_and_is_labelled() {
        let request =
            r#"{"model":"x","max_tokens":4,"prompt":"a b","messages":[{"role":"user","content":"hi"}]}"#;
        for path in [
            "/v1/chat/completions",
            "/v1/completions",
            "/completion",
            "/v1/messages",
        ] {
            let response = exchange(Duration::ZERO, "POST", path, request).await;
            assert!(response.starts_with("HTTP/1.1 200"), "{path}: {response}");
            assert!(response.contains("herder demo model"), "{path}: {response}");
        }
    }

    #[tokio::test]
    async fn tokens_are_counted_without_an_answer() {
        let request = r#"{"system":"be kind","messages":[{"role":"user","content":"one two three"}]}"#;
        let response = exchange(Duration::ZERO, "POST", "/v1/messages/count_tokens", request).await;
        assert!(response.ends_with("\r\n\r\n{\"input_tokens\":5}"), "{response}");
    }

    #[tokio::test]
    async fn a_stream_ends_with_done() {
        let request = r#"{"stream":true,"max_tokens":3,"messages":[{"role":"user","content":"hi"}]}"#;
        let response = exchange(Duration::ZERO, "POST", "/v1/chat/completions", request).await;
        assert!(response.contains("content-type: text/event-stream"), "{response}");
        assert!(response.contains("data: [DONE]"), "{response}");
    }

    #[tokio::test]
    async fn broken_requests_are_refused() {
        for (path, body, status) in [
            ("/v1/chat/completions", "{", "400"),
            ("/v1/embeddings", "[]", "400"),
            ("/v1/messages/count_tokens", "[]", "400"),
            ("/nothing", "{}", "404"),
        ] {
            let response = exchange(Duration::ZERO, "POST", path, body).await;
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status}")),
                "{path}: {response}"
            );
        }
    }
}
