//! Rows 66 and 116 to 118: the event stream (spec/http-api.md 1.16), and what it does to those who do not read it.

use herder_testkit::{PATIENCE, Router, Signal, Streaming, poll_until, wait_until};
use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::fixture::{CHAT, chat, echo, router};
use crate::upstream::upgrade;

/// Log readers that herder serves at once (`SUBSCRIBERS` of the supervisor's log rings); each event stream is one.
const MOST_STREAMS: usize = 128;

/// An open event stream.
pub(crate) struct Events {
    stream: Streaming,
    /// What has been received of frames that are not complete.
    pending: Vec<u8>,
}

/// A decoded event: its type, and the JSON in its `data`.
pub(crate) type Event = (String, Value);

impl Events {
    pub(crate) async fn open(router: &Router) -> Self {
        Self::open_at(router, "/api/events").await
    }

    /// Opens the stream with a query.
    pub(crate) async fn open_at(router: &Router, target: &str) -> Self {
        let stream = router.stream(Method::GET, target, &[], "").await;
        assert_eq!(stream.status, 200, "{target}");
        Self {
            stream,
            pending: Vec::new(),
        }
    }

    /// Opens a stream and reads the six events that it begins with.
    pub(crate) async fn begun(router: &Router) -> Self {
        let mut events = Self::open(router).await;
        events.first().await;
        events
    }

    async fn first(&mut self) -> Vec<Event> {
        let mut first = Vec::new();
        while first.len() < 6 {
            first.push(self.next().await);
        }
        first
    }

    /// The next event; comments are passed over.
    pub(crate) async fn next(&mut self) -> Event {
        let event = timeout(PATIENCE, self.try_next()).await;
        event.expect("an event").expect("the stream goes on")
    }

    /// As [`Self::next`]. `None` at the proper end.
    async fn try_next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.pending.windows(2).position(|bytes| bytes == b"\n\n") {
                let frame: Vec<u8> = self.pending.drain(..end + 2).collect();
                let frame = String::from_utf8(frame).unwrap();
                if frame.starts_with(':') {
                    continue;
                }
                let envelope = frame.strip_prefix("event:message\ndata:").unwrap();
                let envelope: Value = serde_json::from_str(envelope).unwrap();
                let data = serde_json::from_str(envelope["data"].as_str().unwrap()).unwrap();
                return Some((envelope["type"].as_str().unwrap().to_owned(), data));
            }
            self.pending.extend(self.stream.next().await?.unwrap());
        }
    }

    /// Reads on until an event fits.
    pub(crate) async fn until(&mut self, fits: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            let (kind, data) = self.next().await;
            if fits(&kind, &data) {
                return data;
            }
        }
    }
}

/// The state of a model in a `modelStatus`.
fn state<'a>(list: &'a Value, id: &str) -> &'a str {
    let entry = list.as_array().unwrap().iter().find(|entry| entry["id"] == id);
    entry.unwrap()["state"].as_str().unwrap()
}

#[tokio::test]
async fn row_116_the_first_events() {
    let router = router().await;
    let first = Events::open(&router).await.first().await;
    let kinds: Vec<&str> = first.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "logData",
            "logData",
            "modelStatus",
            "uiConfig",
            "profileChanged",
            "inflight"
        ]
    );
    let data: Vec<&Value> = first.iter().map(|(_, data)| data).collect();
    assert_eq!(data[0]["source"], "proxy");
    assert!(data[0]["data"].as_str().unwrap().contains("listening on"));
    assert_eq!(*data[1], json!({"source": "upstream", "data": ""}));
    let list = data[2].as_array().unwrap();
    let ids: Vec<&str> = list.iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "broken",
            "comfyui_auto",
            "lynx-7b",
            "orca-7b",
            "scribe",
            "slowpoke",
            "vega/coder-32b",
            "attic/nova-70b",
            "attic/shared-x",
            "attic/org/moon",
            "cellar/shared-x",
        ]
    );
    let entry = |id: &str| list.iter().find(|entry| entry["id"] == id).unwrap().clone();
    assert_eq!(
        entry("orca-7b"),
        json!({
            "id": "orca-7b", "name": "Orca", "description": "", "state": "stopped", "unlisted": false, "peerID": "",
            "aliases": ["chatty", "orca-think"],
        })
    );
    assert_eq!(
        entry("vega/coder-32b"),
        json!({
            "id": "vega/coder-32b", "name": "", "description": "", "state": "stopped", "unlisted": false, "peerID": "",
            "capabilities": {"vision": true, "function_calling": true}, "context_length": 65536,
        })
    );
    assert_eq!(entry("scribe")["unlisted"], true);
    assert_eq!(
        entry("attic/nova-70b"),
        json!({
            "id": "attic/nova-70b", "name": "", "description": "", "state": "", "unlisted": false, "peerID": "attic",
        })
    );
    assert_eq!(
        *data[3],
        json!({"activity": {"session_id": ["X-Session-ID", "X-Litellm-Session-Id"]}})
    );
    assert_eq!(*data[4], json!({"active": null}));
    assert_eq!(*data[5], json!({"operation": "snapshot"}));
}

#[tokio::test]
async fn row_117_a_request_from_its_arrival_to_its_record() {
    let router = router().await;
    let mut events = Events::begun(&router).await;
    echo(&chat(&router, "chatty").await);
    let (mut states, mut operations, mut stored) = (Vec::new(), Vec::new(), None);
    while stored.is_none()
        || operations
            .last()
            .is_none_or(|event: &Value| event["operation"] != "remove")
    {
        match events.next().await {
            (kind, data) if kind == "modelStatus" => states.push(state(&data, "orca-7b").to_owned()),
            (kind, data) if kind == "inflight" => operations.push(data),
            (kind, data) if kind == "activity" => stored = Some(data),
            _ => {}
        }
    }
    assert_eq!(states, ["starting", "ready"]);
    let rows = router.get("/api/metrics/activity").await.json();
    assert_eq!(stored.unwrap(), json!({ "id": rows["data"][0]["id"] }));
    let [arrived, .., ended] = operations.as_slice() else {
        panic!("too few: {operations:?}")
    };
    let id = &arrived["request"]["id"];
    assert_eq!(*ended, json!({"operation": "remove", "id": id}));
    assert_eq!(arrived["operation"], "upsert");
    assert_eq!(arrived["request"]["resp_headers"], json!({}));
    let shown = &arrived["request"];
    for (field, expected) in [
        ("id", json!("1")),
        ("model", json!("orca-7b")),
        ("req_path", json!(CHAT)),
        ("method", json!("POST")),
        ("remote_ip", json!("127.0.0.1")),
        ("resp_bytes", json!(0)),
    ] {
        assert_eq!(shown[field], expected, "{field}");
    }
    assert_eq!(shown["req_headers"]["Content-Type"], "application/json");
    assert!(shown["req_headers"].get("Host").is_none(), "{shown}");
    let answered = operations
        .iter()
        .find(|event| event["request"]["resp_headers"]["Content-Type"] == "application/json");
    assert_eq!(answered.unwrap()["operation"], "upsert");
}

/// Paths as received, but stripped below `/upstream`; secrets hidden; other paths not tracked.
#[tokio::test]
async fn http_1_16_what_is_tracked_and_under_which_path() {
    let router = router().await;
    let mut events = Events::begun(&router).await;
    let body = json!({"model": "orca-7b"});
    for (target, expected) in [
        ("/v/chat/completions", Some("/v/chat/completions")),
        (
            "/upstream/orca-7b/v1/chat/completions?x=1",
            Some("/v1/chat/completions"),
        ),
        ("/upstream/orca-7b/custom", None),
        ("/v1/chat/completions", Some("/v1/chat/completions")),
    ] {
        let secret = [("authorization", "Bearer of-the-client"), ("x-api-key", "s")];
        echo(&router.post_json_with(target, &secret, &body).await);
        let Some(expected) = expected else { continue };
        let arrived = events.until(|kind, data| kind == "inflight" && data["operation"] == "upsert");
        let request = arrived.await["request"].clone();
        assert_eq!(request["req_path"], expected, "{target}");
        assert_eq!(request["req_headers"]["Authorization"], "[REDACTED]", "{target}");
        assert_eq!(request["req_headers"]["X-Api-Key"], "[REDACTED]", "{target}");
        // The one that is not tracked would show itself in front of the next one.
        let ended = json!({"operation": "remove", "id": request["id"]});
        events.until(|_, data| *data == ended).await;
    }
}

#[tokio::test]
async fn http_1_16_answers_get_further() {
    let router = router().await;
    let mut events = Events::begun(&router).await;
    let reply = [("x-reply", "sse"), ("x-chunks", "5"), ("x-gap", "400ms")];
    let answer = router
        .post_json_with(CHAT, &reply, &json!({"model": "orca-7b", "stream": true}))
        .await;
    assert_eq!(answer.status, 200);
    let mut seen = Vec::new();
    loop {
        let event = events.until(|kind, _| kind == "inflight").await;
        match event["operation"].as_str().unwrap() {
            "upsert" => seen.push(event["request"]["resp_bytes"].as_u64().unwrap()),
            "remove" => break,
            other => panic!("{other}"),
        }
    }
    assert!(seen.is_sorted(), "{seen:?}");
    seen.dedup();
    assert!(seen.len() > 2, "{seen:?}");
}

#[tokio::test]
async fn http_1_16_one_who_comes_later_gets_the_list() {
    let router = router().await;
    let body = json!({"model": "orca-7b"});
    let slow = [("x-reply", "slow")];
    let request = router.post_json_with(CHAT, &slow, &body);
    let watch = async {
        poll_until(PATIENCE, "the request is listed", async || {
            let first = Events::open(&router).await.first().await;
            let (_, snapshot) = &first[5];
            assert_eq!(snapshot["operation"], "snapshot");
            let requests = snapshot.get("requests")?.as_array().unwrap();
            assert_eq!(requests.len(), 1, "{snapshot}");
            (requests[0]["model"] == "orca-7b").then_some(())
        })
        .await;
        let answer = router.post("/api/inflight/1/cancel", &[], "").await;
        assert_eq!(answer.json(), json!({"msg": "ok"}));
    };
    let (answer, ()) = tokio::join!(request, watch);
    assert_eq!(answer.status, 503);
    let first = Events::open(&router).await.first().await;
    assert_eq!(first[5].1, json!({"operation": "snapshot"}));
}

#[tokio::test]
async fn row_117_a_profile_is_switched() {
    let router = router().await;
    let mut events = Events::begun(&router).await;
    for name in [json!("nightly"), Value::Null] {
        let body = json!({ "name": name }).to_string();
        let answer = router
            .request(Method::PUT, "/api/profiles/active", &[], body)
            .await;
        assert_eq!(answer.status, 200);
        let is_about_it = |kind: &str, _: &Value| kind != "logData";
        assert_eq!(events.until(is_about_it).await, json!({ "active": name }));
        assert!(events.until(is_about_it).await.is_array());
        let first = Events::open(&router).await.first().await;
        assert_eq!(first[4].1, json!({ "active": name }));
    }
}

#[tokio::test]
async fn row_118_headers() {
    let router = router().await;
    for method in [Method::GET, Method::HEAD] {
        let stream = router.stream(method, "/api/events", &[], "").await;
        assert_eq!(stream.status, 200);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-cache"),
            ("connection", "keep-alive"),
            ("x-content-type-options", "nosniff"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(stream.headers[name], value, "{name}");
        }
    }
}

#[tokio::test]
async fn row_066_an_ignored_websocket_is_not_listed() {
    let router = router().await;
    echo(&chat(&router, "lynx-7b").await);
    let mut events = Events::begun(&router).await;
    // A path that is tracked otherwise.
    let (_socket, head) = upgrade(&router, "/upstream/lynx-7b/props").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let first = Events::open(&router).await.first().await;
    assert_eq!(first[5].1, json!({"operation": "snapshot"}));
    echo(&router.get("/upstream/lynx-7b/props").await);
    let event = events.until(|kind, _| kind == "inflight").await;
    assert_eq!(
        event["request"]["id"], "2",
        "the one after the first request: {event}"
    );
}

#[tokio::test]
async fn http_1_16_both_logs_as_they_are_written() {
    let router = router().await;
    let mut events = Events::begun(&router).await;
    echo(&router.get("/upstream/orca-7b/x?x-print=said").await);
    let (mut output, mut own) = (String::new(), String::new());
    while !output.contains("said") || !own.contains("GET /upstream/orca-7b/x HTTP/1.1\" 200") {
        let data = events.until(|kind, _| kind == "logData").await;
        let text = data["data"].as_str().unwrap();
        match data["source"].as_str().unwrap() {
            "proxy" => own.push_str(text),
            "upstream" => output.push_str(text),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn http_1_16_a_quiet_stream_shows_that_it_is_alive() {
    let router = router().await;
    let mut events = Events::begun(&router).await;
    let alive = timeout(2 * PATIENCE, events.stream.read_until(": ping\n\n"));
    alive.await.expect("a comment comes");
}

/// Bad input of the issue: a subscriber that does not read is dropped with a log line, and nobody else notices.
#[tokio::test]
async fn a_subscriber_that_does_not_read_is_dropped() {
    let mut router = router().await;
    let socket = TcpSocket::new_v4().unwrap();
    // The system would take megabytes for it.
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stalled = socket.connect(router.address()).await.unwrap();
    stalled
        .write_all(b"GET /api/events HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut events = Events::begun(&router).await;
    let line = "has not read for 10 s and is dropped";
    let print = format!("/upstream/orca-7b/x?x-print={}", "m".repeat(50_000));
    let dropped = async {
        loop {
            let data = events.until(|kind, _| kind == "logData").await;
            if data["data"].as_str().unwrap().contains(line) {
                break;
            }
        }
    };
    tokio::select! {
        dropped = timeout(2 * PATIENCE, dropped) => dropped.expect("the line comes"),
        () = async {
            loop {
                assert_eq!(router.get(&print).await.status, 200);
            }
        } => {}
    }
    // Its connection is gone: it does not hold up the end.
    router.signal(Signal::TERM);
    assert_eq!(router.wait_exit(PATIENCE).await.code(), Some(0));
    drop(stalled);
}

#[tokio::test]
async fn many_subscribers_hear_the_same_and_the_oldest_of_too_many_ends() {
    let router = router().await;
    let mut streams = Vec::new();
    for _ in 0..MOST_STREAMS {
        streams.push(Events::begun(&router).await);
    }
    echo(&chat(&router, "orca-7b").await);
    for events in &mut streams {
        events
            .until(|kind, data| kind == "modelStatus" && state(data, "orca-7b") == "ready")
            .await;
    }
    let mut newest = Events::begun(&router).await;
    let mut oldest = streams.remove(0);
    let end = timeout(PATIENCE, async { while oldest.try_next().await.is_some() {} });
    end.await.expect("the oldest ends");
    router.get("/unload").await;
    for events in streams.iter_mut().chain([&mut newest]) {
        events
            .until(|kind, data| kind == "modelStatus" && state(data, "orca-7b") == "stopped")
            .await;
    }
}

/// spec/http-api.md 0.1: long-lived streams end first.
#[tokio::test]
async fn http_0_1_event_streams_end_with_herder() {
    let mut router = router().await;
    let mut events = Events::begun(&router).await;
    let mut quiet = Events::open(&router).await;
    router.signal(Signal::TERM);
    for events in [&mut events, &mut quiet] {
        let end = timeout(PATIENCE, async { while events.try_next().await.is_some() {} });
        end.await.expect("the stream ends properly");
    }
    assert_eq!(router.wait_exit(PATIENCE).await.code(), Some(0));
    wait_until(PATIENCE, "the log is complete", || {
        router.stdout().contains("shutdown complete")
    })
    .await;
}
