//! Rows 119 and 120: logs and log streams.

use herder_testkit::{PATIENCE, Router, Signal, poll_until};
use http::Method;
use serde_json::json;
use tokio::time::timeout;

use crate::fixture::{CHAT, chat, echo, error, router};

async fn print(router: &Router, model: &str, text: &str) {
    echo(&router.get(&format!("/upstream/{model}/x?x-print={text}")).await);
}

#[tokio::test]
async fn row_119_history() {
    let router = router().await;
    router.get("/health").await;
    let answer = router.get("/logs").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    assert!(answer.body.len() <= 102_400);
    poll_until(PATIENCE, "the request is logged", async || {
        let text = router.get("/logs").await.text();
        text.contains("\"GET /health HTTP/1.1\" 200 2 \"\" ")
            .then_some(())
    })
    .await;
    let answer = router
        .request(Method::GET, "/logs", &[("accept", "text/html")], "")
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (302, Some("/ui/"))
    );
}

/// Row 119, and the last words of S48 of spec/runtime.md: 100 KiB of each log are kept, not more.
#[tokio::test]
async fn row_119_and_s48_the_history_is_bounded() {
    const KEPT: usize = 102_400;
    let router = router().await;
    let flood = [("x-reply", "flood"), ("x-flood", "1000000")];
    let answer = router
        .post_json_with(CHAT, &flood, &json!({ "model": "orca-7b" }))
        .await;
    assert_eq!(answer.status, 200);
    router.event_log("events").wait_for("flooded", 1, PATIENCE).await;
    for target in ["/logs/stream/orca-7b", "/logs/stream/upstream"] {
        let history = poll_until(PATIENCE, "the flood has arrived", async || {
            let mut stream = router.stream(Method::GET, target, &[], "").await;
            print(&router, "orca-7b", "the-mark").await;
            let text = timeout(PATIENCE, stream.read_until("the-mark\n"))
                .await
                .expect("the mark comes");
            (text.len() > KEPT / 2).then_some(text)
        })
        .await;
        let mark = "the-mark\n".len();
        assert!(history.len() <= KEPT + mark, "{target}: {}", history.len());
    }
    // herder's own lines have the client's name in them.
    let name = "n".repeat(5000);
    let history = poll_until(PATIENCE, "the log is full", async || {
        router
            .request(Method::GET, "/health", &[("user-agent", &name)], "")
            .await;
        let history = router.get("/logs").await.body.len();
        (history > KEPT - 2 * name.len()).then_some(history)
    })
    .await;
    assert!(history <= KEPT, "{history}");
    for _ in 0..5 {
        router
            .request(Method::GET, "/health", &[("user-agent", &name)], "")
            .await;
        let history = router.get("/logs").await.body.len();
        assert!(history <= KEPT, "{history}");
    }
}

#[tokio::test]
async fn row_120_a_model_s_log() {
    let router = router().await;
    chat(&router, "vega/coder-32b").await;
    print(&router, "vega/coder-32b", "first-line").await;
    for target in [
        "/logs/stream/vega%2Fcoder-32b",
        "/logs/stream/vega/coder-32b/more",
        "/logs/stream/upstream",
    ] {
        let mut stream = router.stream(Method::GET, target, &[], "").await;
        assert_eq!(stream.status, 200, "{target}");
        assert_eq!(stream.headers["x-content-type-options"], "nosniff", "{target}");
        assert_eq!(stream.headers["x-accel-buffering"], "no", "{target}");
        stream.read_until("first-line").await;
        print(&router, "vega/coder-32b", "second-line").await;
        stream.read_until("second-line").await;
    }
}

#[tokio::test]
async fn row_120_without_history() {
    let router = router().await;
    print(&router, "orca-7b", "first-line").await;
    let mut with = router.stream(Method::GET, "/logs/stream/orca-7b", &[], "").await;
    with.read_until("first-line").await;
    let mut without = router
        .stream(Method::GET, "/logs/stream/chatty?no-history", &[], "")
        .await;
    print(&router, "orca-7b", "second-line").await;
    let text = without.read_until("second-line").await;
    assert!(!text.contains("first-line"), "{text}");
}

#[tokio::test]
async fn row_120_unknown_logs() {
    let router = router().await;
    for target in [
        "/logs/stream/nope",
        "/logs/stream/",
        "/logs/stream/attic/nova-70b",
    ] {
        let message = error(&router.get(target).await, 400, "bad_request");
        assert_eq!(
            message, "invalid logger. Use 'proxy', 'upstream' or a model's ID",
            "{target}"
        );
    }
}

/// Q37 is mended: the head of the answer comes at once, however quiet the log is.
#[tokio::test]
async fn quirk_q37_a_quiet_log_answers_at_once() {
    let router = router().await;
    let stream = router.stream(Method::GET, "/logs/stream/lynx-7b", &[], "").await;
    assert_eq!(stream.status, 200);
}

/// Streams end first when herder ends, so that they do not use up its time to drain.
#[tokio::test]
async fn log_streams_end_with_herder() {
    let mut router = router().await;
    let mut stream = router.stream(Method::GET, "/logs/stream", &[], "").await;
    stream.read_until("listening on").await;
    router.signal(Signal::TERM);
    let (_, complete) = stream.read_to_end().await;
    assert!(complete, "the stream ends properly");
    assert_eq!(router.wait_exit(PATIENCE).await.code(), Some(0));
}
