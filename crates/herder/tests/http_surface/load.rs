//! `POST /api/models/load/{model}`, and what an unload does to a load, with real processes.

use herder_testkit::{PATIENCE, Response, Router, Streaming, poll_until};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::fixture::{CHAT, builder, chat, error, router};

/// `oak`, `elm` and `slow` exclude each other; `slow` never becomes ready.
const TREES: &str = r#"
models:
  oak: {cmd: "@FAKE@ --name oak --port ${PORT} --event-log @DIR@/events", concurrencyLimit: 1}
  elm: {cmd: "@FAKE@ --name elm --port ${PORT} --event-log @DIR@/events"}
  slow: {cmd: "@FAKE@ --name slow --port ${PORT} --load 3600s --event-log @DIR@/events"}
"#;

async fn trees() -> Router {
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(TREES)
        .start()
        .await
}

async fn load(router: &Router, model: &str) -> Response {
    router.post(&format!("/api/models/load/{model}"), &[], "").await
}

/// In a task of its own; aborting it is a client that leaves.
fn load_later(router: &Router, model: &str) -> JoinHandle<Response> {
    let (client, target) = (router.client(), format!("/api/models/load/{model}"));
    // With a body that nobody asked for, too long to come in one piece.
    let body = " ".repeat(60_000);
    tokio::spawn(async move { client.post(&target, &[], body).await })
}

async fn unload(router: &Router, model: &str) {
    let answer = router.post(&format!("/api/models/unload/{model}"), &[], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn details(router: &Router, model: &str) -> Value {
    let answer = router.get(&format!("/api/models?model={model}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["models"][0].clone()
}

async fn wait_for(router: &Router, model: &str, what: &str, is: impl Fn(&Value) -> bool) {
    poll_until(PATIENCE, what, async || {
        is(&details(router, model).await).then_some(())
    })
    .await;
}

/// A request that the model serves until this is dropped.
async fn held(router: &Router, model: &str) -> Streaming {
    let headers = [
        ("content-type", "application/json"),
        ("x-reply", "sse"),
        ("x-chunks", "2"),
        ("x-gap", "3600s"),
    ];
    let body = json!({ "model": model }).to_string();
    let mut held = router.stream(Method::POST, CHAT, &headers, body).await;
    held.read_until("word0").await;
    held
}

#[tokio::test]
async fn load_makes_a_model_ready_and_asks_it_nothing() {
    let router = router().await;
    for (name, id) in [
        ("chatty", "orca-7b"),
        ("chatty", "orca-7b"),
        ("vega/coder-32b", "vega/coder-32b"),
        ("vega%2Fcoder-32b", "vega/coder-32b"),
    ] {
        let answer = load(&router, name).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let loaded = answer.json();
        assert_eq!(
            (&loaded["model"], &loaded["state"]),
            (&json!(id), &json!("ready"))
        );
        assert!(loaded["seconds"].as_f64().unwrap() >= 0.0, "{loaded}");
        assert_eq!(router.running().await[id], "ready");
    }
    let swaps = router.get("/api/swaps").await.json();
    let loads: Vec<_> = swaps["swaps"].as_array().unwrap().iter().collect();
    assert_eq!(loads.len(), 2, "{swaps}");
    for (swap, model) in loads.into_iter().zip(["vega/coder-32b", "orca-7b"]) {
        assert_eq!(
            (&swap["model"], &swap["cause"]),
            (&json!(model), &json!("operator"))
        );
    }
    assert!(router.event_log("events").of_kind("request").is_empty());
    let costs = &details(&router, "vega/coder-32b").await["costs"];
    assert_eq!(
        (&costs["load"]["count"], &costs["service"]["count"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test]
async fn load_wants_the_name_of_a_model() {
    let router = router().await;
    for (name, status, code, fragment) in [
        ("orca-7", 404, "not_found", "did you mean \"orca-7b\"?"),
        ("", 404, "not_found", "no model has the name"),
        ("pool", 400, "bad_request", "is a selector"),
        ("attic/nova-70b", 400, "bad_request", "of the peer \"attic\""),
        ("nightly", 400, "bad_request", "is a profile"),
    ] {
        let message = error(&load(&router, name).await, status, code);
        assert!(message.contains(fragment), "{name}: {message}");
    }
}

#[tokio::test]
async fn load_fails_as_a_request_does() {
    let router = router().await;
    let requested = error(&chat(&router, "broken").await, 502, "bad_gateway");
    for _ in 0..2 {
        assert_eq!(
            error(&load(&router, "broken").await, 502, "bad_gateway"),
            requested
        );
    }
    let refused = load(&router, "broken").await;
    let message = error(&refused, 503, "start_failed");
    assert!(message.contains("3 starts in a row have failed"), "{message}");
    assert!(refused.header("retry-after").is_some());

    let trees = trees().await;
    let _held = held(&trees, "oak").await;
    error(&load(&trees, "oak").await, 429, "concurrency_limit");
}

#[tokio::test]
async fn load_of_somebody_who_leaves_is_given_up() {
    let router = trees().await;
    let held = held(&router, "oak").await;
    let load = load_later(&router, "elm");
    wait_for(&router, "elm", "it waits", |elm| elm["queued"] == 1).await;
    load.abort();
    wait_for(&router, "elm", "its place is given back", |elm| {
        elm["queued"] == 0
    })
    .await;
    drop(held);
    wait_for(&router, "oak", "it is free", |oak| oak["in_flight"] == 0).await;
    assert_eq!(router.running().await.into_keys().collect::<Vec<_>>(), ["oak"]);
}

/// W09, S24: no failure is counted, however often.
#[tokio::test]
async fn unload_ends_a_load_that_is_starting() {
    let router = trees().await;
    for round in 1..=4 {
        let load = load_later(&router, "slow");
        wait_for(&router, "slow", "it starts", |slow| {
            slow["state"] == "starting" && slow["pid"].is_u64()
        })
        .await;
        unload(&router, "slow").await;
        let message = error(&load.await.unwrap(), 500, "internal_error");
        assert_eq!(message, "unspecific error: group: model unloaded");
        let slow = details(&router, "slow").await;
        assert_eq!(
            (&slow["state"], &slow["queued"]),
            (&json!("stopped"), &json!(0)),
            "{round}"
        );
        assert_eq!(
            (&slow["last_failure"], &slow["pid"]),
            (&Value::Null, &Value::Null),
            "{round}"
        );
    }
    let last = &router.get("/api/swaps?limit=1").await.json()["swaps"][0];
    assert_eq!(
        (&last["outcome"], &last["reason"]),
        (&json!("abandoned"), &json!("it was unloaded"))
    );
    let plan = router.get("/api/plan?model=slow").await.json();
    assert_eq!(plan["outcome"], "load", "{plan}");
}

/// W12: it does not come up afterwards, and nobody else notices.
#[tokio::test]
async fn unload_ends_a_load_that_is_queued() {
    let router = trees().await;
    let held = held(&router, "oak").await;
    let load = load_later(&router, "elm");
    wait_for(&router, "elm", "it waits", |elm| elm["queued"] == 1).await;
    unload(&router, "elm").await;
    let message = error(&load.await.unwrap(), 500, "internal_error");
    assert_eq!(message, "unspecific error: group: model unloaded");
    let elm = details(&router, "elm").await;
    assert_eq!(
        (&elm["state"], &elm["queued"], &elm["since"], &elm["last_failure"]),
        (&json!("stopped"), &json!(0), &Value::Null, &Value::Null)
    );
    assert_eq!(details(&router, "oak").await["in_flight"], 1);
    drop(held);
    wait_for(&router, "oak", "it is free", |oak| oak["in_flight"] == 0).await;
    assert_eq!(chat(&router, "oak").await.status, 200);
    assert_eq!(
        router.event_log("events").count("spawn"),
        1,
        "only oak was ever started"
    );
}

#[tokio::test]
async fn load_waits_for_its_turn_like_a_request() {
    let router = builder("routing: {scheduler: {use: fair}}\n").start().await;
    let held = held(&router, "scribe").await;
    let load = load_later(&router, "lynx-7b");
    wait_for(&router, "lynx-7b", "it waits", |lynx| lynx["queued"] == 1).await;
    drop(held);
    assert_eq!(load.await.unwrap().json()["model"], "lynx-7b");
    assert_eq!(
        router.running().await.into_keys().collect::<Vec<_>>(),
        ["lynx-7b"]
    );
}
