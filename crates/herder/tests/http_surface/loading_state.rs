//! Rows 91 to 93, and S17 and S33 to S35 of spec/runtime.md: the stream that a client reads while its model loads. The
//! quirks Q23 to Q27 are mended.

use herder_testkit::{Client, PATIENCE, Router, Streaming, poll_until};
use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::events::Events;
use crate::fixture::{CHAT, error};
use crate::monitor::counted;

const OPENING: &str = "━━━━━\nllama-swap loading model: slowpoke\n";

/// `busy` and `slowpoke` exclude each other, `apart` keeps to itself.
const MODELS: &str = r#"
healthCheckTimeout: 30
sendLoadingState: true
models:
  busy: {cmd: "@FAKE@ --name busy --port ${PORT} --event-log @DIR@/events", concurrencyLimit: 2}
  slowpoke: {cmd: "@FAKE@ --name slowpoke --port ${PORT} --load 2s --event-log @DIR@/events", aliases: [snail]}
  single: {cmd: "@FAKE@ --name single --port ${PORT} --load 2s", concurrencyLimit: 1}
  quiet: {cmd: "@FAKE@ --name quiet --port ${PORT} --load 1s", sendLoadingState: false}
  broken: {cmd: "sh -c 'sleep 1; exit 3'", proxy: "http://127.0.0.1:9"}
  apart: {cmd: "@FAKE@ --name apart --port ${PORT}"}
groups:
  shared: {swap: true, exclusive: false, members: [busy, slowpoke, single, quiet, broken]}
  alone: {exclusive: false, members: [apart]}
"#;

async fn router(more: &str) -> Router {
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&format!("{MODELS}{more}"))
        .start()
        .await
}

async fn stream(client: Client, target: &str, body: Value, more: &[(&str, &str)]) -> Streaming {
    let headers: Vec<_> = more
        .iter()
        .copied()
        .chain([("content-type", "application/json")])
        .collect();
    client
        .stream(Method::POST, target, &headers, body.to_string())
        .await
}

async fn chat(router: &Router, model: &str, more: &[(&str, &str)]) -> Streaming {
    let body = json!({ "model": model, "stream": true, "messages": [] });
    stream(router.client(), CHAT, body, more).await
}

/// An event stream as a client takes it apart.
#[derive(Debug, Default)]
struct Seen {
    /// The texts of the loading state, one behind the other.
    said: String,
    /// The data of the other events.
    rest: Vec<String>,
}

impl Seen {
    fn of(text: &str) -> Self {
        let mut seen = Self::default();
        let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
        for event in whole.split("\n\n") {
            let data = event.strip_prefix("data: ").unwrap_or(event);
            let chunk: Value = serde_json::from_str(data).unwrap_or_default();
            match chunk["choices"][0]["delta"]["reasoning_content"].as_str() {
                Some(said) => seen.said.push_str(said),
                None => seen.rest.push(data.to_owned()),
            }
        }
        seen
    }
}

/// Reads until the model has said this.
async fn read_until_said(stream: &mut Streaming, fragment: &str) -> Seen {
    let mut text = String::new();
    timeout(PATIENCE, async {
        loop {
            let data = stream
                .next()
                .await
                .expect("more to come")
                .expect("an open stream");
            text.push_str(std::str::from_utf8(&data).unwrap());
            let seen = Seen::of(&text);
            if seen.said.contains(fragment) {
                return seen;
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{fragment:?} is not said: {text}"))
}

async fn read_to_end(stream: &mut Streaming) -> Seen {
    let (text, complete) = timeout(PATIENCE, stream.read_to_end()).await.expect("an end");
    assert!(complete, "{text}");
    Seen::of(&text)
}

#[tokio::test]
async fn row_091_the_loading_state_and_then_the_stream() {
    let router = router("").await;
    let mut answer = chat(&router, "snail", &[("accept-encoding", "gzip")]).await;
    assert_eq!(answer.status, 200);
    // Q24
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(answer.headers[name], value);
    }
    // The opening is the first piece, long before the model is ready.
    let first = answer.next().await.unwrap().unwrap();
    let first = std::str::from_utf8(&first).unwrap();
    assert!(Seen::of(first).said.starts_with(OPENING), "{first}");
    assert_eq!(router.running().await["slowpoke"], "starting");
    // Q25
    let frame: Value = serde_json::from_str(first.strip_prefix("data: ").unwrap().trim()).unwrap();
    assert_eq!(frame["object"], "chat.completion.chunk");
    assert_eq!(frame["model"], "snail");
    assert_eq!(frame["choices"][0]["index"], 0);
    assert_eq!(frame["choices"][0]["finish_reason"], Value::Null);
    assert!(
        frame["choices"][0]
            .as_object()
            .unwrap()
            .contains_key("finish_reason")
    );

    let seen = read_to_end(&mut answer).await;
    assert!(seen.said.contains("Done! ("), "{seen:?}");
    assert!(seen.said.ends_with("s)\n━━━━━\n \n"), "{seen:?}");
    assert!(seen.rest.len() > 1, "{seen:?}");
    assert_eq!(seen.rest.last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn row_092_no_loading_state() {
    let router = router("").await;
    let streaming = json!({ "model": "slowpoke", "stream": true, "messages": [] });
    let whole = json!({ "model": "slowpoke", "stream": false, "messages": [] });
    let cold = [
        (CHAT, whole),
        ("/v1/completions", streaming.clone()),
        ("/v/chat/completions", streaming.clone()),
        ("/upstream/slowpoke/v1/chat/completions", streaming.clone()),
    ];
    let answers = cold.map(|(target, body)| {
        let client = router.client();
        let answer = tokio::spawn(async move { stream(client, target, body, &[]).await });
        (target, answer)
    });
    for (target, answer) in answers {
        expect_silence(answer.await.unwrap(), target).await;
    }
    expect_silence(chat(&router, "slowpoke", &[]).await, "when ready").await;
    expect_silence(chat(&router, "quiet", &[]).await, "switched off for the model").await;
}

async fn expect_silence(mut answer: Streaming, case: &str) {
    assert_eq!(answer.status, 200, "{case}");
    let (text, complete) = answer.read_to_end().await;
    assert!(complete && !text.is_empty(), "{case}");
    assert!(!text.contains("reasoning_content"), "{case}: {text}");
}

/// A request that keeps `busy` from being stopped until it is dropped.
async fn occupy(router: &Router) -> tokio::task::JoinHandle<Streaming> {
    let client = router.client();
    let before = router.event_log("events").count("request");
    let request = tokio::spawn(async move {
        let headers = [("content-type", "application/json"), ("x-reply", "slow")];
        client
            .stream(Method::POST, CHAT, &headers, r#"{"model": "busy"}"#)
            .await
    });
    let log = router.event_log("events");
    log.wait_for("request", before + 1, PATIENCE).await;
    request
}

#[tokio::test]
async fn row_093_and_s33_a_place_in_the_queue() {
    let router = router("loadingRemarks: false\n").await;
    let busy = occupy(&router).await;
    let mut answer = chat(&router, "slowpoke", &[]).await;
    let seen = read_until_said(&mut answer, "Queue position: #1 ").await;
    assert!(seen.said.starts_with(OPENING), "{seen:?}");
    assert!(!router.running().await.contains_key("slowpoke"));
    busy.abort();
    let seen = read_to_end(&mut answer).await;
    assert!(seen.said.contains("Done! ("), "{seen:?}");
    assert_eq!(seen.rest.last().unwrap(), "[DONE]");
}

/// scheduling.md rule 10: as soon as swaps have been measured, who waits under `fair` hears how long it probably takes, and so
/// does who watches.
#[tokio::test]
async fn rule_10_a_wait_is_estimated_once_swaps_have_been_measured() {
    let router = router("loadingRemarks: false\nrouting: {scheduler: {use: fair}}\n").await;
    for model in ["busy", "slowpoke", "busy"] {
        let seen = read_to_end(&mut chat(&router, model, &[]).await).await;
        assert!(
            !seen.said.contains("Estimated wait"),
            "nothing is known yet: {seen:?}"
        );
    }
    let held = occupy(&router).await;
    let mut events = Events::begun(&router).await;
    let mut answer = chat(&router, "slowpoke", &[]).await;
    let seen = read_until_said(&mut answer, "Queue position: #1 (about ").await;
    assert!(seen.said.contains("\nEstimated wait: "), "{seen:?}");
    let waits = |kind: &str, data: &Value| kind == "inflight" && data["request"]["queue_position"] == 1;
    let told = events.until(waits).await;
    let wait = &told["request"]["estimated_wait_ms"];
    assert!(
        wait.as_u64().is_some_and(|milliseconds| milliseconds > 0),
        "{told}"
    );
    held.abort();
    let seen = read_to_end(&mut answer).await;
    assert_eq!(seen.rest.last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn remarks_can_be_switched_off() {
    for (more, expected) in [("", true), ("loadingRemarks: false\n", false)] {
        let router = router(more).await;
        let seen = read_to_end(&mut chat(&router, "slowpoke", &[]).await).await;
        let (_, behind) = seen.said.split_once(OPENING).unwrap();
        let (before, _) = behind.split_once("\nDone! (").unwrap();
        let dots_only = before.chars().all(|character| character == '.');
        assert_eq!(!dots_only, expected, "{before:?}");
    }
}

#[tokio::test]
async fn the_last_load_is_an_estimate() {
    let router = router("").await;
    let first = read_to_end(&mut chat(&router, "slowpoke", &[]).await).await;
    assert!(!first.said.contains("The last load"), "{first:?}");
    router.post("/api/models/unload/slowpoke", &[], "").await;
    let second = read_to_end(&mut chat(&router, "slowpoke", &[]).await).await;
    let opening = format!("{OPENING}The last load took ");
    let took = second.said.strip_prefix(&opening).expect("an estimate");
    let (seconds, _) = took.split_once("s.\n").expect("seconds");
    assert!(seconds.parse::<f64>().unwrap() >= 2.0, "{second:?}");
}

#[tokio::test]
async fn s17_and_row_094_too_many_requests_are_told_plainly() {
    let router = router("").await;
    let mut first = chat(&router, "single", &[]).await;
    read_until_said(&mut first, "single").await;
    let body = json!({ "model": "single", "stream": true, "messages": [] });
    let second = router.post_json(CHAT, &body).await;
    error(&second, 429, "concurrency_limit");
    assert_eq!(second.header("retry-after"), Some("1"));
    // The client leaves, and its place is free.
    drop(first);
    poll_until(PATIENCE, "the place is free", async || {
        let mut next = chat(&router, "single", &[]).await;
        if next.status == 429 {
            return None;
        }
        Some(read_to_end(&mut next).await)
    })
    .await;
}

#[tokio::test]
async fn s34_and_q23_a_load_that_fails() {
    let router = router("").await;
    let mut answer = chat(&router, "broken", &[]).await;
    assert_eq!(answer.status, 200);
    let seen = read_to_end(&mut answer).await;
    assert!(!seen.said.contains("Done!"), "{seen:?}");
    let [failure, done] = seen.rest.as_slice() else {
        panic!("{seen:?}")
    };
    let failure: Value = serde_json::from_str(failure).unwrap();
    assert_eq!(failure["error"]["code"], "bad_gateway");
    let message = failure["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("upstream command exited prematurely"),
        "{message}"
    );
    assert_eq!(done, "[DONE]");
    // Q27: the record has the real outcome.
    let row = poll_until(PATIENCE, "the request is recorded", async || {
        let rows = router.get("/api/metrics/activity").await.json();
        rows["data"].get(0).cloned()
    })
    .await;
    assert_eq!(
        (&row["model"], &row["resp_status_code"]),
        (&json!("broken"), &json!(502))
    );
    let text = row["error_msg"].as_str().unwrap();
    assert!(text.contains("exited prematurely"), "{row}");
    // So do the counters, although the stream itself began with 200.
    let failed = "herder_requests_total{model=\"broken\",route=\"/v1/chat/completions\",status=\"502\"} 1";
    counted(&router, &[failed]).await;
}

#[tokio::test]
async fn q23_an_error_of_the_model_server() {
    let router = router("").await;
    let mut answer = chat(&router, "slowpoke", &[("x-reply", "e400")]).await;
    let seen = read_to_end(&mut answer).await;
    assert!(seen.said.contains("Done! ("), "{seen:?}");
    let [failure, done] = seen.rest.as_slice() else {
        panic!("{seen:?}")
    };
    let failure: Value = serde_json::from_str(failure).unwrap();
    assert_eq!(failure["error"]["message"], "bad temp");
    assert_eq!(done, "[DONE]");
    let row = poll_until(PATIENCE, "the request is recorded", async || {
        let rows = router.get("/api/metrics/activity").await.json();
        rows["data"].get(0).cloned()
    })
    .await;
    assert_eq!(row["resp_status_code"], 400, "{row}");
    let failed = "herder_requests_total{model=\"slowpoke\",route=\"/v1/chat/completions\",status=\"400\"} 1";
    let text = counted(&router, &[failed]).await;
    assert!(!text.contains("status=\"200\""), "{text}");
}

#[tokio::test]
async fn http_6_3_cancelled_while_loading() {
    let router = router("").await;
    let mut answer = chat(&router, "slowpoke", &[]).await;
    read_until_said(&mut answer, OPENING).await;
    let cancelled = router.post("/api/inflight/1/cancel", &[], "").await;
    assert_eq!(cancelled.status, 200);
    let seen = read_to_end(&mut answer).await;
    let failure: Value = serde_json::from_str(&seen.rest[0]).unwrap();
    assert_eq!(failure["error"]["code"], "cancelled");
    assert_eq!(seen.rest[1], "[DONE]");
}

#[tokio::test]
async fn row_077_unloaded_while_loading() {
    let router = router("").await;
    let mut answer = chat(&router, "slowpoke", &[]).await;
    read_until_said(&mut answer, OPENING).await;
    router.post("/api/models/unload/slowpoke", &[], "").await;
    let seen = read_to_end(&mut answer).await;
    assert!(seen.rest[0].contains("model unloaded"), "{seen:?}");
}

#[tokio::test]
async fn s35_a_client_that_never_reads() {
    let router = router("").await;
    let mut socket = router.connect().await;
    let body = r#"{"model": "slowpoke", "stream": true}"#;
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nHost: herder.test\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    poll_until(PATIENCE, "the load begins", async || {
        router.running().await.get("slowpoke").map(drop)
    })
    .await;
    let began = Instant::now();
    let other = router.post_json(CHAT, &json!({ "model": "apart" })).await;
    assert_eq!(other.status, 200);
    assert!(began.elapsed() < PATIENCE);
    // The one that does not read is served nevertheless.
    poll_until(PATIENCE, "its request arrives", async || {
        let requests = router.event_log("events").of_kind("request");
        (!requests.is_empty()).then_some(())
    })
    .await;
    drop(socket);
}
