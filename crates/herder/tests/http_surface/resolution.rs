//! Rows 25 to 41, 48 and 50: which model, on which path, with which body.

use herder_testkit::Router;
use http::Method;
use serde_json::{Value, json};

use crate::activity::newest;
use crate::fixture::{CHAT, chat, echo, echoed_body, error, router};

const BOUNDARY: &str = "multipart/form-data; boundary=cut";

fn transcription(model: &str) -> String {
    format!(
        "--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--cut\r\nContent-Disposition: \
         form-data; name=\"prompt\"\r\n\r\nhi\r\n--cut\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFFdata\r\n--cut--\r\n"
    )
}

#[tokio::test]
async fn row_025_filters() {
    let router = router().await;
    let body = r#"{"model":"orca-7b","temperature":1,"meta":{"tag":"t","k":1},"z":1}"#;
    let answer = router
        .post(CHAT, &[("content-type", "application/json")], body)
        .await;
    let received = echoed_body(&answer);
    assert_eq!(
        received,
        json!({"model": "orca-7b", "meta": {"k": 1}, "z": 1, "top_p": 0.9})
    );
    let echo = echo(&answer);
    let length = echo["body"].as_str().unwrap().len().to_string();
    assert_eq!(echo["headers"]["content-length"], length.as_str());
}

#[tokio::test]
async fn row_026_filters_by_the_requested_name() {
    let router = router().await;
    let received = echoed_body(&chat(&router, "orca-think").await);
    assert_eq!(
        received,
        json!({"model": "orca-think", "top_p": 0.1, "reasoning": {"effort": "high"}})
    );
}

#[tokio::test]
async fn row_027_an_alias_runs_its_model() {
    let router = router().await;
    let received = echoed_body(&chat(&router, "chatty").await);
    assert_eq!(received, json!({"model": "chatty", "top_p": 0.9}));
    let running = router.running().await;
    assert_eq!(
        running.get("orca-7b").map(String::as_str),
        Some("ready"),
        "{running:?}"
    );
}

#[tokio::test]
async fn row_028_use_model_name() {
    let router = router().await;
    let received = echoed_body(&chat(&router, "vega/coder-32b").await);
    assert_eq!(received, json!({"model": "vega-q4"}));
}

/// decisions.md, Q11: every other byte stays.
#[tokio::test]
async fn row_029_use_model_name_in_multipart() {
    let router = router().await;
    let sent = transcription("scribe");
    let answer = router
        .post(
            "/v1/audio/transcriptions",
            &[("content-type", BOUNDARY)],
            sent.clone(),
        )
        .await;
    let echo = echo(&answer);
    assert_eq!(echo["body"], transcription("scribe-v3").as_str());
    assert_eq!(echo["headers"]["content-type"], BOUNDARY);
    assert_eq!(echo["target"], "/v1/audio/transcriptions");
    assert_eq!(newest(&router, 1).await["model"], "scribe");
}

#[tokio::test]
async fn row_030_multipart_without_edits_is_byte_identical() {
    let router = router().await;
    let sent = transcription("orca-7b");
    let answer = router
        .post(
            "/v1/audio/transcriptions",
            &[("content-type", BOUNDARY)],
            sent.clone(),
        )
        .await;
    assert_eq!(echo(&answer)["body"], sent.as_str());
}

#[tokio::test]
async fn row_031_no_model() {
    let router = router().await;
    for body in ["{}", r#"{"model":""}"#, "nonsense", "", r#"{"model":null}"#, "[]"] {
        let answer = router
            .post(CHAT, &[("content-type", "application/json")], body)
            .await;
        assert_eq!(
            error(&answer, 404, "not_found"),
            "no model id could be identified",
            "{body}"
        );
    }
}

#[tokio::test]
async fn row_032_and_033_unknown_models() {
    let router = router().await;
    for model in ["who", "Orca-7b", " orca-7b", "orca-7b "] {
        let answer = chat(&router, model).await;
        assert_eq!(
            error(&answer, 404, "not_found"),
            "no router for requested model",
            "{model:?}"
        );
    }
}

#[tokio::test]
async fn row_034_json_without_its_content_type() {
    let answer = router().await.post(CHAT, &[], r#"{"model":"orca-7b"}"#).await;
    assert_eq!(
        error(&answer, 404, "not_found"),
        "no model id could be identified"
    );
}

#[tokio::test]
async fn row_035_the_model_in_the_query() {
    let router = router().await;
    let target = "/v1/chat/completions?model=orca-7b";
    let answer = router
        .post(target, &[("content-type", "text/plain")], "hello")
        .await;
    let echo = echo(&answer);
    assert_eq!(
        (&echo["target"], &echo["body"]),
        (&json!(target), &json!("hello"))
    );
}

#[tokio::test]
async fn row_036_to_038_models_of_get_requests() {
    let router = router().await;
    for target in [
        "/props?model=chatty&x=1",
        "/sdapi/v1/loras?model=orca-7b",
        "/v1/audio/voices?model=orca-7b",
    ] {
        let echo = echo(&router.get(target).await);
        assert_eq!(
            (&echo["method"], &echo["target"]),
            (&json!("GET"), &json!(target))
        );
    }
    let answer = router.get("/props").await;
    assert_eq!(
        error(&answer, 404, "not_found"),
        "no model id could be identified"
    );
    assert_eq!(
        router
            .request(Method::HEAD, "/props?model=orca-7b", &[], "")
            .await
            .status,
        200
    );
}

async fn target_of(router: &Router, path: &str) -> Value {
    let answer = router.post_json(path, &json!({ "model": "orca-7b" })).await;
    echo(&answer)["target"].clone()
}

#[tokio::test]
async fn row_039_and_040_prefixes_are_removed() {
    let router = router().await;
    assert_eq!(
        target_of(&router, "/v/chat/completions").await,
        "/chat/completions"
    );
    assert_eq!(
        target_of(&router, "/v/chat/completions?a=%20b").await,
        "/chat/completions?a=%20b"
    );
    assert_eq!(
        target_of(&router, "/audioapi/v1/tasks/run").await,
        "/v1/tasks/run"
    );
}

#[tokio::test]
async fn row_041_every_post_path() {
    let router = router().await;
    let same = [
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/completions",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/embeddings",
        "/rerank",
        "/reranking",
        "/v1/rerank",
        "/v1/reranking",
        "/infill",
        "/completion",
        "/v1/audio/speech",
        "/v1/audio/voices",
        "/v1/audio/transcriptions",
        "/v1/images/generations",
        "/v1/images/edits",
        "/sdapi/v1/txt2img",
        "/sdapi/v1/img2img",
    ];
    for path in same {
        assert_eq!(target_of(&router, path).await, path);
    }
    let without_v = [
        "/chat/completions",
        "/responses",
        "/completions",
        "/messages",
        "/messages/count_tokens",
        "/embeddings",
        "/rerank",
        "/reranking",
    ];
    for path in without_v {
        assert_eq!(target_of(&router, &format!("/v{path}")).await, path);
    }
}

/// decisions.md, Q9: the model server sees its own host, and the client's in `X-Forwarded-Host`.
#[tokio::test]
async fn row_048_forwarding_headers() {
    let router = router().await;
    let headers = [("host", "herder.test"), ("x-forwarded-for", "10.1.1.1")];
    let answer = router
        .post_json_with(CHAT, &headers, &json!({ "model": "orca-7b" }))
        .await;
    let echo = echo(&answer);
    assert_eq!(echo["headers"]["x-forwarded-for"], "10.1.1.1, 127.0.0.1");
    assert_eq!(echo["headers"]["x-forwarded-host"], "herder.test");
    assert!(echo["host"].as_str().unwrap().starts_with("localhost:"), "{echo}");
}

/// decisions.md, "Load failure status".
#[tokio::test]
async fn row_050_a_model_that_cannot_start() {
    let router = router().await;
    let message = error(&chat(&router, "broken").await, 502, "bad_gateway");
    assert!(
        message.starts_with("unspecific error: upstream command exited prematurely"),
        "{message}"
    );
    assert!(message.contains("exit status 1"), "{message}");
    assert!(router.running().await.is_empty());
}
