//! Rows 90 and 94 to 97: streaming, limits, clients that leave, cancelling.

use herder_testkit::{Client, PATIENCE, Router, Streaming, poll_until, wait_until};
use http::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;

use crate::fixture::{CHAT, chat, error, router};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A request that the model server does not answer before its client leaves.
fn blocked(client: Client, model: &str) -> JoinHandle<Streaming> {
    let body = json!({ "model": model }).to_string();
    tokio::spawn(async move {
        client
            .stream(Method::POST, CHAT, &[JSON, ("x-reply", "slow")], body)
            .await
    })
}

/// How many requests have reached the model server of this name.
fn received(router: &Router, name: &str) -> usize {
    router
        .event_log("events")
        .of_kind("request")
        .iter()
        .filter(|event| event.name == name)
        .count()
}

/// Waits until one request waits for this model. A client that leaves before herder has read its request leaves no trace.
async fn waits(router: &Router, model: &str) {
    let sample = format!("herder_requests_waiting{{model=\"{model}\"}} 1\n");
    poll_until(PATIENCE, "the request waits", async || {
        router
            .get("/metrics")
            .await
            .text()
            .contains(&sample)
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn row_090_streams_flow_as_they_come() {
    let router = router().await;
    chat(&router, "lynx-7b").await;
    let headers = [JSON, ("x-reply", "sse"), ("x-chunks", "2"), ("x-gap", "3s")];
    let mut answer = router
        .stream(
            Method::POST,
            CHAT,
            &headers,
            json!({ "model": "lynx-7b" }).to_string(),
        )
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["x-accel-buffering"], "no");
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    let first = answer.read_until("word0").await;
    assert!(!first.contains("word1"), "{first}");
    let (rest, complete) = answer.read_to_end().await;
    assert!(
        complete && rest.contains("word1") && rest.ends_with("data: [DONE]\n\n"),
        "{rest}"
    );
}

#[tokio::test]
async fn row_094_concurrency_limit() {
    let router = router().await;
    let held = [
        blocked(router.client(), "orca-7b"),
        blocked(router.client(), "orca-7b"),
    ];
    wait_until(PATIENCE, "two requests are served", || {
        received(&router, "orca-7b") == 2
    })
    .await;
    let third = router
        .post_json_with(CHAT, &[("accept", "text/html")], &json!({ "model": "orca-7b" }))
        .await;
    let message = error(&third, 429, "concurrency_limit");
    assert_eq!(
        (message.as_str(), third.header("retry-after")),
        ("Too many requests", Some("1"))
    );
    assert_eq!(third.json()["error"]["type"], "rate_limit_error");
    for held in held {
        held.abort();
    }
    poll_until(PATIENCE, "the places are free again", async || {
        (chat(&router, "orca-7b").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn row_095_the_default_limit_is_ten() {
    let router = router().await;
    let mut requests: Vec<_> = (0..11).map(|_| blocked(router.client(), "lynx-7b")).collect();
    wait_until(PATIENCE, "ten are served and one is refused", || {
        received(&router, "lynx-7b") == 10
            && requests.iter().filter(|request| request.is_finished()).count() == 1
    })
    .await;
    let refused = requests.iter().position(JoinHandle::is_finished).unwrap();
    assert_eq!(requests.remove(refused).await.unwrap().status, 429);
    requests.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn row_096_a_queued_client_leaves() {
    let router = router().await;
    let busy = blocked(router.client(), "orca-7b");
    wait_until(PATIENCE, "orca is busy", || received(&router, "orca-7b") == 1).await;
    // scribe cannot run beside orca, so this request has to wait.
    let body = json!({ "model": "scribe" }).to_string();
    let mut socket = router.connect().await;
    let head = format!(
        "POST {CHAT}?left HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all((head + &body).as_bytes()).await.unwrap();
    waits(&router, "scribe").await;
    drop(socket);
    wait_until(PATIENCE, "the client's leaving is noticed", || {
        router.stdout().contains("\" 499 0 ")
    })
    .await;
    busy.abort();
    wait_until(PATIENCE, "orca is free", || {
        router.event_log("events").count("aborted") == 1
    })
    .await;
    assert_eq!(chat(&router, "lynx-7b").await.status, 200);
    let running = router.running().await;
    assert_eq!(
        running.keys().map(String::as_str).collect::<Vec<_>>(),
        ["lynx-7b", "orca-7b"]
    );
    let spawned = router.event_log("events").of_kind("spawn");
    assert!(spawned.iter().all(|event| event.name != "scribe"), "{spawned:?}");
}

/// The same on the route that does not need the body: its client is not lost sight of either.
#[tokio::test]
async fn row_096_a_queued_client_of_upstream_leaves_in_the_middle_of_its_body() {
    let router = router().await;
    let busy = blocked(router.client(), "orca-7b");
    wait_until(PATIENCE, "orca is busy", || received(&router, "orca-7b") == 1).await;
    let large = "x".repeat(600_000);
    let bodies = [
        (16, "abc"),
        (1_000_000, large.as_str()),
        (600_000, large.as_str()),
    ];
    for (index, (announced, body)) in bodies.into_iter().enumerate() {
        let mut socket = router.connect().await;
        let head =
            format!("POST /upstream/scribe/left HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n");
        socket.write_all((head + body).as_bytes()).await.unwrap();
        waits(&router, "scribe").await;
        drop(socket);
        wait_until(PATIENCE, "the client's leaving is noticed", || {
            let log = router.stdout();
            let lines = log
                .lines()
                .filter(|line| line.contains("\"POST /upstream/scribe/left"));
            lines.count() == index + 1
        })
        .await;
    }
    busy.abort();
    wait_until(PATIENCE, "orca is free", || {
        router.event_log("events").count("aborted") == 1
    })
    .await;
    assert_eq!(chat(&router, "lynx-7b").await.status, 200);
    let spawned = router.event_log("events").of_kind("spawn");
    assert!(spawned.iter().all(|event| event.name != "scribe"), "{spawned:?}");
}

/// Cancelled before there was an answer: the envelope with code `cancelled` (decisions.md, Q36).
#[tokio::test]
async fn row_097_cancel() {
    let router = router().await;
    let body = json!({ "model": "orca-7b" });
    let request = router.post_json_with(CHAT, &[("x-reply", "slow")], &body);
    let cancel = async {
        wait_until(PATIENCE, "the request is served", || {
            received(&router, "orca-7b") == 1
        })
        .await;
        router.post("/api/inflight/1/cancel", &[], "").await
    };
    let (answer, cancelled) = tokio::join!(request, cancel);
    assert_eq!(cancelled.json(), json!({ "msg": "ok" }));
    error(&answer, 503, "cancelled");
    wait_until(PATIENCE, "the model server sees the abort", || {
        router.event_log("events").count("aborted") == 1
    })
    .await;
    for id in ["1", "77", "x"] {
        let answer = router.post(&format!("/api/inflight/{id}/cancel"), &[], "").await;
        assert_eq!(error(&answer, 404, "not_found"), "inflight request not found");
    }
}

#[tokio::test]
async fn quirk_q36_cancel_in_the_queue() {
    let router = router().await;
    let request = chat(&router, "slowpoke");
    let cancel = async {
        poll_until(PATIENCE, "the request waits", async || {
            let answer = router.post("/api/inflight/1/cancel", &[], "").await;
            (answer.status == 200).then_some(())
        })
        .await;
    };
    let (answer, ()) = tokio::join!(request, cancel);
    error(&answer, 503, "cancelled");
    assert_eq!(received(&router, "slowpoke"), 0);
}

#[tokio::test]
async fn cancel_in_the_middle_of_a_stream_breaks_it_off() {
    let router = router().await;
    let headers = [JSON, ("x-reply", "sse"), ("x-chunks", "1000"), ("x-gap", "100ms")];
    let target = "/upstream/lynx-7b/v1/chat/completions";
    let mut answer = router.stream(Method::POST, target, &headers, "{}").await;
    answer.read_until("word1").await;
    assert_eq!(router.post("/api/inflight/1/cancel", &[], "").await.status, 200);
    let (_, complete) = answer.read_to_end().await;
    assert!(!complete, "the stream must not look complete");
    wait_until(PATIENCE, "the model server sees the abort", || {
        router.event_log("events").count("aborted") == 1
    })
    .await;
}

/// A client that leaves takes its entry with it.
#[tokio::test]
async fn a_client_that_leaves_cannot_be_cancelled_any_more() {
    let router = router().await;
    let headers = [JSON, ("x-reply", "sse"), ("x-chunks", "1000"), ("x-gap", "100ms")];
    let body = json!({ "model": "lynx-7b" }).to_string();
    let mut answer = router.stream(Method::POST, CHAT, &headers, body).await;
    answer.read_until("word1").await;
    drop(answer);
    wait_until(PATIENCE, "the model server sees the abort", || {
        router.event_log("events").count("aborted") == 1
    })
    .await;
    poll_until(PATIENCE, "the entry is gone", async || {
        let answer = router.post("/api/inflight/1/cancel", &[], "").await;
        (answer.status == 404).then_some(())
    })
    .await;
    wait_until(PATIENCE, "the request is logged", || {
        router
            .stdout()
            .contains("\"POST /v1/chat/completions HTTP/1.1\" 200 ")
    })
    .await;
}
