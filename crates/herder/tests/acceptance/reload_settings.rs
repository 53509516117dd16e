//! Reloads with the real router: what applies to the next request, what survives, and who is told
//! (spec/config.md 1.4 with decisions.md, "Reload").

use crate::reload::reload;
use crate::support::{CHAT, EVENTS, Herd, chat, chat_later, chat_with, error, events_of, occupied, together};
use herder_testkit::{PATIENCE, Response, Router, poll_until, wait_until};
use http::{Method, StatusCode};
use serde_json::{Value, json};

async fn message(router: &Router, model: &str) -> Response {
    let body = json!({ "model": model, "temperature": 1, "messages": [] });
    router.post_json(CHAT, &body).await
}

/// The body that the model server received.
fn received(answer: &Response) -> Value {
    let echo = answer.json();
    let body = echo["body"].as_str().expect("the echo holds the body");
    serde_json::from_str(body).expect("JSON arrives as JSON")
}

/// The fake upstream has been started once.
#[track_caller]
fn assert_started_once(router: &Router, name: &str) {
    assert_eq!(events_of(router, "spawn", name).len(), 1, "{name}");
}

#[tokio::test]
async fn filters_names_and_limits_apply_to_the_next_request() {
    let router = Herd::new().model("a", "", &["aliases: [old]"]).start().await;
    assert_eq!(received(&message(&router, "a").await)["temperature"], 1);
    let changed = Herd::new()
        .model(
            "a",
            "",
            &[
                "aliases: [new]",
                "useModelName: inner",
                "filters: {stripParams: temperature, setParams: {top_p: 0.5}}",
                "concurrencyLimit: 1",
            ],
        )
        .tail("profiles: {night: {pins: {x: a}}}")
        .tail("selectors: {pool: {strategy: pin, targets: [a]}}");
    let report = reload(&router, &changed).await;
    assert_eq!(report["changed"], json!(["a"]));
    let body = received(&message(&router, "new").await);
    assert_eq!(body["temperature"], Value::Null);
    assert_eq!((&body["model"], &body["top_p"]), (&json!("inner"), &json!(0.5)));
    assert_eq!(message(&router, "pool").await.status, StatusCode::OK);
    assert_eq!(message(&router, "old").await.status, StatusCode::NOT_FOUND);
    let name = json!({ "name": "night" }).to_string();
    router
        .request(Method::PUT, "/api/profiles/active", &[], name)
        .await;
    assert_eq!(message(&router, "x").await.status, StatusCode::OK);

    let served = occupied(&router, "a", &[("X-Reply", "slow")]).await;
    assert_eq!(message(&router, "a").await.status, StatusCode::TOO_MANY_REQUESTS);
    reload(&router, &Herd::new().model("a", "", &["concurrencyLimit: 2"])).await;
    assert_eq!(message(&router, "a").await.status, StatusCode::OK);
    served.abort();
    assert_started_once(&router, "a");
}

#[tokio::test]
async fn keys_apply_to_the_next_request() {
    let herd = |keys: &str| {
        Herd::new()
            .head(&format!("apiKeys: [{keys}]"))
            .model("a", "", &[])
    };
    let router = herd("").start().await;
    assert_eq!(router.get("/running").await.status, StatusCode::OK);
    reload(&router, &herd("first")).await;
    assert_eq!(router.get("/running").await.status, StatusCode::UNAUTHORIZED);
    router.write_config(&herd("second").yaml());
    let path = "/api/config/reload";
    assert_eq!(router.post(path, &[], "").await.status, StatusCode::UNAUTHORIZED);
    let with = async |key: &str, path: &str| {
        let bearer = format!("Bearer {key}");
        router.post(path, &[("Authorization", &bearer)], "").await.status
    };
    assert_eq!(with("first", path).await, StatusCode::OK);
    assert_eq!(with("first", path).await, StatusCode::UNAUTHORIZED);
    assert_eq!(with("second", path).await, StatusCode::OK);
    assert_eq!(router.get(path).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn priorities_and_rules_apply_to_what_comes() {
    let herd = |high: &str| {
        Herd::new()
            .head("logLevel: debug")
            .head(&format!(
                "routing: {{scheduler: {{settings: {{fifo: {{priority: {{{high}: 9}}}}}}}}}}"
            ))
            .model("a", "", &[])
            .model("b", "", &[])
            .model("c", "", &[])
    };
    let router = herd("b").start().await;
    chat(router.client(), "a").await;
    reload(&router, &herd("c")).await;
    let first = occupied(&router, "a", &[("X-Reply", "slow")]).await;
    let mut waiting = Vec::new();
    for model in ["b", "c"] {
        waiting.push(chat_later(router.client(), model, &[]));
        let line = format!("[DEBUG] {model} waits at position");
        wait_until(PATIENCE, &line, || router.stdout().contains(&line)).await;
    }
    first.abort();
    for request in waiting {
        assert_eq!(request.await.unwrap().status, StatusCode::OK);
    }
    let order: Vec<String> = router
        .event_log(EVENTS)
        .of_kind("spawn")
        .into_iter()
        .map(|event| event.name)
        .collect();
    assert_eq!(order, ["a", "c", "b"]);
    // From now on they may run together.
    let together = herd("c").tail("groups: {g: {swap: false, members: [a, b, c]}}");
    reload(&router, &together).await;
    for model in ["a", "c", "b"] {
        assert_eq!(chat(router.client(), model).await.status, StatusCode::OK);
    }
    assert_eq!(router.running().await.len(), 3);
}

/// Ids follow the order in which models appeared; the matrix speaks of names.
#[tokio::test]
async fn a_matrix_holds_for_models_that_came_later() {
    let matrix =
        |sets: &str| format!("routing: {{router: {{use: matrix, settings: {{matrix: {{sets: {sets}}}}}}}}}");
    let router = Herd::new()
        .model("m", "", &[])
        .model("z", "", &[])
        .tail(&matrix("{one: m & z}"))
        .start()
        .await;
    for model in ["m", "z"] {
        chat(router.client(), model).await;
    }
    let report = reload(
        &router,
        &Herd::new()
            .model("a", "", &[])
            .model("m", "", &[])
            .model("z", "", &[])
            .tail(&matrix("{two: a & z, one: m & z}")),
    )
    .await;
    assert_eq!(report["added"], json!(["a"]));
    assert_eq!(router.running().await.len(), 2);
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    let running = router.running().await;
    assert_eq!(running.keys().collect::<Vec<_>>(), ["a", "z"]);
    let line = "a matrix set=two expression=\"a & z\" evict=[m] target=[a z]";
    let log = router.get("/logs").await.text();
    assert!(log.contains(line), "{log}");
}

#[tokio::test]
async fn connections_change_without_the_process() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let host = async || {
        let answer = chat_with(router.client(), "a", &[("Host", "example.test")]).await;
        answer.json()["host"].as_str().expect("a host").to_owned()
    };
    assert!(host().await.starts_with("localhost:"));
    let before = occupied(&router, "a", &[("X-Reply", "wait"), ("X-Wait", "3s")]).await;
    let changed = [
        "compat: {preserveHost: true}",
        "timeouts: {responseHeader: 1}",
        "ttl: 300",
    ];
    reload(&router, &Herd::new().model("a", "", &changed)).await;
    assert_eq!(host().await, "example.test");
    let late = chat_with(router.client(), "a", &[("X-Reply", "wait"), ("X-Wait", "60s")]).await;
    assert_eq!(late.status, StatusCode::BAD_GATEWAY);
    // It began when there was no limit.
    assert_eq!(before.await.unwrap().status, StatusCode::OK);
    assert_eq!(router.get("/running").await.json()["running"][0]["ttl"], 300);
    assert_started_once(&router, "a");
}

#[tokio::test]
async fn what_was_seen_is_still_there() {
    let herd = || {
        Herd::new()
            .head("captureBuffer: 4")
            .model("a", "--print once", &[])
    };
    let router = herd().start().await;
    chat_with(router.client(), "a", &[("X-Reply", "usage")]).await;
    let rows = async || router.get("/api/metrics/activity").await.json();
    let before = poll_until(PATIENCE, "the row", async || {
        let rows = rows().await;
        rows["data"]
            .as_array()
            .is_some_and(|data| data.len() == 1)
            .then_some(rows)
    })
    .await;
    let id = &before["data"][0]["id"];
    let capture = async || router.get(&format!("/api/captures/{id}")).await;
    assert_eq!(capture().await.status, StatusCode::OK);
    let with_more = || herd().model("b", "", &[]);
    reload(&router, &with_more()).await;
    assert_eq!(rows().await["data"], before["data"]);
    assert_eq!(capture().await.status, StatusCode::OK);
    assert!(router.get("/logs").await.text().contains("listening on"));
    let mut log = router.stream(Method::GET, "/logs/stream/a", &[], "").await;
    log.read_until("once\n").await;
    let metrics = router.get("/metrics").await.text();
    let answered = "herder_requests_total{model=\"a\",route=\"/v1/chat/completions\",status=\"200\"} 1";
    assert!(metrics.contains(answered), "{metrics}");

    // Another store: the rows of the other are elsewhere, and these are there when it comes back.
    let file = "store: {path: '@DIR@/activity.db'}";
    reload(&router, &with_more().tail(file)).await;
    assert_eq!(rows().await["data"], json!([]));
    chat_with(router.client(), "a", &[("X-Reply", "usage")]).await;
    poll_until(PATIENCE, "the row", async || {
        (rows().await["data"].as_array().map(Vec::len) == Some(1)).then_some(())
    })
    .await;
    router.write_config(&with_more().tail("store: {path: '@DIR@'}").yaml());
    let answer = router.post("/api/config/reload", &[], "").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(error(&answer).0.contains("is a directory"), "{}", answer.text());
    assert_eq!(rows().await["data"].as_array().map(Vec::len), Some(1));
    assert_started_once(&router, "a");
}

#[tokio::test]
async fn an_added_model_is_a_model_like_others() {
    let router = Herd::new().model("m", "", &[]).start().await;
    chat(router.client(), "m").await;
    let more = Herd::new()
        .model("a", "--print hello", &["aliases: [ay]"])
        .model("m", "", &[])
        .tail(&together("a, m"));
    reload(&router, &more).await;
    assert_eq!(chat(router.client(), "ay").await.status, StatusCode::OK);
    let running = router.get("/running").await.json();
    let names: Vec<&Value> = running["running"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|running| &running["model"])
        .collect();
    assert_eq!(names, ["a", "m"]);
    let mut log = router.stream(Method::GET, "/logs/stream/a", &[], "").await;
    log.read_until("hello\n").await;
    let metrics = router.get("/metrics").await.text();
    for model in ["a", "m"] {
        let state = format!("herder_model_state{{model=\"{model}\",state=\"ready\"}} 1");
        assert!(metrics.contains(&state), "{metrics}");
    }
    let listed = router.get("/v1/models").await.json();
    let loaded = listed["data"].as_array().expect("a list");
    assert!(
        loaded.iter().all(|model| model["status"]["value"] == "loaded"),
        "{listed}"
    );
    let unloaded = router.post("/api/models/unload/ay", &[], "").await;
    assert_eq!(unloaded.status, StatusCode::OK);
    assert_eq!(router.running().await.keys().collect::<Vec<_>>(), ["m"]);
}

#[tokio::test]
async fn c4_what_a_reload_cannot_apply_is_said() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let herd = Herd::new()
        .head("logToStdout: both")
        .head("logLevel: debug")
        .head("unknownKey: 1")
        .model("a", "", &[]);
    let report = reload(&router, &herd).await;
    let warnings = report["warnings"].as_array().expect("a list");
    let contain = |fragment: &str| {
        warnings
            .iter()
            .filter_map(Value::as_str)
            .any(|text| text.contains(fragment))
    };
    assert_eq!(warnings.len(), 2, "{report}");
    assert!(contain("config.yaml:4:1: E-KEY"), "{report}");
    assert!(contain("logToStdout"), "{report}");
    let log = router.get("/logs").await.text();
    for line in ["[WARN] logToStdout", "E-KEY: ", "[INFO] configuration reloaded"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    // The level applies at once.
    chat(router.client(), "a").await;
    let log = router.get("/logs").await.text();
    assert!(log.contains("[DEBUG] a stopped -> starting"), "{log}");
}

#[tokio::test]
async fn event_streams_go_on_and_tell() {
    let router = Herd::new().model("m", "", &[]).start().await;
    let mut events = router.stream(Method::GET, "/api/events", &[], "").await;
    events.read_until("\"inflight\"").await;
    let more = Herd::new()
        .head("ui: {activity: {session_id: [X-Mine]}}")
        .model("a", "", &[])
        .model("m", "", &[]);
    reload(&router, &more).await;
    let text = events.read_until("uiConfig").await;
    let (before, after) = text.split_once("uiConfig").expect("it was read until this");
    let mut after = after.to_owned();
    while !after.contains("modelStatus") {
        after.push_str(&events.read_until("\n\n").await);
    }
    assert!(!before.contains("modelStatus"), "{before}");
    assert!(after.contains("X-Mine"), "{after}");
    let list = after.split("modelStatus").nth(1).expect("it is there");
    assert!(
        list.contains(r#"\"id\":\"a\""#) && list.contains(r#"\"id\":\"m\""#),
        "{list}"
    );
    // The new model's changes are told on the same stream.
    chat(router.client(), "a").await;
    events
        .read_until(r#"\"id\":\"a\",\"name\":\"\",\"description\":\"\",\"state\":\"ready\""#)
        .await;
}
