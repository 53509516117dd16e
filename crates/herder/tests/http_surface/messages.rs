//! Every row of spec/http-api.md 0.4 that herder can be brought to say from outside, in each of the forms of 0.3.
//!
//! Not here: "no peer found", "no router for model" and "process is not ready", which herder has no way to say, because a
//! name that resolves is served and a grant is for one process; "error stripping parameter" and its like, because a
//! malformed body is forwarded untouched (N6); `aborted`, because a request does not meet another one's unload (W10). A
//! cause that takes a situation has its test where that situation is: 401 rows 13 and 24, 400 `bad_requests`, 409 for
//! websockets row 64, ComfyUI without a model row 62, 429 row 94, 503 row 89, timeouts P07 to P09, unloaded while waiting
//! row 77, shutting down S40 and, for peers, `the_end_of_herder_waits_for_peers_and_refuses_new_requests`.

use herder_testkit::{PATIENCE, Response, Router, poll_until};
use http::Method;

use crate::fixture::{CHAT, builder, chat, error};

/// What is asked, the status, the code, and how the message begins.
struct Row {
    cause: &'static str,
    method: Method,
    target: &'static str,
    body: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
}

fn row(
    cause: &'static str,
    (method, target, body): (Method, &'static str, &'static str),
    (status, code, message): (u16, &'static str, &'static str),
) -> Row {
    Row {
        cause,
        method,
        target,
        body,
        status,
        code,
        message,
    }
}

fn rows() -> [Row; 11] {
    [
        row(
            "no model could be extracted",
            (Method::POST, CHAT, "{}"),
            (404, "not_found", "no model id could be identified"),
        ),
        row(
            "disabled by the profile",
            (Method::POST, CHAT, r#"{"model":"banned"}"#),
            (404, "not_found", "no model id could be identified"),
        ),
        row(
            "model unknown",
            (Method::POST, CHAT, r#"{"model":"who"}"#),
            (404, "not_found", "no router for requested model"),
        ),
        row(
            "/upstream: name not resolvable",
            (Method::GET, "/upstream/who/x", ""),
            (404, "not_found", "model not found"),
        ),
        row(
            "unload: name not resolvable",
            (Method::POST, "/api/models/unload/who", ""),
            (404, "not_found", "model not found"),
        ),
        row(
            "unload of something not local",
            (Method::POST, "/api/models/unload/attic/nova-70b", ""),
            (404, "not_found", "no local server found for requested model"),
        ),
        row(
            "static asset on unloaded model",
            (Method::GET, "/upstream/lynx-7b/app.js", ""),
            (
                409,
                "conflict",
                "model lynx-7b is not loaded; path matches upstream.ignorePaths",
            ),
        ),
        row(
            "ComfyUI sub-path while not ready",
            (Method::GET, "/comfyui/api/queue", ""),
            (
                409,
                "conflict",
                "model comfyui_auto is not loaded; only /comfyui/ can start it",
            ),
        ),
        // decisions.md, Q4: 502 instead of 500.
        row(
            "quirk Q4: start failed",
            (Method::POST, CHAT, r#"{"model":"broken"}"#),
            (
                502,
                "bad_gateway",
                "unspecific error: upstream command exited prematurely",
            ),
        ),
        row(
            "peer unreachable",
            (Method::POST, CHAT, r#"{"model":"nova-70b"}"#),
            (502, "bad_gateway", "peer proxy error: "),
        ),
        row(
            "unknown log",
            (Method::GET, "/logs/stream/who", ""),
            (400, "bad_request", "invalid logger. Use "),
        ),
    ]
}

/// The fixture, with `nightly` as its active profile.
async fn router() -> Router {
    let router = builder("").start().await;
    let switched = router
        .request(Method::PUT, "/api/profiles/active", &[], r#"{"name":"nightly"}"#)
        .await;
    assert_eq!(switched.status, 200);
    router
}

#[tokio::test]
async fn http_0_4_messages_by_cause() {
    let router = router().await;
    for row in rows() {
        let ask = async |accept: &str| -> Response {
            let headers = [("content-type", "application/json"), ("accept", accept)];
            router
                .request(row.method.clone(), row.target, &headers, row.body)
                .await
        };
        let message = error(&ask("application/json").await, row.status, row.code);
        assert!(message.starts_with(row.message), "{}: {message}", row.cause);
        let text = ask("text/plain").await;
        assert_eq!(text.status, row.status, "{}", row.cause);
        assert_eq!(text.header("content-type"), Some("text/plain"), "{}", row.cause);
        let expected = format!("llama-swap: {}", row.message);
        assert!(
            text.text().starts_with(&expected),
            "{}: {}",
            row.cause,
            text.text()
        );
        let page = ask("text/html").await;
        assert_eq!(page.status, row.status, "{}", row.cause);
        assert_eq!(page.header("content-type"), Some("text/html"), "{}", row.cause);
        let expected = format!("<html><body><h1>llama-swap</h1><p>{}", row.message);
        assert!(
            page.text().starts_with(&expected),
            "{}: {}",
            row.cause,
            page.text()
        );
    }
}

/// With the matrix router the texts name it.
#[tokio::test]
async fn http_0_4_the_router_is_named() {
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config("models: {m: {cmd: '@FAKE@ --name m --port ${PORT} --load 60s'}}\nmatrix: {sets: {all: m}}\n")
        .start()
        .await;
    let unload = async {
        poll_until(PATIENCE, "the model starts", async || {
            (router.running().await.get("m")? == "starting").then_some(())
        })
        .await;
        router.post("/api/models/unload/m", &[], "").await
    };
    let (waited, unloaded) = tokio::join!(chat(&router, "m"), unload);
    assert_eq!(unloaded.status, 200);
    assert_eq!(
        error(&waited, 500, "internal_error"),
        "unspecific error: matrix: model unloaded"
    );
}
