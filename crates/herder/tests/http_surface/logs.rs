//! Rows 119 and 120: logs and log streams.

use herder_testkit::{PATIENCE, Router, Signal, poll_until};
use http::Method;

use crate::fixture::{chat, echo, error, router};

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
