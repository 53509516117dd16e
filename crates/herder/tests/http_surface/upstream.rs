//! Rows 51 to 57 and 63 to 65: straight to a model, and websockets.

use herder_testkit::{PATIENCE, Router, poll_until};
use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fixture::{CHAT, chat, echo, error, router};

#[tokio::test]
async fn row_051_without_a_slash() {
    let router = router().await;
    let table = [
        (Method::GET, 301),
        (Method::HEAD, 301),
        (Method::POST, 308),
        (Method::DELETE, 308),
    ];
    for (method, status) in table {
        let answer = router
            .request(method.clone(), "/upstream/orca-7b?q=1", &[], "")
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (status, Some("/upstream/orca-7b/?q=1")),
            "{method}"
        );
    }
    let answer = router.get("/upstream/vega%2Fcoder-32b").await;
    assert_eq!(answer.header("location"), Some("/upstream/vega/coder-32b/"));
    assert!(router.running().await.is_empty());
}

#[tokio::test]
async fn row_052_and_053_the_encoding_of_the_rest_survives() {
    let router = router().await;
    let echo1 = echo(&router.delete("/upstream/vega/coder-32b/a/b%2Fc?x=%20y").await);
    assert_eq!(
        (&echo1["method"], &echo1["target"]),
        (&json!("DELETE"), &json!("/a/b%2Fc?x=%20y"))
    );
    let echo2 = echo(&router.post("/upstream/vega%2Fcoder-32b/a%252Fb", &[], "").await);
    assert_eq!(echo2["target"], "/a%252Fb");
}

#[tokio::test]
async fn row_054_unknown_names() {
    let router = router().await;
    for target in [
        "/upstream/nope/x",
        "/upstream/front/x",
        "/upstream/",
        "/upstream/Orca-7b/x",
    ] {
        assert_eq!(
            error(&router.get(target).await, 404, "not_found"),
            "model not found",
            "{target}"
        );
    }
}

#[tokio::test]
async fn row_055_no_filters() {
    let router = router().await;
    let body = r#"{"temperature": 1.0,  "model": "whatever"}"#;
    let headers = [("content-type", "application/json")];
    let answer = router
        .post("/upstream/orca-7b/v1/chat/completions", &headers, body)
        .await;
    let echo = echo(&answer);
    assert_eq!((&echo["body"], &echo["target"]), (&json!(body), &json!(CHAT)));
}

#[tokio::test]
async fn row_056_the_longest_name_wins() {
    let models = r#"
models:
  a: {cmd: "@FAKE@ --name a --port ${PORT} --event-log @DIR@/events"}
  a/b: {cmd: "@FAKE@ --name a/b --port ${PORT} --event-log @DIR@/events"}
"#;
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(models)
        .start()
        .await;
    assert_eq!(echo(&router.get("/upstream/a/b/c").await)["target"], "/c");
    let running = router.running().await;
    assert_eq!(running.keys().map(String::as_str).collect::<Vec<_>>(), ["a/b"]);
}

#[tokio::test]
async fn row_057_assets_do_not_load_a_model() {
    let router = router().await;
    let message = error(&router.get("/upstream/orca-7b/app.js").await, 409, "conflict");
    assert_eq!(
        message,
        "model orca-7b is not loaded; path matches upstream.ignorePaths"
    );
    assert!(router.running().await.is_empty());
    assert_eq!(chat(&router, "orca-7b").await.status, 200);
    assert_eq!(
        echo(&router.get("/upstream/orca-7b/app.js").await)["target"],
        "/app.js"
    );
}

/// Sends the request for a websocket and reads the head of the answer.
pub(crate) async fn upgrade(router: &Router, target: &str) -> (TcpStream, String) {
    let mut socket = router.connect().await;
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: herder.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: \
         websocket\r\nX-Reply: ws\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = timeout(PATIENCE, socket.read_u8())
            .await
            .expect("an answer in time")
            .expect("an open socket");
        head.push(byte);
    }
    (socket, String::from_utf8(head).unwrap())
}

async fn exchange(socket: &mut TcpStream, text: &[u8]) {
    socket.write_all(text).await.unwrap();
    let mut received = vec![0; text.len()];
    timeout(PATIENCE, socket.read_exact(&mut received))
        .await
        .expect("an echo in time")
        .unwrap();
    assert_eq!(received, text);
}

#[tokio::test]
async fn row_063_websockets_start_the_model() {
    let router = router().await;
    let (mut socket, head) = upgrade(&router, "/upstream/orca-7b/ws").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    exchange(&mut socket, b"ping").await;
    exchange(&mut socket, b"\x00\xffpong").await;
    assert_eq!(router.running().await["orca-7b"], "ready");
}

#[tokio::test]
async fn row_064_ignored_websockets_do_not() {
    let models = r#"
models:
  slow: {cmd: "@FAKE@ --name slow --port ${PORT} --load 2s", compat: {ignoreWebsockets: true}}
"#;
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(models)
        .start()
        .await;
    let refused = async |case: &str| {
        let (mut socket, head) = upgrade(&router, "/upstream/slow/ws").await;
        assert!(head.starts_with("HTTP/1.1 409 "), "{case}: {head}");
        let message = b"model slow is not loaded; ignored websocket requests cannot start it";
        let mut body = Vec::new();
        while !body.ends_with(message) {
            let byte = timeout(PATIENCE, socket.read_u8())
                .await
                .expect("the message in time");
            body.push(byte.expect("the message before the end"));
        }
    };
    refused("stopped").await;
    assert!(router.running().await.is_empty());
    let client = router.client();
    let load = tokio::spawn(async move { client.post_json(CHAT, &json!({ "model": "slow" })).await });
    poll_until(PATIENCE, "it starts", async || {
        (router.running().await.get("slow")? == "starting").then_some(())
    })
    .await;
    // The load takes two seconds from here on; an answer after it would be a wait.
    refused("starting").await;
    assert_eq!(load.await.unwrap().status, 200);
    let (_socket, head) = upgrade(&router, "/upstream/slow/ws").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

#[tokio::test]
async fn row_065_ignored_websockets_hold_nothing() {
    let router = router().await;
    chat(&router, "lynx-7b").await;
    let (mut socket, head) = upgrade(&router, "/upstream/lynx-7b/ws").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    exchange(&mut socket, b"ping").await;
    assert_eq!(chat(&router, "vega/coder-32b").await.status, 200);
    assert_eq!(
        router
            .running()
            .await
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>(),
        ["vega/coder-32b"]
    );
    let mut rest = Vec::new();
    // Closed or reset: both are an end.
    let _ = timeout(PATIENCE, socket.read_to_end(&mut rest))
        .await
        .expect("the socket ends with its model");
    assert!(rest.is_empty());
}
