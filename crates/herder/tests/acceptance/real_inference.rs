//! The real thing: llama.cpp's own server with a real model, behind the real router, from `examples/llama.yaml`.
//!
//! `cargo xtask test` installs both and sets the two variables below.

use std::time::Duration;

use crate::support::{CHAT, chat_with, wait_for_state};
use herder_testkit::{Client, Response, Router, children_of, poll_until};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const CONFIG: &str = include_str!("../../../../examples/llama.yaml");

/// Two old cores take a while to load and to think.
const PATIENCE: Duration = Duration::from_secs(120);

/// Swaps in a row between the two ids.
const SWAPS: usize = 10;

async fn start() -> Router {
    for name in ["HERDER_LLAMA_SERVER", "HERDER_LLAMA_MODEL"] {
        assert!(
            std::env::var_os(name).is_some(),
            "{name} is not set: `cargo xtask test` sets it, `cargo xtask llama` prints its value"
        );
    }
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(CONFIG)
        .start()
        .await
}

fn chat_body(model: &str, stream: bool) -> Value {
    json!({
        "model": model, "stream": stream, "max_tokens": 12, "temperature": 0, "seed": 7,
        "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": "The capital of France is" }],
    })
}

async fn complete_chat(client: Client, model: &str) -> Response {
    let answer = client.post_json(CHAT, &chat_body(model, false)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer
}

#[tokio::test]
async fn chat_streaming_chat_and_completion() {
    let router = start().await;
    let whole = complete_chat(router.client(), "gemma").await.json();
    let text = whole["choices"][0]["message"]["content"]
        .as_str()
        .expect("a text");
    assert!(!text.trim().is_empty(), "{whole}");
    assert_eq!(whole["usage"]["completion_tokens"], 12);

    let headers = [("Content-Type", "application/json")];
    let body = chat_body("gemma", true).to_string();
    let mut stream = router.stream(Method::POST, CHAT, &headers, body).await;
    assert_eq!(stream.status, StatusCode::OK);
    let (events, clean) = stream.read_to_end().await;
    assert!(clean && events.trim_end().ends_with("data: [DONE]"), "{events}");
    assert_eq!(streamed_text(&events), text, "streamed and whole answers differ");

    for path in ["/v1/completions", "/completion"] {
        let body = json!({ "model": "gemma", "prompt": "One, two, three,", "max_tokens": 8, "n_predict": 8 });
        let answer = router.post_json(path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let answer = answer.json();
        let text = answer["choices"][0]["text"]
            .as_str()
            .or_else(|| answer["content"].as_str());
        assert!(text.is_some_and(|text| !text.trim().is_empty()), "{answer}");
    }
    unload_everything(&router).await;
}

#[tokio::test]
async fn ten_swaps_between_two_real_models_leave_no_process() {
    let router = start().await;
    for swap in 0..SWAPS {
        let (wanted, other) = if swap % 2 == 0 {
            ("gemma", "gemma-long")
        } else {
            ("gemma-long", "gemma")
        };
        complete_chat(router.client(), wanted).await;
        let running = router.running().await;
        assert_eq!(
            running.get(wanted).map(String::as_str),
            Some("ready"),
            "swap {swap}"
        );
        assert!(!running.contains_key(other), "swap {swap}: both run");
        assert_eq!(llama_servers(&router), 1, "swap {swap}");
    }
    unload_everything(&router).await;
}

#[tokio::test]
async fn a_client_that_leaves_a_real_stream_frees_the_model() {
    let router = start().await;
    complete_chat(router.client(), "gemma").await;
    let mut body = chat_body("gemma", true);
    body["max_tokens"] = json!(900);
    body["ignore_eos"] = json!(true);
    let headers = [("Content-Type", "application/json")];
    let mut stream = router
        .stream(Method::POST, CHAT, &headers, body.to_string())
        .await;
    stream.read_until("data:").await;
    drop(stream);
    // The other model comes only when nobody uses the first.
    complete_chat(router.client(), "gemma-long").await;
    let answer = chat_with(router.client(), "no-such-model", &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    unload_everything(&router).await;
}

/// The contents of all chunks of a chat stream, joined.
fn streamed_text(events: &str) -> String {
    events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str::<Value>(data).expect("every event is JSON"))
        .filter_map(|chunk| {
            chunk["choices"][0]["delta"]["content"]
                .as_str()
                .map(str::to_owned)
        })
        .collect()
}

/// Model servers among the router's children, its own helper processes excepted.
fn llama_servers(router: &Router) -> usize {
    let is_server = |pid: &u32| {
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.contains("llama-server")
    };
    children_of(router.pid())
        .iter()
        .filter(|pid| is_server(pid))
        .count()
}

async fn unload_everything(router: &Router) {
    assert_eq!(router.get("/unload").await.text(), "OK");
    for model in ["gemma", "gemma-long"] {
        wait_for_state(router, model, "stopped").await;
    }
    poll_until(PATIENCE, "no model server is left", async || {
        (llama_servers(router) == 0).then_some(())
    })
    .await;
}
