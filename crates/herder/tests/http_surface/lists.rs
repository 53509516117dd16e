//! Rows 67 to 77: model list, running models, unload.

use herder_testkit::{PATIENCE, poll_until};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::{builder, chat, error, router};

fn entry(list: &Value, id: &str) -> Value {
    let data = list["data"].as_array().expect("a list");
    data.iter()
        .find(|entry| entry["id"] == id)
        .unwrap_or_else(|| panic!("no {id} in {list}"))
        .clone()
}

fn ids(list: &Value) -> Vec<String> {
    let data = list["data"].as_array().expect("a list");
    data.iter()
        .map(|entry| entry["id"].as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn row_067_the_list() {
    let router = router().await;
    let origin = [("origin", "https://app.test")];
    let mut lists = Vec::new();
    for target in ["/models", "/v1/models"] {
        let answer = router.request(Method::GET, target, &origin, "").await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("https://app.test"),
            "{target}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{target}"
        );
        let mut list = answer.json();
        for entry in list["data"].as_array_mut().unwrap() {
            assert!(entry["created"].take().as_u64() > Some(1_600_000_000), "{entry}");
        }
        lists.push(list);
    }
    assert_eq!(lists[0], lists[1]);
    assert_eq!(lists[0]["object"], "list");
    assert_eq!(
        ids(&lists[0]),
        [
            "attic/nova-70b",
            "attic/org/moon",
            "attic/shared-x",
            "broken",
            "cellar/shared-x",
            "comfyui_auto",
            "front",
            "hot",
            "lynx-7b",
            "orca-7b",
            "pool",
            "slowpoke",
            "vega/coder-32b",
        ]
    );
    let peer = entry(&lists[0], "attic/nova-70b");
    assert_eq!(
        peer,
        json!({
            "id": "attic/nova-70b", "object": "model", "created": null, "owned_by": "llama-swap",
            "name": "attic: nova-70b", "meta": {"llamaswap": {"type": "peer", "peerID": "attic"}},
            "status": {"value": "unloaded"},
        })
    );
    let pool = entry(&lists[0], "pool");
    assert_eq!(
        pool,
        json!({
            "id": "pool", "object": "model", "created": null, "owned_by": "llama-swap", "name": "Pool",
            "meta": {"llamaswap": {
                "type": "selector", "strategy": "spillover", "targets": ["orca-7b", "lynx-7b"], "spillover": 1,
            }},
            "status": {"value": "unloaded"},
        })
    );
    assert_eq!(
        entry(&lists[0], "front")["meta"]["llamaswap"],
        json!({"type": "selector", "strategy": "pin", "targets": ["orca-think", "attic/nova-70b"]})
    );
}

/// http 1.5: metadata of a selector, beside herder's own keys, which win.
#[tokio::test]
async fn http_1_5_metadata_of_a_selector() {
    let more = r#"
models: {m: {cmd: x, proxy: "http://localhost:9"}}
selectors:
  s: {strategy: warm, targets: [m], description: " warm ", metadata: {type: mine, tier: gold}}
"#;
    let router = herder_testkit::Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(more)
        .start()
        .await;
    let list = router.get("/v1/models").await.json();
    let selector = entry(&list, "s");
    assert_eq!(selector["description"], "warm");
    assert_eq!(
        selector["meta"]["llamaswap"],
        json!({"type": "selector", "tier": "gold", "strategy": "warm", "targets": ["m"]})
    );
}

#[tokio::test]
async fn row_068_a_plain_model() {
    let list = router().await.get("/v1/models").await.json();
    let orca = entry(&list, "orca-7b");
    assert_eq!(
        (&orca["name"], &orca["owned_by"]),
        (&json!("Orca"), &json!("llama-swap"))
    );
    assert_eq!(
        orca["meta"],
        json!({"llamaswap": {"type": "model", "aliases": ["chatty", "orca-think"]}})
    );
    for absent in [
        "architecture",
        "context_length",
        "capabilities",
        "supported_parameters",
        "description",
    ] {
        assert!(orca.get(absent).is_none(), "{orca}");
    }
}

#[tokio::test]
async fn row_069_capabilities() {
    let list = router().await.get("/v1/models").await.json();
    let vega = entry(&list, "vega/coder-32b");
    assert_eq!(vega["architecture"]["modality"], "text+image->text");
    assert_eq!(
        vega["capabilities"],
        json!({"vision": true, "function_calling": true})
    );
    assert_eq!(vega["supported_parameters"], json!(["tools", "tool_choice"]));
    assert_eq!(
        (&vega["context_length"], &vega["meta"]["n_ctx"]),
        (&json!(65536), &json!(65536))
    );
    assert_eq!(
        vega["meta"]["llamaswap"],
        json!({"type": "model", "tier": "gold"})
    );
}

#[tokio::test]
async fn row_070_metadata_beside_capabilities() {
    let models = r#"
models:
  with: {cmd: x, proxy: "http://localhost:9", metadata: {architecture: x, note: y}, capabilities: {tools: true}}
  without: {cmd: x, proxy: "http://localhost:9", metadata: {architecture: x, note: y, type: mine}}
"#;
    let router = herder_testkit::Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(models)
        .start()
        .await;
    let list = router.get("/v1/models").await.json();
    assert_eq!(
        entry(&list, "with")["meta"]["llamaswap"],
        json!({"type": "model", "note": "y"})
    );
    assert_eq!(
        entry(&list, "without")["meta"]["llamaswap"],
        json!({"type": "model", "note": "y", "architecture": "x"})
    );
}

#[tokio::test]
async fn row_071_aliases_in_the_list() {
    let router = builder("includeAliasesInList: true").start().await;
    chat(&router, "orca-7b").await;
    let list = router.get("/v1/models").await.json();
    let alias = entry(&list, "chatty");
    assert_eq!(
        alias["meta"]["llamaswap"],
        json!({"type": "alias", "modelID": "orca-7b"})
    );
    assert_eq!(
        (&alias["name"], &alias["status"]["value"]),
        (&json!("Orca"), &json!("loaded"))
    );
}

#[tokio::test]
async fn row_072_status() {
    let router = router().await;
    chat(&router, "orca-7b").await;
    let before = [
        ("orca-7b", "loaded"),
        ("lynx-7b", "unloaded"),
        ("attic/nova-70b", "unloaded"),
        ("pool", "loaded"),
        ("hot", "loaded"),
        ("front", "loaded"),
    ];
    let list = router.get("/v1/models").await.json();
    for (id, expected) in before {
        assert_eq!(entry(&list, id)["status"]["value"], expected, "{id}");
    }
    chat(&router, "lynx-7b").await;
    router.post("/api/models/unload/orca-7b", &[], "").await;
    let list = router.get("/v1/models").await.json();
    for (id, expected) in [
        ("orca-7b", "unloaded"),
        ("pool", "loaded"),
        ("hot", "loaded"),
        ("front", "unloaded"),
    ] {
        assert_eq!(
            entry(&list, id)["status"]["value"],
            expected,
            "only lynx-7b: {id}"
        );
    }
}

#[tokio::test]
async fn row_073_running() {
    let router = router().await;
    assert_eq!(router.get("/running").await.json(), json!({ "running": [] }));
    chat(&router, "orca-7b").await;
    let running = router.get("/running").await.json();
    let [model] = running["running"].as_array().unwrap().as_slice() else {
        panic!("{running}")
    };
    let mut fields: Vec<_> = model.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "cmd",
            "costs",
            "description",
            "model",
            "name",
            "proxy",
            "state",
            "ttl"
        ]
    );
    let costs = &model["costs"];
    assert_eq!(
        (&costs["load"]["count"], &costs["stop"]),
        (&json!(1), &json!({ "seconds": null, "count": 0 }))
    );
    assert!(
        costs["load"]["seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds > 0.0),
        "{costs}"
    );
    assert_eq!(
        (&model["model"], &model["state"], &model["ttl"]),
        (&json!("orca-7b"), &json!("ready"), &json!(0))
    );
    assert!(
        model["proxy"].as_str().unwrap().starts_with("http://localhost:"),
        "{model}"
    );
    assert!(
        model["cmd"].as_str().unwrap().contains("--name orca-7b --port "),
        "{model}"
    );
}

/// decisions.md, "Secrets".
#[tokio::test]
async fn secrets_in_commands_are_masked() {
    let models = r#"
models:
  m: {cmd: "@FAKE@ --port ${PORT} --name ${env.HERDER_TEST_TOKEN}"}
"#;
    let router = herder_testkit::Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(models)
        .environment("HERDER_TEST_TOKEN", "tell-nobody")
        .start()
        .await;
    assert_eq!(chat(&router, "m").await.status, 200);
    let running = router.get("/running").await.text();
    assert!(
        running.contains("--name ***") && !running.contains("tell-nobody"),
        "{running}"
    );
    assert!(!router.get("/logs").await.text().contains("tell-nobody"));
}

/// The same when there is nothing to spawn: the error shows the command.
#[tokio::test]
async fn secrets_in_commands_that_cannot_start_are_masked() {
    let models = r#"
logLevel: debug
models:
  m: {cmd: "@DIR@/nothing --port ${PORT} --api-key key-of-mine --name ${env.HERDER_TEST_TOKEN}"}
"#;
    let router = herder_testkit::Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(models)
        .environment("HERDER_TEST_TOKEN", "tell-nobody")
        .start()
        .await;
    let answer = chat(&router, "m").await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    let logged = router.get("/logs").await.text();
    for text in [answer.text(), logged, router.stdout()] {
        assert!(
            !text.contains("tell-nobody") && !text.contains("key-of-mine"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn row_074_unload_one() {
    let router = router().await;
    chat(&router, "orca-7b").await;
    let answer = router.post("/api/models/unload/chatty", &[], "").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "OK"));
    assert!(router.running().await.is_empty());
    for target in [
        "/api/models/unload/vega/coder-32b",
        "/api/models/unload/vega%2Fcoder-32b",
    ] {
        assert_eq!(router.post(target, &[], "").await.status, 200, "{target}");
    }
}

#[tokio::test]
async fn row_075_unload_unknown() {
    let router = router().await;
    for target in [
        "/api/models/unload/nope",
        "/api/models/unload/attic/nova-70b",
        "/api/models/unload/",
    ] {
        error(&router.post(target, &[], "").await, 404, "not_found");
    }
}

#[tokio::test]
async fn row_076_unload_every() {
    let router = router().await;
    chat(&router, "orca-7b").await;
    chat(&router, "lynx-7b").await;
    assert_eq!(router.running().await.len(), 2);
    assert_eq!(router.get("/unload").await.text(), "OK");
    assert!(router.running().await.is_empty());
    chat(&router, "orca-7b").await;
    assert_eq!(
        router.post("/api/models/unload", &[], "").await.json(),
        json!({ "msg": "ok" })
    );
    assert!(router.running().await.is_empty());
}

#[tokio::test]
async fn row_077_unload_ends_the_wait_for_a_load() {
    let router = router().await;
    let waiting = chat(&router, "slowpoke");
    let unload = async {
        poll_until(PATIENCE, "slowpoke starts", async || {
            (router.running().await.get("slowpoke")? == "starting").then_some(())
        })
        .await;
        router.post("/api/models/unload/slowpoke", &[], "").await
    };
    let (waited, unloaded) = tokio::join!(waiting, unload);
    assert_eq!(unloaded.status, 200);
    let message = error(&waited, 500, "internal_error");
    assert_eq!(message, "unspecific error: group: model unloaded");
}
