//! What the table of the specification does not say: herder's own limits and the worst clients.

use std::fmt::Write;

use herder_testkit::{PATIENCE, poll_until};
use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::fixture::{CHAT, builder, chat, echo, echoed_body, error, router};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let router = builder("maxBodyBytes: 1000").start().await;
    let fits = format!("{{\"model\":\"lynx-7b\",\"x\":\"{}\"}}", "a".repeat(900));
    assert_eq!(router.post(CHAT, &[JSON], fits).await.status, 200);
    let large = format!("{{\"model\":\"lynx-7b\",\"x\":\"{}\"}}", "a".repeat(1000));
    let message = error(
        &router.post(CHAT, &[JSON], large.clone()).await,
        413,
        "request_too_large",
    );
    assert!(message.contains("1000 bytes"), "{message}");
    // What is streamed through is not read, and so not limited.
    let answer = router
        .post("/upstream/lynx-7b/v1/chat/completions", &[JSON], large.clone())
        .await;
    assert_eq!(echo(&answer)["body"], large.as_str());
}

/// The announcement alone is enough, and a body without one is counted.
#[tokio::test]
async fn a_body_above_the_limit_is_refused_in_every_framing() {
    let router = builder("maxBodyBytes: 1000").start().await;
    let mut chunked = String::from("Transfer-Encoding: chunked\r\n\r\n");
    for _ in 0..20 {
        write!(chunked, "64\r\n{}\r\n", "a".repeat(100)).unwrap();
    }
    for framing in [
        "Content-Length: 5000\r\n\r\n",
        "Content-Length: 99999999999999999999\r\n\r\n",
        &chunked,
    ] {
        let mut socket = router.connect().await;
        let head = format!("POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}");
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        timeout(PATIENCE, socket.read_exact(&mut status))
            .await
            .expect("an answer in time")
            .unwrap();
        let status = String::from_utf8_lossy(&status).into_owned();
        assert!(
            status == "HTTP/1.1 413" || (framing.contains("9999") && status == "HTTP/1.1 400"),
            "{status}"
        );
    }
}

/// A client that sends everything before it reads learns why, rather than that its connection was reset.
#[tokio::test]
async fn the_refusal_of_a_large_body_arrives() {
    let router = builder("maxBodyBytes: 1000").start().await;
    let mut socket = router.connect().await;
    // More than the buffers of both sides hold.
    let body = vec![b'a'; 32 * 1024 * 1024];
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    timeout(PATIENCE, async {
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&body).await.unwrap();
        let mut status = [0; 12];
        socket.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 413");
    })
    .await
    .expect("an answer in time");
}

/// Chunked JSON reaches the model server with a length (spec/http-api.md 1.3).
#[tokio::test]
async fn chunked_json_becomes_length_delimited() {
    let router = router().await;
    chat(&router, "lynx-7b").await;
    let mut socket = router.connect().await;
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: \
         chunked\r\n\r\n9\r\n{{\"model\":\r\na\r\n\"lynx-7b\"}}\r\n0\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, socket.read_to_string(&mut answer))
        .await
        .expect("an answer in time")
        .unwrap();
    assert!(answer.contains("\"content-length\":\"19\""), "{answer}");
    assert!(!answer.contains("\"transfer-encoding\":\"chunked\""), "{answer}");
}

/// decisions.md, N6: filters leave a malformed body alone, and it still finds its model.
#[tokio::test]
async fn malformed_json_is_forwarded_untouched() {
    let router = router().await;
    let body = r#"{"model":"orca-7b","temperature":1,"#;
    let answer = router.post(CHAT, &[JSON], body).await;
    assert_eq!(echo(&answer)["body"], body);
}

/// decisions.md, N6: of two `model` members the last one counts.
#[tokio::test]
async fn the_last_of_two_models_counts() {
    let router = router().await;
    let answer = router
        .post(CHAT, &[JSON], r#"{"model":"who","model":"lynx-7b"}"#)
        .await;
    assert_eq!(answer.status, 200);
    assert!(router.running().await.contains_key("lynx-7b"));
}

#[tokio::test]
async fn content_types_are_compared_without_case() {
    let router = router().await;
    let headers = [("content-type", "Application/JSON; Charset=UTF-8")];
    let answer = router
        .post(CHAT, &headers, r#"{"model":"orca-7b","temperature":1}"#)
        .await;
    assert_eq!(echoed_body(&answer), json!({"model": "orca-7b", "top_p": 0.9}));
}

/// An upstream's error is the client's error, untouched.
#[tokio::test]
async fn upstream_errors_pass_through() {
    let router = router().await;
    let answer = router
        .post_json_with(CHAT, &[("x-reply", "e400")], &json!({ "model": "orca-7b" }))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json(), json!({"error": {"message": "bad temp"}}));
}

/// A client that sends half a request, and one that reads nothing, are nobody else's problem.
#[tokio::test]
async fn idle_clients_stall_nobody() {
    let router = router().await;
    let mut half = router.connect().await;
    half.write_all(format!("POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{").as_bytes())
        .await
        .unwrap();
    let headers = [
        JSON,
        ("x-reply", "chunked"),
        ("x-chunks", "100000"),
        ("x-gap", "0ms"),
    ];
    let body = json!({ "model": "lynx-7b" }).to_string();
    let unread = router.stream(Method::POST, CHAT, &headers, body).await;
    for _ in 0..3 {
        assert_eq!(chat(&router, "orca-7b").await.status, 200);
    }
    assert_eq!(unread.status, 200);
}

#[tokio::test]
async fn upstream_dead_before_headers() {
    let router = router().await;
    let answer = router
        .post_json_with(CHAT, &[("x-reply", "exit")], &json!({ "model": "orca-7b" }))
        .await;
    let message = error(&answer, 502, "bad_gateway");
    assert!(message.contains("orca-7b"), "{message}");
    // As soon as the end of the process is known, the next request starts it again.
    poll_until(PATIENCE, "the model is started again", async || {
        (chat(&router, "orca-7b").await.status == 200).then_some(())
    })
    .await;
}
