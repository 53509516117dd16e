//! Rows 1 to 12: liveness, routing, CORS.

use http::Method;
use serde_json::json;

use crate::fixture::{CHAT, builder, chat, error, router};

#[tokio::test]
async fn row_001_health() {
    let router = router().await;
    let answer = router.get("/health").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "OK"));
    let answer = router.request(Method::HEAD, "/wol-health", &[], "").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, ""));
}

#[tokio::test]
async fn row_002_home_redirects_to_the_ui() {
    let router = router().await;
    for target in ["/", "/?z=1"] {
        let answer = router.get(target).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (302, Some("/ui")),
            "{target}"
        );
    }
}

#[tokio::test]
async fn row_003_bare_upstream() {
    let router = router().await;
    let answer = router.get("/upstream").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (302, Some("/ui/models"))
    );
    let answer = router.post("/upstream", &[], "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (307, Some("/upstream/"))
    );
    error(&router.post("/upstream/", &[], "").await, 404, "not_found");
}

/// decisions.md, Q1 and Q3: the envelope, unless the client prefers text.
#[tokio::test]
async fn row_004_unknown_route() {
    let router = router().await;
    error(&router.get("/not-a-route").await, 404, "not_found");
    let answer = router
        .request(Method::GET, "/not-a-route", &[("accept", "text/html,*/*")], "")
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.text().as_str()),
        (404, "404 page not found\n")
    );
    let answer = router
        .request(
            Method::GET,
            "/not-a-route",
            &[("accept", "application/json, text/plain, */*")],
            "",
        )
        .await;
    error(&answer, 404, "not_found");
}

#[tokio::test]
async fn row_005_and_006_wrong_methods() {
    let router = router().await;
    let answer = router.get(CHAT).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, Some("POST"))
    );
    let answer = router.request(Method::PUT, "/v1/audio/voices", &[], "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, Some("GET, HEAD, POST"))
    );
}

#[tokio::test]
async fn row_007_unclean_paths_are_redirected() {
    let router = router().await;
    let table = [
        ("//v1/chat/completions", "/v1/chat/completions"),
        (
            "/v1/./chat/../chat/completions?a=//b",
            "/v1/chat/completions?a=//b",
        ),
    ];
    for (target, location) in table {
        let answer = router.post(target, &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (307, Some(location)),
            "{target}"
        );
    }
}

#[tokio::test]
async fn row_008_a_trailing_slash_is_another_path() {
    assert_eq!(router().await.get("/v1/models/").await.status, 404);
}

#[tokio::test]
async fn row_009_preflight() {
    let router = router().await;
    let answer = router.request(Method::OPTIONS, "/v1/messages", &[], "").await;
    assert_eq!(answer.status, 204);
    let expected = [
        ("access-control-allow-origin", "*"),
        (
            "access-control-allow-methods",
            "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            "access-control-allow-headers",
            "Content-Type, Authorization, Accept, X-Requested-With",
        ),
        ("access-control-max-age", "86400"),
    ];
    for (name, value) in expected {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn row_010_preflight_repeats_the_sensible_headers() {
    let router = router().await;
    let asked = [("access-control-request-headers", "X-One , Bad Name,Y@z, x-two")];
    let answer = router.request(Method::OPTIONS, "/x", &asked, "").await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("access-control-allow-headers")
        ),
        (204, Some("X-One, x-two"))
    );
}

#[tokio::test]
async fn row_011_preflight_needs_no_key_and_starts_nothing() {
    let router = builder("apiKeys: [k-alpha]").start().await;
    let answer = router
        .request(Method::OPTIONS, "/upstream/orca-7b/v1/foo", &[], "")
        .await;
    assert_eq!(answer.status, 204);
    let key = [("x-api-key", "k-alpha")];
    let running = router.request(Method::GET, "/running", &key, "").await;
    assert_eq!(running.json(), json!({ "running": [] }));
}

#[tokio::test]
async fn row_012_version() {
    let version = router().await.get("/api/version").await.json();
    let version = version.as_object().unwrap();
    let mut names: Vec<_> = version.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["build_date", "commit", "version"]);
    assert!(version.values().all(serde_json::Value::is_string));
}

/// decisions.md, Q5: herder's own JSON can be read by pages of other origins, and a model's answer stays its own.
#[tokio::test]
async fn quirk_q5_errors_can_be_read_from_other_origins() {
    let router = router().await;
    let origin = [("origin", "https://app.test")];
    for target in ["/not-a-route", "/running", "/upstream/nope/x"] {
        let answer = router.request(Method::GET, target, &origin, "").await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("https://app.test"),
            "{target}"
        );
    }
    let answer = router
        .post_json_with(CHAT, &origin, &json!({ "model": "orca-7b" }))
        .await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("access-control-allow-origin")
        ),
        (200, None)
    );
    assert_eq!(
        chat(&router, "orca-7b")
            .await
            .header("access-control-allow-origin"),
        None
    );
}
