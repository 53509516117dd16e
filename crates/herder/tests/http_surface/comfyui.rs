//! Rows 59 to 62 and the part of 23 that is ComfyUI's.

use herder_testkit::{PATIENCE, Router, poll_until};
use http::Method;

use crate::fixture::{echo, error};

const COMFY: &str = r#"
models:
  comfyui_auto: {cmd: "@FAKE@ --name comfyui --port ${PORT} --event-log @DIR@/events"}
  orca-7b: {cmd: "@FAKE@ --name orca-7b --port ${PORT} --event-log @DIR@/events"}
"#;

const SUB_PATH_MESSAGE: &str = "model comfyui_auto is not loaded; only /comfyui/ can start it";

async fn router(config: &str) -> Router {
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(config)
        .start()
        .await
}

#[tokio::test]
async fn row_023_comfyui_needs_a_key() {
    let router = router(&format!("{COMFY}apiKeys: [k-alpha]\n")).await;
    for target in ["/comfyui", "/comfyui/", "/comfyui/api/queue"] {
        error(&router.get(target).await, 401, "unauthorized");
    }
    let headers = [("x-api-key", "k-alpha")];
    let answer = router.request(Method::GET, "/comfyui/", &headers, "").await;
    assert_eq!(echo(&answer)["target"], "/");
    assert!(echo(&answer)["headers"]["x-api-key"].is_null());
}

#[tokio::test]
async fn row_059_without_a_slash() {
    let router = router(COMFY).await;
    for (method, status) in [
        (Method::GET, 301),
        (Method::HEAD, 301),
        (Method::POST, 308),
        (Method::PUT, 308),
    ] {
        let answer = router.request(method.clone(), "/comfyui?t=1", &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (status, Some("/comfyui/?t=1")),
            "{method}"
        );
    }
    assert!(router.running().await.is_empty());
}

#[tokio::test]
async fn row_060_only_the_front_page_starts_it() {
    let slow = COMFY.replace("--name comfyui", "--name comfyui --load 2s");
    let router = router(&slow).await;
    let stopped = router.get("/comfyui/api/queue").await;
    assert_eq!(error(&stopped, 409, "conflict"), SUB_PATH_MESSAGE);
    assert!(router.running().await.is_empty());

    let client = router.client();
    let front = tokio::spawn(async move { client.get("/comfyui/").await });
    poll_until(PATIENCE, "it starts", async || {
        router.running().await.get("comfyui_auto").map(drop)
    })
    .await;
    // The load takes two seconds from here on; an answer after it would be a wait.
    let starting = router.get("/comfyui/api/queue").await;
    assert_eq!(error(&starting, 409, "conflict"), SUB_PATH_MESSAGE);
    assert_eq!(echo(&front.await.unwrap())["target"], "/");
}

#[tokio::test]
async fn row_061_paths_arrive_as_they_were_spelt() {
    let router = router(COMFY).await;
    assert_eq!(echo(&router.get("/comfyui/?t=1").await)["target"], "/?t=1");
    let body = r#"{"model": "orca-7b"}"#;
    let answer = router
        .post(
            "/comfyui/api/u%2Fv.json?p=1",
            &[("content-type", "application/json")],
            body,
        )
        .await;
    let echo = echo(&answer);
    assert_eq!(echo["target"], "/api/u%2Fv.json?p=1");
    assert_eq!((&echo["method"], &echo["body"]), (&"POST".into(), &body.into()));
    assert!(!router.running().await.contains_key("orca-7b"));
}

#[tokio::test]
async fn row_062_only_a_model_of_ours_counts() {
    for config in [
        "models: {orca-7b: {cmd: \"@FAKE@ --port ${PORT}\"}}\n",
        "models: {orca-7b: {cmd: \"@FAKE@ --port ${PORT}\", aliases: [comfyui_auto]}}\n",
        "peers: {attic: {proxy: \"http://127.0.0.1:9\", models: [comfyui_auto]}}\n",
    ] {
        let router = router(config).await;
        for target in ["/comfyui/", "/comfyui/api/queue"] {
            let answer = router.get(target).await;
            assert_eq!(
                error(&answer, 404, "not_found"),
                "local model comfyui_auto not found",
                "{config}"
            );
        }
    }
}
