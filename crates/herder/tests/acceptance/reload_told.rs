//! What `GET /api/config` tells of reloads, with the real router: how they ended, who asked for them, and what they changed.

use herder_testkit::{PATIENCE, Router, Signal, poll_until};
use http::StatusCode;
use serde_json::{Value, json};

use crate::reload::reload;
use crate::support::{Herd, chat, wait_for_state};

async fn shown(router: &Router) -> Value {
    let answer = router.get("/api/config").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// The last reload, without its time, which is checked.
async fn last_reload(router: &Router) -> Value {
    let config = shown(router).await;
    let mut last = config["last_reload"].clone();
    let at = last["at"].take();
    let at = at.as_str().expect("a time");
    let loaded_at = config["loaded_at"].as_str().expect("a time");
    if last["outcome"] == "refused" {
        assert!(loaded_at < at, "{loaded_at} {at}");
    } else {
        assert_eq!(loaded_at, at);
    }
    last
}

/// Waits for a reload that is not this one.
async fn next_reload(router: &Router, before: &Value) -> Value {
    poll_until(PATIENCE, "another reload has ended", async || {
        let last = shown(router).await["last_reload"].clone();
        (last["at"] != before["at"]).then_some(last)
    })
    .await
}

#[tokio::test]
async fn config_tells_what_the_last_reload_changed() {
    let router = Herd::new()
        .model("ant", "", &[])
        .model("bee", "", &[])
        .start()
        .await;
    assert_eq!(shown(&router).await["last_reload"], Value::Null);
    chat(router.client(), "ant").await;

    let herd = || {
        Herd::new()
            .head("logLevel: debug\nlogToStdout: both")
            .model("bee", "", &["concurrencyLimit: 3", "tttl: 1"])
            .model("cat", "", &[])
    };
    let report = reload(&router, &herd()).await;
    assert_eq!(report["settings"], json!(["logLevel", "logToStdout"]));
    assert_eq!(
        last_reload(&router).await,
        json!({
            "at": null, "trigger": "request", "outcome": "applied",
            "added": ["cat"], "changed": ["bee"], "removed": ["ant"], "settings": ["logLevel", "logToStdout"],
            "warnings": 2, "error": null,
        })
    );
    // The word about the restart has no place in a file.
    let config = shown(&router).await;
    let warnings = config["warnings"].as_array().expect("a list");
    let places: Vec<(bool, bool)> = warnings
        .iter()
        .map(|warning| (warning["line"].is_u64(), warning["file"].is_string()))
        .collect();
    assert_eq!(places, [(true, true), (false, false)], "{warnings:?}");
    assert!(
        warnings[1]["message"]
            .as_str()
            .is_some_and(|text| text.contains("logToStdout"))
    );
    let yaml = config["yaml"].as_str().expect("a text");
    assert!(
        yaml.contains("\n  cat:\n") && !yaml.contains("\n  ant:\n"),
        "{yaml}"
    );

    // The same with other words.
    router.write_config(&format!("# a comment\n{}", herd().yaml()));
    router.post("/api/config/reload", &[], "").await;
    let last = last_reload(&router).await;
    assert_eq!(
        (&last["outcome"], &last["warnings"]),
        (&json!("unchanged"), &json!(2))
    );
    assert_eq!(last["settings"], json!([]));
    let moved = shown(&router).await["warnings"][0]["line"].as_u64();
    assert_eq!(moved, warnings[0]["line"].as_u64().map(|line| line + 1));

    // Mistakes leave everything as it was, and are told with their places.
    let good = shown(&router).await;
    router.write_config("models:\n  bee: {cmd: 'serve', proxy: 'http://localhost:${PORT}', ttl: soon}\n");
    let refused = router.post("/api/config/reload", &[], "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let last = last_reload(&router).await;
    assert_eq!(
        (&last["outcome"], &last["trigger"]),
        (&json!("refused"), &json!("request"))
    );
    let error = last["error"].as_str().expect("a reason");
    assert!(
        error.contains("config.yaml:3:") && error.contains("E-TYPE") && error.contains("ttl"),
        "{error}"
    );
    assert!(error.lines().count() >= 2, "{error}");
    let bad = shown(&router).await;
    for member in ["yaml", "warnings", "loaded_at"] {
        assert_eq!(bad[member], good[member], "{member}");
    }
    assert_eq!(chat(router.client(), "cat").await.status, StatusCode::OK);
    wait_for_state(&router, "cat", "ready").await;

    // A file that has gone.
    std::fs::remove_file(router.config_path()).expect("it was there");
    router.post("/api/config/reload", &[], "").await;
    let config = shown(&router).await;
    assert_eq!(config["files"][0]["modified"], Value::Null);
    assert_eq!(config["last_reload"]["outcome"], "refused");
    let error = config["last_reload"]["error"].as_str().expect("a reason");
    assert!(error.contains("cannot read"), "{error}");
    assert_eq!(config["yaml"], good["yaml"]);
}

#[tokio::test]
async fn config_tells_who_asked_for_the_last_reload() {
    let config = |limit: u32| {
        Herd::new()
            .model("ant", "", &[&format!("concurrencyLimit: {limit}")])
            .yaml()
    };
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&config(1))
        .argument("-watch-config")
        .start()
        .await;
    assert_eq!(shown(&router).await["watched"], true);
    router.write_config(&config(2));
    let by_file = next_reload(&router, &Value::Null).await;
    assert_eq!(
        (&by_file["trigger"], &by_file["outcome"], &by_file["changed"]),
        (&json!("file"), &json!("applied"), &json!(["ant"]))
    );
    router.signal(Signal::HUP);
    let by_signal = next_reload(&router, &by_file).await;
    assert_eq!(
        (&by_signal["trigger"], &by_signal["outcome"]),
        (&json!("signal"), &json!("unchanged"))
    );
    router.write_config("models: [");
    let refused = next_reload(&router, &by_signal).await;
    assert_eq!(
        (&refused["trigger"], &refused["outcome"]),
        (&json!("file"), &json!("refused"))
    );
}
