//! `GET /api/models`, with real processes.

use herder_testkit::{PATIENCE, Router, poll_until};
use http::Method;
use serde_json::{Value, json};

use crate::fixture::{chat, error, router};

async fn models(router: &Router, query: &str) -> Vec<Value> {
    let answer = router.get(&format!("/api/models{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["models"].as_array().unwrap().clone()
}

async fn one(router: &Router, model: &str) -> Value {
    let found = models(router, &format!("?model={model}")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn time(value: &Value) -> jiff::Timestamp {
    let text = value.as_str().unwrap_or_else(|| panic!("a time, not {value}"));
    text.parse().unwrap()
}

/// Seconds from one time to another.
fn between(from: &Value, until: &Value) -> f64 {
    time(until).duration_since(time(from)).as_secs_f64()
}

fn ids(models: &[Value]) -> Vec<&str> {
    models.iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn details_of_models_that_never_ran() {
    let router = router().await;
    let all = models(&router, "").await;
    assert_eq!(
        ids(&all),
        [
            "broken",
            "comfyui_auto",
            "lynx-7b",
            "orca-7b",
            "scribe",
            "slowpoke",
            "vega/coder-32b"
        ]
    );
    let mut orca = one(&router, "chatty").await;
    // Of many it would be said many times.
    let members = orca["residency"]["members"].take();
    orca["residency"].as_object_mut().unwrap().remove("members");
    assert_eq!(orca, all[3]);
    orca["residency"]["members"] = members;
    for running in ["cmd", "proxy"] {
        assert!(
            orca[running].take().as_str().is_some_and(|text| !text.is_empty()),
            "{running}"
        );
    }
    let unmeasured = json!({ "seconds": null, "count": 0 });
    assert_eq!(
        orca,
        json!({
            "id": "orca-7b", "name": "Orca", "description": "", "aliases": ["chatty", "orca-think"], "unlisted": false,
            "state": "stopped", "since": null, "cmd": null, "cmd_stop": null, "proxy": null,
            "check_endpoint": "/health", "pid": null, "ttl_seconds": 0, "unload_at": null,
            "concurrency_limit": 2, "in_flight": 0, "queued": 0,
            "residency": {
                "kind": "group", "group": "duo", "swap": false, "exclusive": true, "persistent": false,
                "members": ["orca-7b", "lynx-7b"],
            },
            "filters": [
                "stripParams: meta.tag, temperature",
                "setParams: top_p",
                "setParamsByID orca-think: reasoning.effort, top_p",
            ],
            "metadata": null,
            "costs": { "load": unmeasured, "stop": unmeasured, "service": unmeasured },
            "resident_bytes": null, "last_failure": null,
        })
    );
    let vega = &all[6];
    assert_eq!(vega["filters"], json!(["useModelName: vega-q4"]));
    assert_eq!(vega["metadata"], json!({ "tier": "gold" }));
    assert_eq!(
        vega["capabilities"],
        json!({ "vision": true, "function_calling": true })
    );
    assert_eq!(vega["context_length"], 65536);
    assert_eq!(vega["residency"]["group"], "(default)");
    assert_eq!(all[4]["unlisted"], true);
}

#[tokio::test]
async fn details_want_the_name_of_a_model() {
    let router = router().await;
    for (name, status, code, fragment) in [
        ("orca-7", 404, "not_found", "did you mean \"orca-7b\"?"),
        ("pool", 400, "bad_request", "is a selector"),
        ("attic/nova-70b", 400, "bad_request", "of the peer \"attic\""),
    ] {
        let message = error(
            &router.get(&format!("/api/models?model={name}")).await,
            status,
            code,
        );
        assert!(message.contains(fragment), "{name}: {message}");
    }
}

#[tokio::test]
async fn details_of_a_model_that_runs() {
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(
            r#"
models:
  oak:
    cmd: "@FAKE@ --name oak --port ${PORT} --event-log @DIR@/events --log-env 'TOKEN=hunter22'"
    cmdStop: 'sh -c "kill ${PID}" http://me:hsh@host/'
    env: ["TOKEN=hunter22"]
    ttl: 900
"#,
        )
        .start()
        .await;
    assert_eq!(chat(&router, "oak").await.status, 200);
    // The answer has ended when its client has read it, or a moment later.
    let oak = poll_until(PATIENCE, "the idle clock runs", async || {
        Some(one(&router, "oak").await).filter(|oak| oak["unload_at"].is_string())
    })
    .await;
    assert_eq!((&oak["state"], &oak["in_flight"]), (&json!("ready"), &json!(0)));
    assert!(oak["cmd"].as_str().unwrap().ends_with("'TOKEN=***'"), "{oak}");
    assert_eq!(oak["cmd_stop"], "sh -c \"kill ${PID}\" http://***@host/");
    assert_eq!(oak["ttl_seconds"], 900);
    let idle = between(&oak["since"], &oak["unload_at"]);
    assert!((899.0..1000.0).contains(&idle), "{idle}");
    let spawned = router.event_log("events").of_kind("spawn");
    assert_eq!(oak["pid"], spawned[0].pid);
    if cfg!(target_os = "linux") {
        assert!(oak["resident_bytes"].as_u64() > Some(100_000), "{oak}");
    }
    assert_eq!(oak["costs"]["load"]["count"], 1);

    let unloaded = router
        .request(Method::POST, "/api/models/unload/oak", &[], "")
        .await;
    assert_eq!(unloaded.status, 200);
    let gone = one(&router, "oak").await;
    assert_eq!(gone["state"], "stopped");
    assert!(between(&oak["since"], &gone["since"]) > 0.0, "{gone}");
    for absent in ["pid", "unload_at", "resident_bytes", "last_failure"] {
        assert!(gone[absent].is_null(), "{absent}: {gone}");
    }
}

#[tokio::test]
async fn details_tell_which_sets_a_model_may_run_in() {
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(
            r#"
models:
  oak: {cmd: x, proxy: "http://127.0.0.1:9"}
  elm: {cmd: x, proxy: "http://127.0.0.1:9"}
  fir: {cmd: x, proxy: "http://127.0.0.1:9"}
matrix:
  vars: {o: oak}
  evict_costs: {oak: 7}
  sets: {pair: "o & elm", any: "o | +pair"}
"#,
        )
        .start()
        .await;
    let (pair, any) = (
        json!({ "name": "pair", "expression": "o & elm" }),
        json!({ "name": "any", "expression": "o | +pair" }),
    );
    for (model, sets, cost) in [
        ("oak", json!([pair, any]), 7),
        ("elm", json!([pair, any]), 1),
        ("fir", json!([]), 1),
    ] {
        assert_eq!(
            one(&router, model).await["residency"],
            json!({ "kind": "matrix", "sets": sets, "evict_cost": cost }),
            "{model}"
        );
    }
}

/// A failure stays until the next successful load.
#[tokio::test]
async fn details_tell_what_went_wrong_last() {
    let config = |flags: &str| {
        format!(
            "models:\n  oak: {{cmd: \"@FAKE@ --name oak --port ${{PORT}} --event-log @DIR@/events {flags}\", \
             env: ['API_TOKEN=hunter22']}}\n"
        )
    };
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&config("--print one --print 'two hunter22' --exit-at-once 7"))
        .start()
        .await;
    for _ in 0..3 {
        error(&chat(&router, "oak").await, 502, "bad_gateway");
    }
    let oak = one(&router, "oak").await;
    let failure = &oak["last_failure"];
    assert_eq!(failure["reason"], "upstream command exited prematurely");
    assert_eq!(failure["status"], "exit status 7");
    let tail: Vec<&str> = failure["log_tail"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(tail.ends_with(&["one", "two ***"]), "{tail:?}");
    assert_eq!(failure["failures_in_a_row"], 3);
    let pause = between(&failure["at"], &failure["next_attempt_at"]);
    assert!((1.0..6.0).contains(&pause), "{pause}");

    let unload = async || router.post("/api/models/unload/oak", &[], "").await;
    assert_eq!(unload().await.status, 200);
    let oak = one(&router, "oak").await;
    let forgiven = &oak["last_failure"];
    assert_eq!(
        (
            &forgiven["failures_in_a_row"],
            &forgiven["next_attempt_at"],
            &forgiven["status"]
        ),
        (&json!(0), &Value::Null, &failure["status"])
    );

    let reload = async || {
        let answer = router.post("/api/config/reload", &[], "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    router.write_config(&config(""));
    reload().await;
    assert!(one(&router, "oak").await["last_failure"].is_object());
    assert_eq!(chat(&router, "oak").await.status, 200);
    assert!(one(&router, "oak").await["last_failure"].is_null());

    // A process that ends by itself is one, too.
    let pid = u32::try_from(one(&router, "oak").await["pid"].as_u64().unwrap()).unwrap();
    assert!(herder_testkit::send_signal(pid, herder_testkit::Signal::KILL));
    let oak = poll_until(PATIENCE, "its end is noticed", async || {
        Some(one(&router, "oak").await).filter(|oak| oak["state"] == "stopped")
    })
    .await;
    let crash = &oak["last_failure"];
    assert_eq!(crash["reason"], "upstream exited unexpectedly");
    assert!(crash["status"].is_string(), "{crash}");
    assert_eq!(
        (&crash["failures_in_a_row"], &crash["next_attempt_at"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn details_follow_a_reload() {
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config("models: {oak: {cmd: x, proxy: 'http://127.0.0.1:9'}, elm: {cmd: x, proxy: 'http://127.0.0.1:9'}}")
        .start()
        .await;
    assert_eq!(ids(&models(&router, "").await), ["elm", "oak"]);
    router.write_config(
        "models: {ash: {cmd: x, proxy: 'http://127.0.0.1:9'}, oak: {cmd: y, proxy: 'http://127.0.0.1:9'}}",
    );
    assert_eq!(router.post("/api/config/reload", &[], "").await.status, 200);
    let after = models(&router, "").await;
    assert_eq!(ids(&after), ["ash", "oak"]);
    assert_eq!(after[1]["cmd"], "y");
    error(&router.get("/api/models?model=elm").await, 404, "not_found");
}
