//! Rows 87 to 89, quirk Q20, and what else is said about selectors (spec/http-api.md 1.8).

use herder_testkit::{PATIENCE, Response, Router, poll_until};
use http::Method;
use serde_json::json;

use crate::fixture::{CHAT, Peer, chat, echo, echoed_body, error, router};
use crate::upstream::upgrade;

/// A chat whose answer comes after a second.
async fn slow_chat(router: &Router, model: &str) -> Response {
    router
        .post_json_with(
            CHAT,
            &[("x-reply", "wait"), ("x-wait", "1s")],
            &json!({ "model": model }),
        )
        .await
}

/// Which server has answered.
fn host(answer: &Response) -> String {
    echo(answer)["host"].as_str().expect("a text").to_owned()
}

async fn wait_for(router: &Router, model: &str, state: &str) {
    poll_until(PATIENCE, &format!("{model} is {state}"), async || {
        (router.running().await.get(model)? == state).then_some(())
    })
    .await;
}

/// Two models side by side, of which the first takes its time to start and both to stop.
async fn slow_router() -> Router {
    let config = r#"
healthCheckTimeout: 60
models:
  slow: {cmd: "@FAKE@ --name slow --port ${PORT} --load 5s --term-delay 3s --event-log @DIR@/events"}
  quick: {cmd: "@FAKE@ --name quick --port ${PORT} --term-delay 3s --event-log @DIR@/events"}
groups: {both: {swap: false, members: [slow, quick]}}
selectors:
  hot: {strategy: warm, targets: [slow, quick]}
  pool: {strategy: spillover, targets: [slow, quick]}
"#;
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(config)
        .start()
        .await
}

#[tokio::test]
async fn row_087_warm() {
    let router = slow_router().await;
    let (first, second) = tokio::join!(chat(&router, "hot"), async {
        wait_for(&router, "slow", "starting").await;
        chat(&router, "quick").await;
        let chosen = chat(&router, "hot").await;
        assert_eq!(router.running().await["slow"], "starting");
        chosen
    });
    // None was running, so the first target was chosen.
    assert_eq!(echoed_body(&first), json!({ "model": "slow" }));
    assert_eq!(echoed_body(&second), json!({ "model": "quick" }));
}

#[tokio::test]
async fn row_088_spillover() {
    let router = router().await;
    let orca = host(&chat(&router, "orca-7b").await);
    let lynx = host(&chat(&router, "lynx-7b").await);
    let (first, second) = tokio::join!(slow_chat(&router, "pool"), slow_chat(&router, "pool"));
    let mut used = [host(&first), host(&second)];
    let mut both = [orca, lynx];
    used.sort_unstable();
    both.sort_unstable();
    assert_eq!(used, both);
    // One after the other, they take turns.
    let third = host(&chat(&router, "pool").await);
    let fourth = host(&chat(&router, "pool").await);
    let fifth = host(&chat(&router, "pool").await);
    assert_ne!(third, fourth);
    assert_eq!(third, fifth);
}

#[tokio::test]
async fn row_089_spillover_when_every_target_stops() {
    let router = slow_router().await;
    assert_eq!(chat(&router, "quick").await.status, 200);
    assert_eq!(chat(&router, "slow").await.status, 200);
    let stopping = router.get("/unload");
    let asked = async {
        wait_for(&router, "slow", "stopping").await;
        wait_for(&router, "quick", "stopping").await;
        chat(&router, "pool").await
    };
    let (stopped, answer) = tokio::join!(stopping, asked);
    assert_eq!(stopped.status, 200);
    assert_eq!(
        error(&answer, 503, "service_unavailable"),
        "selector \"pool\" has no available spillover targets"
    );
}

/// http 1.8: cold targets are started when the active ones have no room; a client that leaves gives its place back.
#[tokio::test]
async fn http_1_8_spillover_starts_the_next_only_when_it_must() {
    let router = router().await;
    assert_eq!(echoed_body(&chat(&router, "pool").await)["model"], "orca-7b");
    assert_eq!(echoed_body(&chat(&router, "pool").await)["model"], "orca-7b");
    assert!(!router.running().await.contains_key("lynx-7b"));
    let headers = [("content-type", "application/json"), ("x-reply", "slow")];
    let client = router.client();
    let blocked = tokio::spawn(async move { client.post(CHAT, &headers, r#"{"model":"pool"}"#).await });
    poll_until(PATIENCE, "the blocked request has arrived", async || {
        (router.event_log("events").count("request") == 3).then_some(())
    })
    .await;
    assert_eq!(echoed_body(&chat(&router, "pool").await)["model"], "lynx-7b");
    blocked.abort();
    poll_until(PATIENCE, "its place is free again", async || {
        let model = echoed_body(&chat(&router, "pool").await)["model"].clone();
        (model == "orca-7b").then_some(())
    })
    .await;
}

/// http 1.8 and 6.4: a websocket counts as long as it is open, an ignored one not at all.
#[tokio::test]
async fn http_1_8_websockets_and_peers_in_spillover() {
    let peer = Peer::start("peer").await;
    let config = r#"
models:
  counted: {cmd: "@FAKE@ --name counted --port ${PORT} --event-log @DIR@/events"}
  ignored: {cmd: "@FAKE@ --name ignored --port ${PORT} --event-log @DIR@/events", compat: {ignoreWebsockets: true}}
groups: {both: {swap: false, members: [counted, ignored]}}
peers: {p: {proxy: "http://@PEER@", models: [m]}}
selectors:
  first: {strategy: spillover, targets: [counted, p/m]}
  second: {strategy: spillover, targets: [ignored, p/m]}
"#;
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&config.replace("@PEER@", peer.address()))
        .start()
        .await;
    for (selector, own, next) in [("first", "counted", "m"), ("second", "ignored", "ignored")] {
        assert_eq!(echoed_body(&chat(&router, selector).await)["model"], own);
        let (socket, head) = upgrade(&router, &format!("/props?model={selector}")).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert_eq!(
            echoed_body(&chat(&router, selector).await)["model"],
            next,
            "{selector}"
        );
        drop(socket);
        poll_until(PATIENCE, "the place of the websocket is free", async || {
            (echoed_body(&chat(&router, selector).await)["model"] == own).then_some(())
        })
        .await;
    }
}

/// decisions.md, Q20: a selector works wherever the name is written, and every other byte stays.
#[tokio::test]
async fn quirk_q20_selectors_in_every_encoding() {
    let router = router().await;
    let multipart = |model: &str| {
        format!(
            "--cut\r\nContent-Disposition: form-data; name=\"model\"\r\nX-Part: kept\r\n\r\n{model}\r\n--cut\r\nContent-\
             Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--cut--\r\n"
        )
    };
    let (sent, received) = (multipart("front"), multipart("orca-think"));
    type Row<'a> = (&'a str, Option<&'a str>, &'a str, &'a str, &'a str);
    let table: [Row<'_>; 5] = [
        (
            "/v1/audio/voices?x=%20",
            Some("application/x-www-form-urlencoded"),
            "a=+&model=front&b=%3B",
            "/v1/audio/voices?x=%20",
            "a=+&model=orca-think&b=%3B",
        ),
        (
            "/v1/audio/transcriptions",
            Some("multipart/form-data; boundary=cut"),
            &sent,
            "/v1/audio/transcriptions",
            &received,
        ),
        (
            "/v1/audio/voices?x=1;y&model=front",
            None,
            "bytes",
            "/v1/audio/voices?x=1;y&model=orca-think",
            "bytes",
        ),
        (
            "/v1/audio/voices?model=front",
            Some("application/x-www-form-urlencoded"),
            "a=1",
            "/v1/audio/voices?model=orca-think",
            "a=1",
        ),
        (
            CHAT,
            Some("application/json"),
            r#"{ "n" : 1, "model" : "front", "temperature": 1 }"#,
            CHAT,
            r#"{ "n" : 1, "model" : "orca-think","top_p":0.1,"reasoning":{"effort":"high"} }"#,
        ),
    ];
    for (target, content_type, body, expected_target, expected_body) in table {
        let headers: Vec<_> = content_type
            .map(|value| ("content-type", value))
            .into_iter()
            .collect();
        let answer = router.post(target, &headers, body.to_owned()).await;
        let echo = echo(&answer);
        assert_eq!(
            (&echo["target"], &echo["body"]),
            (&json!(expected_target), &json!(expected_body)),
            "{target}"
        );
    }
    let answer = router
        .request(Method::GET, "/props?model=front&x=1", &[], "")
        .await;
    assert_eq!(echo(&answer)["target"], "/props?model=orca-think&x=1");
}

/// http 1.3: `useModelName` is stronger than the target's name, except in a query.
#[tokio::test]
async fn http_1_3_use_model_name_behind_a_selector() {
    let config = r#"
models: {m: {cmd: "@FAKE@ --name m --port ${PORT}", useModelName: inner}}
selectors: {s: {strategy: pin, targets: [m]}}
"#;
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(config)
        .start()
        .await;
    assert_eq!(
        echoed_body(&chat(&router, "s").await),
        json!({ "model": "inner" })
    );
    let form = |model: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--cut--\r\n")
    };
    let headers = [("content-type", "multipart/form-data; boundary=cut")];
    for (query, sent, received, expected_query) in
        [("", "s", "inner", ""), ("?model=s", "x", "inner", "?model=m")]
    {
        let target = format!("/v1/audio/transcriptions{query}");
        let answer = router.post(&target, &headers, form(sent)).await;
        let echo = echo(&answer);
        assert_eq!(echo["body"], form(received).as_str(), "{query}");
        assert_eq!(
            echo["target"],
            format!("/v1/audio/transcriptions{expected_query}")
        );
    }
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = router.post("/v1/audio/voices", &headers, "model=s").await;
    assert_eq!(echo(&answer)["body"], "model=m");
}

/// http 1.8: selectors are for the routes that name their model, and for nothing else.
#[tokio::test]
async fn http_1_8_where_selectors_do_not_count() {
    let router = router().await;
    assert_eq!(
        error(&router.get("/upstream/pool/x").await, 404, "not_found"),
        "model not found"
    );
    let answer = router.post("/api/models/unload/pool", &[], "").await;
    error(&answer, 404, "not_found");
    assert_eq!(router.get("/logs/stream/pool").await.status, 400);
    assert_eq!(
        echoed_body(&chat(&router, "secret-sel").await)["model"],
        "orca-7b"
    );
}
