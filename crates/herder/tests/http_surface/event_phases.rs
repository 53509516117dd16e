//! Where open requests are, as the event stream tells it: fields of herder's own in `inflight`.

use herder_testkit::{PATIENCE, Router};
use http::Method;
use serde_json::{Value, json};

use crate::events::Events;
use crate::fixture::{CHAT, echo, with_peers};

/// All of them exclude each other.
const MODELS: &str = r#"
healthCheckTimeout: 30
models:
  busy: {cmd: "@FAKE@ --name busy --port ${PORT} --event-log @DIR@/events"}
  plain: {cmd: "@FAKE@ --name plain --port ${PORT} --load 2s"}
  talks: {cmd: "@FAKE@ --name talks --port ${PORT} --load 2s", sendLoadingState: true}
"#;

/// A request that is answered late enough to be seen before its answer.
const LATE: [(&str, &str); 2] = [("x-reply", "wait"), ("x-wait", "1s")];

async fn router(more: &str) -> Router {
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&format!("{MODELS}{more}"))
        .start()
        .await
}

/// Keeps `busy` busy until the handle is aborted.
async fn occupy(router: &Router) -> tokio::task::JoinHandle<()> {
    let client = router.client();
    let request = tokio::spawn(async move {
        let headers = [("content-type", "application/json"), ("x-reply", "slow")];
        client
            .stream(Method::POST, CHAT, &headers, r#"{"model": "busy"}"#)
            .await;
    });
    router.event_log("events").wait_for("request", 1, PATIENCE).await;
    request
}

/// What happens to requests that come from now on: the list of those that are open is told already.
async fn watch(router: &Router) -> Events {
    let mut events = Events::open_at(router, "/api/events?logs=none").await;
    let list = events.until(|kind, _| kind == "inflight").await;
    assert_eq!(list["operation"], "snapshot");
    events
}

/// The open request to this model, as often as it is told of, until it ends.
async fn seen(events: &mut Events, model: &str) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    loop {
        let event = events.until(|kind, _| kind == "inflight").await;
        let id = seen.first().map(|request| &request["id"]);
        if event["request"]["model"] == model {
            seen.push(event["request"].clone());
        } else if event["operation"] == "remove" && id.is_some_and(|id| *id == event["id"]) {
            return seen;
        }
    }
}

/// Its phases in order, each once.
fn phases(seen: &[Value]) -> Vec<&str> {
    let mut phases: Vec<&str> = seen
        .iter()
        .map(|request| request["phase"].as_str().unwrap())
        .collect();
    phases.dedup();
    phases
}

/// The times of the last state, which must be in order; while they are not known they are absent.
#[track_caller]
fn times(seen: &[Value]) -> (u64, u64) {
    for request in seen {
        let phase = request["phase"].as_str().unwrap();
        let is_granted = ["waiting", "streaming"].contains(&phase);
        assert_eq!(request.get("granted_ms").is_some(), is_granted, "{request}");
        assert_eq!(
            request.get("first_byte_ms").is_some(),
            phase == "streaming",
            "{request}"
        );
    }
    let last = seen.last().unwrap();
    let time = |field: &str| last[field].as_u64().unwrap();
    let (granted, first_byte) = (time("granted_ms"), time("first_byte_ms"));
    assert!(
        granted <= first_byte && first_byte <= time("elapsed_ms"),
        "{last}"
    );
    (granted, first_byte)
}

#[tokio::test]
async fn http_1_16_a_request_goes_from_phase_to_phase() {
    for more in ["", "routing: {scheduler: {use: fair}}\n"] {
        let router = router(more).await;
        let busy = occupy(&router).await;
        let mut events = watch(&router).await;
        let body = json!({ "model": "plain" });
        let request = router.post_json_with(CHAT, &LATE, &body);
        let watch = async {
            let first = events
                .until(|_, data| data["request"]["queue_position"] == 1)
                .await;
            busy.abort();
            let mut all = vec![first["request"].clone()];
            all.extend(seen(&mut events, "plain").await);
            all
        };
        let (answer, seen) = tokio::join!(request, watch);
        echo(&answer);
        assert_eq!(
            phases(&seen),
            ["queued", "loading", "waiting", "streaming"],
            "{more}"
        );
        let (granted, first_byte) = times(&seen);
        assert!(granted >= 2000, "the load is part of it: {granted}");
        assert!(first_byte >= granted + 1000, "{granted} {first_byte}");
        for request in &seen {
            let has_position = request.get("queue_position").is_some();
            assert_eq!(has_position, request["phase"] == "queued", "{request}");
        }

        // The model is there: no queue, no load.
        let (answer, seen) = tokio::join!(
            router.post_json_with(CHAT, &LATE, &body),
            self::seen(&mut events, "plain")
        );
        echo(&answer);
        assert!(phases(&seen).ends_with(&["waiting", "streaming"]), "{seen:?}");
        assert!(!phases(&seen).contains(&"loading"), "{seen:?}");
        times(&seen);
    }
}

/// The words of a loading state are not the model's.
#[tokio::test]
async fn http_4_3_a_loading_state_is_no_answer_of_the_model() {
    let router = router("").await;
    let mut events = watch(&router).await;
    let body = json!({ "model": "talks", "stream": true, "messages": [] });
    let (answer, seen) = tokio::join!(router.post_json(CHAT, &body), seen(&mut events, "talks"));
    assert_eq!(answer.status, 200);
    assert_eq!(phases(&seen).last(), Some(&"streaming"));
    let told = |request: &&Value| request["resp_bytes"].as_u64().unwrap() > 0;
    let talking = seen.iter().find(told).expect("it is told what it waits for");
    assert_eq!(talking["phase"], "loading", "{talking}");
    let (granted, _) = times(&seen);
    assert!(granted >= 2000, "{granted}");
}

#[tokio::test]
async fn http_1_16_a_peer_has_its_requests_at_once() {
    let with_peers = with_peers("").await;
    let router = &with_peers.router;
    let mut events = watch(router).await;
    let body = json!({ "model": "attic/nova-70b" });
    let (answer, seen) = tokio::join!(
        router.post_json_with(CHAT, &LATE, &body),
        seen(&mut events, "attic/nova-70b")
    );
    echo(&answer);
    assert_eq!(phases(&seen), ["waiting", "streaming"]);
    let (granted, first_byte) = times(&seen);
    assert!(granted == 0 && first_byte >= 1000, "{granted} {first_byte}");
}
