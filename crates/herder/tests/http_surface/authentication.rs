//! Rows 13 to 24: API keys.

use herder_testkit::{Response, Router};
use http::Method;
use serde_json::json;

use crate::fixture::{CHAT, builder, echo, error};

/// Number of the row, headers, status.
type Row = (&'static str, &'static [(&'static str, &'static str)], u16);

async fn router() -> Router {
    builder("apiKeys: [k-alpha, k-beta]").start().await
}

async fn running(router: &Router, headers: &[(&str, &str)]) -> Response {
    router.request(Method::GET, "/running", headers, "").await
}

#[tokio::test]
async fn row_013_no_credentials() {
    let answer = running(&router().await, &[]).await;
    let message = error(&answer, 401, "unauthorized");
    assert_eq!(message, "unauthorized: invalid or missing API key");
    assert_eq!(answer.json()["error"]["type"], "authentication_error");
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Basic realm=\"llama-swap\"")
    );
}

/// Rows 14 to 21. Row 18 follows decisions.md: every candidate is tried, so a right key rescues a wrong one.
#[tokio::test]
async fn row_014_to_021_credentials() {
    let router = router().await;
    let table: [Row; 8] = [
        ("14", &[("authorization", "Bearer k-beta")], 200),
        ("15", &[("authorization", "bEaReR k-alpha")], 200),
        // any:k-alpha
        ("16", &[("authorization", "Basic YW55OmstYWxwaGE=")], 200),
        ("17", &[("x-api-key", "k-alpha")], 200),
        (
            "18",
            &[("authorization", "Bearer nope"), ("x-api-key", "k-alpha")],
            200,
        ),
        (
            "19",
            &[("authorization", "Basic %%%"), ("x-api-key", "k-alpha")],
            200,
        ),
        // k-alpha: (the key as user name)
        ("20", &[("authorization", "Basic ay1hbHBoYTo=")], 401),
        (
            "wrong",
            &[("authorization", "Bearer nope"), ("x-api-key", "neither")],
            401,
        ),
    ];
    for (row, headers, status) in table {
        assert_eq!(running(&router, headers).await.status, status, "row {row}");
    }
    assert_eq!(router.get("/running?api_key=k-alpha").await.status, 401, "row 21");
}

#[tokio::test]
async fn row_022_open_paths() {
    let router = router().await;
    for target in [
        "/health",
        "/wol-health",
        "/",
        "/favicon.ico",
        "/upstream",
        "/ui",
        "/ui/",
        "/ui/models",
        "/not-a-route",
        "//running",
        CHAT,
    ] {
        let answer = router.get(target).await;
        assert_ne!(answer.status, 401, "{target}");
    }
}

/// The row's paths but the web page, which has a form for the key, and the rest of the surface.
#[tokio::test]
async fn row_023_closed_paths() {
    let router = router().await;
    for target in [
        "/logs",
        "/logs/stream",
        "/logs/stream/proxy",
        "/v1/models",
        "/models",
        "/unload",
        "/api/version",
        "/api/profiles",
        "/api/events",
        "/api/metrics/activity",
        "/api/metrics/stats",
        "/api/captures/1",
        "/api/performance",
        "/api/hardware",
        "/api/config",
        "/metrics",
        "/comfyui",
        "/running",
        "/props?model=orca-7b",
        "/upstream/orca-7b/x",
        "/upstream/",
    ] {
        assert_eq!(router.get(target).await.status, 401, "{target}");
    }
    for target in [
        CHAT,
        "/v/chat/completions",
        "/api/models/unload",
        "/api/models/unload/x",
        "/api/inflight/1/cancel",
    ] {
        assert_eq!(router.post(target, &[], "").await.status, 401, "{target}");
    }
    let switch = router.request(Method::PUT, "/api/profiles/active", &[], r#"{"name":null}"#);
    assert_eq!(switch.await.status, 401);
}

#[tokio::test]
async fn row_024_the_form_of_the_401_follows_the_client() {
    let answer = running(&router().await, &[("accept", "text/plain")]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.text(),
        "llama-swap: unauthorized: invalid or missing API key"
    );
}

/// decisions.md, Q10: herder's own key goes no further; other credentials are for the model.
#[tokio::test]
async fn quirk_q10_a_matched_key_is_not_forwarded() {
    let router = router().await;
    let headers = [
        ("authorization", "Bearer for-the-model"),
        ("x-api-key", "k-alpha"),
    ];
    let answer = router
        .post_json_with(CHAT, &headers, &json!({ "model": "lynx-7b" }))
        .await;
    let received = echo(&answer)["headers"].clone();
    assert_eq!(received["authorization"], "Bearer for-the-model");
    assert!(received.get("x-api-key").is_none(), "{received}");
}
