//! Rows 78 to 86, and what else is said about profiles (spec/http-api.md 1.7, 1.9).

use herder_testkit::{PATIENCE, Response, Router, poll_until};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::{CHAT, builder, chat, echo, echoed_body, error, router, with_peers};

/// Asks for a profile; `body` is the whole request.
async fn switch(router: &Router, body: &'static str) -> Response {
    router
        .request(Method::PUT, "/api/profiles/active", &[], body)
        .await
}

async fn active(router: &Router) -> Value {
    router.get("/api/profiles").await.json()["active"].clone()
}

/// A router whose active profile is `nightly`.
async fn nightly() -> Router {
    let router = router().await;
    let answer = switch(&router, r#"{"name":"nightly"}"#).await;
    assert_eq!(answer.json(), json!({ "active": "nightly" }));
    router
}

/// The models that run, in order.
async fn running(router: &Router) -> Vec<String> {
    router.running().await.into_keys().collect()
}

#[tokio::test]
async fn row_078_the_profiles() {
    let router = builder("  daily: {pins: {x: orca-7b}}").start().await;
    assert_eq!(
        router.get("/api/profiles").await.json(),
        json!({
            "active": null,
            "profiles": [
                {"id": "daily", "description": "", "pins": {"x": "orca-7b"}},
                {
                    "id": "nightly",
                    "description": "after hours",
                    "pins": {
                        "default-llm": "orca-think", "banned": "", "vega/coder-32b": "lynx-7b", "via-sel": "front",
                    },
                },
            ],
        })
    );
    let plain = router_without_profiles().await.get("/api/profiles").await;
    assert_eq!(plain.json(), json!({"active": null, "profiles": []}));
}

async fn router_without_profiles() -> Router {
    Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config("models: {m: {cmd: x, proxy: \"http://localhost:9\"}}")
        .start()
        .await
}

#[tokio::test]
async fn row_079_switching() {
    let router = nightly().await;
    let table = [
        (r#"{"name":"zzz"}"#, 404, "not_found", "profile \"zzz\" not found"),
        (
            r#"{"name":5}"#,
            400,
            "bad_request",
            "profile name must be a string or null",
        ),
        ("{}", 400, "bad_request", "profile name is required"),
        ("[", 400, "bad_request", "invalid profile request"),
    ];
    for (body, status, code, message) in table {
        let answer = switch(&router, body).await;
        assert_eq!(error(&answer, status, code), message, "{body}");
        assert_eq!(active(&router).await, "nightly", "{body}");
    }
    assert_eq!(switch(&router, r#"{"name":"nightly"}"#).await.status, 200);
    assert_eq!(active(&router).await, "nightly");
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(64 * 1024));
    let answer = router
        .request(Method::PUT, "/api/profiles/active", &[], long)
        .await;
    assert_eq!(answer.status, 413);
    for (method, target, allow) in [
        (Method::POST, "/api/profiles/active", "PUT"),
        (Method::GET, "/api/profiles/active", "PUT"),
        (Method::PUT, "/api/profiles", "GET, HEAD"),
    ] {
        let answer = router.request(method, target, &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("allow")),
            (405, Some(allow)),
            "{target}"
        );
    }
}

#[tokio::test]
async fn row_080_to_082_pins() {
    let router = nightly().await;
    let answer = chat(&router, "default-llm").await;
    assert_eq!(
        echoed_body(&answer),
        json!({"model": "orca-think", "top_p": 0.1, "reasoning": {"effort": "high"}})
    );
    assert_eq!(running(&router).await, ["orca-7b"]);
    assert_eq!(
        error(&chat(&router, "banned").await, 404, "not_found"),
        "no model id could be identified"
    );
    for target in ["/upstream/banned/x", "/upstream/banned"] {
        assert_eq!(
            error(&router.get(target).await, 404, "not_found"),
            "model not found"
        );
    }
    let answer = chat(&router, "vega/coder-32b").await;
    assert_eq!(echoed_body(&answer), json!({ "model": "lynx-7b" }));
    assert_eq!(running(&router).await, ["lynx-7b", "orca-7b"]);
}

/// Row 83 and step 1 of http 1.9.
#[tokio::test]
async fn row_083_pins_of_upstream_paths() {
    let router = nightly().await;
    let body = r#"{"model":"default-llm"}"#;
    let headers = [("content-type", "application/json")];
    let answer = router.post("/upstream/default-llm/custom", &headers, body).await;
    let received = echo(&answer);
    assert_eq!(
        (&received["body"], &received["target"]),
        (&json!(body), &json!("/custom"))
    );
    assert_eq!(running(&router).await, ["orca-7b"]);
    for target in [
        "/upstream/vega/coder-32b/a%2Fb?x=%20y",
        "/upstream/vega%2Fcoder-32b/a%2Fb?x=%20y",
    ] {
        assert_eq!(echo(&router.get(target).await)["target"], "/a%2Fb?x=%20y");
    }
    assert_eq!(running(&router).await, ["lynx-7b", "orca-7b"]);
    let answer = router.get("/upstream/default-llm?q=1").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (301, Some("/upstream/orca-think/?q=1"))
    );
    // The target is a selector, and those are not for these paths.
    assert_eq!(
        error(&router.get("/upstream/via-sel/x").await, 404, "not_found"),
        "model not found"
    );
}

#[tokio::test]
async fn row_084_a_pin_to_a_selector() {
    let router = nightly().await;
    assert_eq!(
        echoed_body(&chat(&router, "via-sel").await)["model"],
        "orca-think"
    );
    assert_eq!(running(&router).await, ["orca-7b"]);
    let row = poll_until(PATIENCE, "the request is recorded", async || {
        let rows = router.get("/api/metrics/activity").await.json();
        rows["data"].get(0).cloned()
    })
    .await;
    assert_eq!(
        (&row["model"], &row["metadata"]["selector"]),
        (&json!("orca-7b"), &json!("front"))
    );
}

#[tokio::test]
async fn row_085_pins_in_the_list() {
    let router = nightly().await;
    let list = router.get("/v1/models").await.json();
    let data = list["data"].as_array().expect("a list");
    let find = |id: &str| data.iter().find(|entry| entry["id"] == id);
    let kind = |id: &str| find(id).map(|entry| entry["meta"]["llamaswap"]["type"].clone());
    for pin in ["default-llm", "via-sel"] {
        assert_eq!(kind(pin), Some(json!("profile")), "{pin}");
    }
    assert_eq!(kind("banned"), None);
    assert_eq!(kind("vega/coder-32b"), Some(json!("model")));
    let pin = find("default-llm").expect("it is listed");
    assert_eq!(
        (&pin["status"]["value"], pin.get("name")),
        (&json!("unloaded"), None)
    );
    assert!(data.is_sorted_by_key(|entry| entry["id"].as_str()));
}

#[tokio::test]
async fn row_086_without_a_profile() {
    for body in [r#"{"name":null}"#, r#"{"name":""}"#] {
        let router = nightly().await;
        assert_eq!(switch(&router, body).await.json(), json!({ "active": null }));
        assert_eq!(active(&router).await, Value::Null);
        assert_eq!(
            error(&chat(&router, "default-llm").await, 404, "not_found"),
            "no router for requested model"
        );
    }
}

/// Pins come before everything else, also for peers; they do not chain.
#[tokio::test]
async fn http_3_2_the_order_of_names() {
    let fixture = with_peers(
        "  order: {pins: {a: nova-70b, orca-7b: attic/org/moon, pool: lynx-7b, lynx-7b: chatty, nova-70b: lynx-7b}}",
    )
    .await;
    let router = &fixture.router;
    assert_eq!(switch(router, r#"{"name":"order"}"#).await.status, 200);
    for (requested, received, at_peer) in [
        ("a", "nova-70b", true),
        ("orca-7b", "org/moon", true),
        ("pool", "lynx-7b", false),
        ("lynx-7b", "chatty", false),
        ("nova-70b", "lynx-7b", false),
    ] {
        let answer = chat(router, requested).await;
        assert_eq!(echoed_body(&answer)["model"], received, "{requested}");
        let host = echo(&answer)["host"].clone();
        assert_eq!(host == fixture.attic.address(), at_peer, "{requested}");
    }
    // The body says the pin's name, and stays.
    let body = r#"{"model":"a"}"#;
    let headers = [("content-type", "application/json")];
    let answer = router.post("/upstream/a/x", &headers, body).await;
    assert_eq!(echo(&answer)["target"], "/base/x");
    assert_eq!(echo(&answer)["body"], body);
}

/// decisions.md, Q20: a pin works wherever the name is written.
#[tokio::test]
async fn quirk_q20_pins_in_every_encoding() {
    let router = nightly().await;
    let form = |model: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--cut--\r\n")
    };
    let (sent, received) = (form("default-llm"), form("orca-think"));
    for (target, content_type, body, expected_target, expected_body) in [
        (
            "/v1/audio/voices",
            "application/x-www-form-urlencoded",
            "model=default-llm&x=+",
            "/v1/audio/voices",
            "model=orca-think&x=+",
        ),
        (
            "/v1/audio/transcriptions",
            "multipart/form-data; boundary=cut",
            &sent,
            "/v1/audio/transcriptions",
            &received,
        ),
        (
            "/v1/audio/voices?model=default-llm",
            "audio/wav",
            "RIFF",
            "/v1/audio/voices?model=orca-think",
            "RIFF",
        ),
    ] {
        let answer = router
            .post(target, &[("content-type", content_type)], body.to_owned())
            .await;
        let echo = echo(&answer);
        assert_eq!(
            (&echo["target"], &echo["body"]),
            (&json!(expected_target), &json!(expected_body))
        );
    }
    let answer = router.get("/props?model=default-llm").await;
    assert_eq!(echo(&answer)["target"], "/props?model=orca-think");
    let answer = router.get("/props?model=banned").await;
    assert_eq!(
        error(&answer, 404, "not_found"),
        "no model id could be identified"
    );
}

/// http 1.6 and 1.11: profiles do not apply to unloading and logs.
#[tokio::test]
async fn http_1_6_where_pins_do_not_count() {
    let router = nightly().await;
    assert_eq!(
        router
            .post_json(CHAT, &json!({ "model": "orca-7b" }))
            .await
            .status,
        200
    );
    let answer = router.post("/api/models/unload/default-llm", &[], "").await;
    assert_eq!(error(&answer, 404, "not_found"), "model not found");
    assert_eq!(
        router
            .post("/api/models/unload/vega/coder-32b", &[], "")
            .await
            .status,
        200
    );
    assert_eq!(router.get("/logs/stream/default-llm").await.status, 400);
}
