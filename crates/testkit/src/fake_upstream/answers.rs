//! What the fake upstream answers (spec/http-api.md 7.0).
//!
//! `GET /health` says whether it is loaded, `GET /env` shows its environment as a JSON object. A streaming chat
//! request gets a small chat stream. Everything else gets an echo: `{"method","target","host","headers","body"}`,
//! header names in lower case, without `host`. The request header `X-Reply` (or the query parameter `x-reply`)
//! asks for something else; parameters of the answer come the same way:
//!
//! | `X-Reply` | Answer | Parameters |
//! |---|---|---|
//! | `usage` | JSON with usage 21/6 | |
//! | `sse` | chat chunks, the last with usage, then `[DONE]` | `X-Chunks` (3), `X-Gap` (`200ms`) |
//! | `sse-abort` | as `sse`, but the connection breaks after the chunks | same |
//! | `chunked` | plain text chunks `chunk 0\n`, … without a length | same |
//! | `exit-mid-stream` | as `chunked`, but the process exits after the chunks | same |
//! | `exit` | the process exits before any header | |
//! | `gzip-bad` | says gzip and is not | |
//! | `e400`, `e404`, `e500` | that status, JSON error `bad temp`, `not here`, `broken inside` | |
//! | `e502` | that status, HTML | |
//! | `slow` | nothing, until the client leaves | |
//! | `wait` | the echo, late | `X-Wait` (`1s`) |
//! | `flood` | writes to its standard streams, then JSON | `X-Flood` (bytes) |
//! | `given` | 200 with this body | `X-Body` (text) or `X-Body-Hex` (bytes), `X-Type` (`application/json`), `X-Encoding`, `X-Cookie`, `X-Status` |
//! | `ws` | 101, then an echo of bytes | |
//!
//! With the parameter `X-Print` (a text without blanks in a query) a line is written to standard output first.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Server;
use super::body::{EXIT_REPLY, Scripted, Step, Unfinished};
use super::options::{Health, Print, duration};

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// Answers one request.
pub(super) async fn answer(server: Arc<Server>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let path = request.uri().path();
    if path.ends_with("/health") {
        server.options.log("health", "");
        return Ok(health(&server).await);
    }
    let target = request
        .uri()
        .path_and_query()
        .map_or(path, |target| target.as_str());
    let what = format!("{} {target}", request.method());
    server.options.log("request", &what);
    // Armed while the answer is prepared: hyper drops this future when the client leaves.
    let mut unfinished = Unfinished::new(Arc::clone(&server), what);

    if path == "/env" {
        unfinished.finished();
        return Ok(environment());
    }
    let parameters = Parameters::of(&request);
    if let Some(text) = parameters.text("x-print") {
        Print::Output(text).write();
    }
    let reply = parameters.text("x-reply").unwrap_or_default();
    let answer = match reply.as_str() {
        "ws" => upgrade(Arc::clone(&server), request),
        "slow" => std::future::pending().await,
        "exit" => std::process::exit(EXIT_REPLY),
        "sse" | "sse-abort" | "chunked" | "exit-mid-stream" => {
            return Ok(scripted(&reply, &parameters, unfinished));
        }
        _ => {
            let echo = Echo::of(request).await;
            if reply == "wait" {
                tokio::time::sleep(parameters.duration("x-wait", Duration::from_secs(1))).await;
            }
            if reply.is_empty() && echo.wants_chat_stream() {
                return Ok(scripted("sse", &parameters, unfinished));
            }
            canned(&server, &reply, &parameters, &echo).await
        }
    };
    unfinished.finished();
    Ok(answer)
}

async fn health(server: &Server) -> Answer {
    if !server.loaded.load(Ordering::Acquire) {
        return json_answer(503, &json!({"error": {"message": "Loading model", "code": 503}}));
    }
    match server.options.health {
        Health::Status(status) => {
            let mut answer = if status == 200 {
                json_answer(200, &json!({"status": "ok"}))
            } else {
                plain(status, "", "text/plain")
            };
            if (300..400).contains(&status) {
                answer
                    .headers_mut()
                    .insert("location", HeaderValue::from_static("/elsewhere"));
            }
            answer
        }
        Health::Hang => std::future::pending().await,
    }
}

/// Answers that are complete when they begin.
async fn canned(server: &Arc<Server>, reply: &str, parameters: &Parameters, echo: &Echo) -> Answer {
    match reply {
        "usage" => json_answer(
            200,
            &json!({
                "id": "fake-1", "object": "chat.completion",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
                "usage": {"prompt_tokens": 21, "completion_tokens": 6, "total_tokens": 27}
            }),
        ),
        "gzip-bad" => {
            let mut answer = plain(200, "this is not gzip", "application/json");
            answer
                .headers_mut()
                .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            answer
        }
        "given" => given(parameters),
        "e400" => json_answer(400, &json!({"error": {"message": "bad temp"}})),
        "e404" => json_answer(404, &json!({"error": {"message": "not here"}})),
        "e500" => json_answer(500, &json!({"error": {"message": "broken inside"}})),
        "e502" => plain(502, "<html><title>502 Bad Gateway</title></html>", "text/html"),
        "flood" => {
            let bytes = parameters
                .text("x-flood")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            let server = Arc::clone(server);
            match tokio::task::spawn_blocking(move || server.flood(bytes)).await {
                Ok(took) => json_answer(200, &json!({"flooded": bytes, "milliseconds": took.as_millis()})),
                Err(error) => plain(500, &error.to_string(), "text/plain"),
            }
        }
        "" | "wait" => json_answer(200, &echo.to_json()),
        unknown => plain(400, &format!("unknown X-Reply {unknown:?}"), "text/plain"),
    }
}

/// The answer that the request describes.
fn given(parameters: &Parameters) -> Answer {
    let bytes = match parameters.text("x-body-hex") {
        Some(hex) => (0..hex.len() / 2)
            .filter_map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok())
            .collect(),
        None => parameters.text("x-body").unwrap_or_default().into_bytes(),
    };
    let body = Full::new(Bytes::from(bytes)).map_err(|never: Infallible| match never {});
    let mut answer = Response::new(body.boxed());
    let status = parameters.text("x-status").and_then(|text| text.parse().ok());
    *answer.status_mut() = status.unwrap_or(StatusCode::OK);
    let content_type = parameters.text("x-type");
    let headers = [
        (
            CONTENT_TYPE,
            content_type.or_else(|| Some("application/json".to_owned())),
        ),
        (CONTENT_ENCODING, parameters.text("x-encoding")),
        (http::header::SET_COOKIE, parameters.text("x-cookie")),
    ];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// Answers that arrive in pieces.
fn scripted(reply: &str, parameters: &Parameters, unfinished: Unfinished) -> Answer {
    let chunks = parameters
        .text("x-chunks")
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let gap = parameters.duration("x-gap", Duration::from_millis(200));
    let is_sse = matches!(reply, "sse" | "sse-abort");
    let mut steps = Vec::new();
    for number in 0..chunks {
        if number > 0 {
            steps.push(Step::Pause(gap));
        }
        let piece = if is_sse {
            event(&chat_chunk(
                &json!({"content": format!("word{number} ")}),
                &Value::Null,
            ))
        } else {
            format!("chunk {number}\n")
        };
        steps.push(Step::Send(piece.into()));
    }
    match reply {
        "sse" => {
            let mut last = chat_chunk(&json!({}), &json!("stop"));
            last["usage"] =
                json!({"prompt_tokens": 11, "completion_tokens": chunks, "total_tokens": 11 + chunks});
            steps.push(Step::Send(event(&last).into()));
            steps.push(Step::Send("data: [DONE]\n\n".into()));
        }
        "sse-abort" => steps.extend([Step::Pause(gap), Step::Abort]),
        "exit-mid-stream" => steps.push(Step::Exit),
        _ => {}
    }
    let content_type = if is_sse { "text/event-stream" } else { "text/plain" };
    let mut answer = Response::new(Scripted::play(steps, unfinished).boxed());
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

fn chat_chunk(delta: &Value, finish_reason: &Value) -> Value {
    json!({
        "id": "fake-1", "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    })
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// Switches to whatever protocol was asked for and sends every byte back.
fn upgrade(server: Arc<Server>, mut request: Request<Incoming>) -> Answer {
    let Some(protocol) = request.headers().get(UPGRADE).cloned() else {
        return plain(426, "no Upgrade header", "text/plain");
    };
    let upgrading = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrading.await else {
            return;
        };
        server.options.log("upgraded", "");
        let mut stream = TokioIo::new(upgraded);
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            if stream.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
        server.options.log("upgrade-closed", "");
    });
    let mut answer = plain(101, "", "text/plain");
    answer.headers_mut().remove(CONTENT_TYPE);
    answer
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.headers_mut().insert(UPGRADE, protocol);
    answer
}

fn environment() -> Answer {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    json_answer(200, &json!(variables))
}

/// Everything that arrived.
struct Echo {
    method: String,
    target: String,
    path: String,
    host: Option<String>,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Echo {
    async fn of(request: Request<Incoming>) -> Self {
        let (head, body) = request.into_parts();
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers
                .entry(name.to_string())
                .and_modify(|values| {
                    values.push_str(", ");
                    values.push_str(&value);
                })
                .or_insert_with(|| value.to_string());
        }
        // A body that breaks off is echoed as empty.
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        Self {
            method: head.method.to_string(),
            target: head
                .uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            path: head.uri.path().to_owned(),
            host: headers.remove(HOST.as_str()),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn wants_chat_stream(&self) -> bool {
        self.path.ends_with("/chat/completions")
            && serde_json::from_str::<Value>(&self.body).is_ok_and(|body| body["stream"] == true)
    }

    fn to_json(&self) -> Value {
        json!({
            "method": self.method, "target": self.target, "host": self.host,
            "headers": self.headers, "body": self.body,
        })
    }
}

/// The headers and query parameters that steer an answer.
struct Parameters {
    headers: http::HeaderMap,
    query: String,
}

impl Parameters {
    fn of(request: &Request<Incoming>) -> Self {
        let query = request.uri().query().unwrap_or_default().to_owned();
        Self {
            headers: request.headers().clone(),
            query,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let header = self.headers.get(name).and_then(|value| value.to_str().ok());
        let in_query = || {
            self.query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        };
        header.or_else(in_query).map(ToOwned::to_owned)
    }

    fn duration(&self, name: &str, default: Duration) -> Duration {
        self.text(name)
            .and_then(|text| duration(&text).ok())
            .unwrap_or(default)
    }
}

fn json_answer(status: u16, value: &Value) -> Answer {
    plain(status, &value.to_string(), "application/json")
}

fn plain(status: u16, text: &str, content_type: &'static str) -> Answer {
    let body = Full::new(Bytes::copy_from_slice(text.as_bytes())).map_err(|never: Infallible| match never {});
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
