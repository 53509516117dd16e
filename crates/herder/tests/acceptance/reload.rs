//! Reloads with the real router: what becomes of processes and requests (spec/config.md rows 133 to 137, rows S42 and
//! S43 of spec/runtime.md 7.2, quirks C1, C3 and C6). Rows 133 to 137 are held to the mended outcome: models that have not
//! changed keep running.

use std::time::Duration;

use crate::support::{
    CHAT, EVENTS, Herd, chat, chat_later, chat_with, error, events_of, occupied, together, unload,
    wait_for_state,
};
use herder_testkit::{PATIENCE, Router, Signal, alive, wait_until};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Writes another configuration and reloads through the API.
pub(crate) async fn reload(router: &Router, herd: &Herd) -> Value {
    router.write_config(&herd.yaml());
    let answer = router.post("/api/config/reload", &[], "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// Reloads by signal and waits until the log says so.
async fn reload_by_signal(router: &Router, fragment: &str) {
    let before = router.stdout().matches(fragment).count();
    router.signal(Signal::HUP);
    wait_until(PATIENCE, fragment, || {
        router.stdout().matches(fragment).count() > before
    })
    .await;
}

/// The process of the only start of the fake upstream of this name.
fn only_pid(router: &Router, name: &str) -> u32 {
    let spawned = events_of(router, "spawn", name);
    assert_eq!(spawned.len(), 1, "{name}: {spawned:?}");
    spawned[0].pid
}

async fn is_gone(pid: u32) {
    wait_until(PATIENCE, "the process is gone", || !alive(pid)).await;
}

#[tokio::test]
async fn row_133_and_s43_a_broken_file_changes_nothing_and_says_why() {
    let router = Herd::new().model("a", "", &["aliases: [ay]"]).start().await;
    chat(router.client(), "a").await;
    let pid = only_pid(&router, "a");

    router.write_config("apiKeys: [hunter2\nmodels: {}\n");
    reload_by_signal(
        &router,
        "[WARN] the configuration cannot be used, the previous one goes on",
    )
    .await;
    router.write_config("models:\n  b: {cmd: 'serve', proxy: 'http://localhost:${PORT}', ttl: soon}\n");
    reload_by_signal(&router, "config.yaml:3:").await;

    let answer = router.post("/api/config/reload", &[], "").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (message, code) = error(&answer);
    assert_eq!(code, "invalid_request");
    assert!(message.contains("config.yaml:3:"), "{message}");
    assert!(message.contains("E-TYPE") && message.contains("ttl"), "{message}");
    assert!(
        message.contains("proxy uses ${PORT} but cmd does not"),
        "{message}"
    );

    router.write_config("apiKeys: [hunter2\nmodels: {}\n");
    let answer = router.post("/api/config/reload", &[], "").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Neither answer nor log shows the text of the file: keys stand in it.
    assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    let log = router.get("/logs").await.text();
    assert!(log.contains("E-YAML") && !log.contains("hunter2"), "{log}");

    assert_eq!(chat(router.client(), "ay").await.status, StatusCode::OK);
    assert_eq!(only_pid(&router, "a"), pid);
}

#[tokio::test]
async fn row_134_and_c3_unchanged_models_keep_running() {
    let models = |herd: Herd| herd.model("a", "", &["aliases: [ay]"]).model("b", "", &[]);
    let profiles = "profiles: {night: {pins: {x: a}}, day: {pins: {x: b}}}";
    let router = models(Herd::new())
        .tail(&together("a, b"))
        .tail(profiles)
        .start()
        .await;
    chat(router.client(), "a").await;
    chat(router.client(), "b").await;
    let pid = only_pid(&router, "a");
    let active = async || router.get("/api/profiles").await.json()["active"].clone();
    let body = json!({ "name": "night" }).to_string();
    let switched = router
        .request(Method::PUT, "/api/profiles/active", &[], body)
        .await;
    assert_eq!(switched.status, StatusCode::OK);

    // Signals reload, too. The alias is new, `b` starts with another command, `c` is new.
    let next = || {
        Herd::new()
            .model("a", "", &["aliases: [ay, first]"])
            .model("b", "--print changed", &[])
            .model("c", "", &[])
            .tail(&together("a, b, c"))
    };
    router.write_config(&next().tail(profiles).yaml());
    reload_by_signal(
        &router,
        "[INFO] configuration reloaded: 1 added (c), 2 changed (a, b), 0 removed, 0 unchanged",
    )
    .await;
    assert_eq!(chat(router.client(), "first").await.status, StatusCode::OK);
    assert_eq!(only_pid(&router, "a"), pid);
    assert_eq!(chat(router.client(), "x").await.status, StatusCode::OK);
    assert_eq!(active().await, "night");
    // `b` served nobody, so it was stopped at once, and starts again when it is wanted.
    wait_for_state(&router, "b", "stopped").await;
    assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
    assert_eq!(chat(router.client(), "c").await.status, StatusCode::OK);
    assert_eq!(events_of(&router, "spawn", "b").len(), 2);

    // The active profile is gone: none is active.
    let report = reload(&router, &next()).await;
    assert_eq!(
        report,
        json!({"msg": "ok", "added": [], "changed": [], "removed": [], "unchanged": 3, "settings": ["profiles"], "warnings": []})
    );
    assert_eq!(active().await, Value::Null);
    assert_eq!(chat(router.client(), "x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(only_pid(&router, "a"), pid);
    assert_eq!(router.running().await.len(), 3);
}

#[tokio::test]
async fn s42_and_c6_requests_at_a_changed_model_are_answered() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let served = occupied(&router, "a", &[("X-Reply", "wait"), ("X-Wait", "3s")]).await;
    let old = only_pid(&router, "a");
    let changed = Herd::new().command(
        "a",
        "'@FAKE@ --port ${PORT} --name other --event-log @DIR@/events'",
        &[],
    );
    let report = reload(&router, &changed).await;
    assert_eq!(report["changed"], json!(["a"]));
    // The reload does not wait for the end of the request; the next request waits for it.
    assert!(!served.is_finished());
    assert_eq!(router.running().await["a"], "ready");
    let next = chat_later(router.client(), "a", &[]);
    assert_eq!(served.await.unwrap().json()["target"], CHAT);
    assert_eq!(next.await.unwrap().status, StatusCode::OK);
    is_gone(old).await;
    assert_eq!(events_of(&router, "spawn", "other").len(), 1);
    assert_eq!(events_of(&router, "request", "other").len(), 1);
}

#[tokio::test]
async fn a_removed_model_serves_what_it_serves_and_goes() {
    let models = || Herd::new().model("b", "", &[]);
    let router = models()
        .model("a", "", &["aliases: [ay]"])
        .tail(&together("a, b"))
        .start()
        .await;
    let served = occupied(&router, "a", &[("X-Reply", "wait"), ("X-Wait", "3s")]).await;
    let pid = only_pid(&router, "a");
    let report = reload(&router, &models()).await;
    assert_eq!(
        (&report["removed"], &report["unchanged"]),
        (&json!(["a"]), &json!(1))
    );
    for name in ["a", "ay"] {
        let refused = chat(router.client(), name).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text());
    }
    let listed = router.get("/v1/models").await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{listed}");
    // It is still there for people to see.
    assert_eq!(router.running().await["a"], "ready");
    assert_eq!(served.await.unwrap().json()["target"], CHAT);
    is_gone(pid).await;
    wait_for_state(&router, "a", "stopped").await;
    let unknown = unload(router.client(), "a").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(router.get("/metrics").await.status, StatusCode::OK);
    assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unload_hurries_a_removed_model() {
    let router = Herd::new().model("a", "", &["unloadTimeout: 1"]).start().await;
    let served = occupied(&router, "a", &[("X-Reply", "slow")]).await;
    let pid = only_pid(&router, "a");
    reload(&router, &Herd::new().model("b", "", &[])).await;
    assert!(alive(pid));
    assert_eq!(unload(router.client(), "a").await.status, StatusCode::OK);
    assert!(!alive(pid));
    assert_eq!(served.await.unwrap().status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn unload_all_reaches_a_removed_model() {
    let router = Herd::new().model("a", "", &["unloadTimeout: 1"]).start().await;
    let served = occupied(&router, "a", &[("X-Reply", "slow")]).await;
    let pid = only_pid(&router, "a");
    reload(&router, &Herd::new().model("b", "", &[])).await;
    assert_eq!(router.get("/unload").await.status, StatusCode::OK);
    assert!(!alive(pid));
    assert_eq!(served.await.unwrap().status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_model_that_comes_back_keeps_its_process() {
    let with = || Herd::new().model("a", "", &[]).model("b", "", &[]);
    let router = with().start().await;
    let served = occupied(&router, "a", &[("X-Reply", "wait"), ("X-Wait", "3s")]).await;
    reload(&router, &Herd::new().model("b", "", &[])).await;
    reload(&router, &with()).await;
    assert_eq!(served.await.unwrap().status, StatusCode::OK);
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    only_pid(&router, "a");
}

#[tokio::test]
async fn a_reload_during_a_load() {
    let others = || {
        Herd::new()
            .model("gone", "--load 60s", &[])
            .tail(&together("same, other, gone"))
    };
    let router = others()
        .model("same", "--load 3s", &[])
        .model("other", "--load 60s", &[])
        .start()
        .await;
    let same = chat_later(router.client(), "same", &[]);
    let other = chat_later(router.client(), "other", &[]);
    let gone = chat_later(router.client(), "gone", &[]);
    router.event_log(EVENTS).wait_for("spawn", 3, PATIENCE).await;
    let report = reload(
        &router,
        &Herd::new()
            .model("same", "--load 3s", &[])
            .model("other", "", &[])
            .tail(&together("same, other")),
    )
    .await;
    assert_eq!(
        (&report["changed"], &report["removed"], &report["unchanged"]),
        (&json!(["other"]), &json!(["gone"]), &json!(1))
    );
    let refused = gone.await.unwrap();
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text());
    assert_eq!(other.await.unwrap().status, StatusCode::OK);
    assert_eq!(same.await.unwrap().status, StatusCode::OK);
    only_pid(&router, "same");
    assert_eq!(events_of(&router, "spawn", "other").len(), 2);
    is_gone(only_pid(&router, "gone")).await;
}

#[tokio::test]
async fn done_when_fifty_streams_survive_reloads() {
    const STREAMS: usize = 50;
    const CHUNKS: usize = 60;
    let unchanged = |herd: Herd| herd.model("same", "", &["concurrencyLimit: 100"]);
    let router = unchanged(Herd::new())
        .model("zebra", "", &[])
        .tail(&together("same, zebra"))
        .start()
        .await;
    chat(router.client(), "same").await;
    let pid = only_pid(&router, "same");
    let expected: String = (0..CHUNKS).map(|chunk| format!("chunk {chunk}\n")).collect();
    let streams: Vec<_> = (0..STREAMS)
        .map(|_| {
            let client = router.client();
            tokio::spawn(async move {
                let body = json!({ "model": "same" }).to_string();
                let (chunks, gap) = (CHUNKS.to_string(), "100ms");
                let headers = [
                    ("content-type", "application/json"),
                    ("X-Reply", "chunked"),
                    ("X-Chunks", &chunks),
                    ("X-Gap", gap),
                ];
                let mut stream = client.stream(Method::POST, CHAT, &headers, body).await;
                stream.read_to_end().await
            })
        })
        .collect();
    router
        .event_log(EVENTS)
        .wait_for("request", STREAMS + 1, PATIENCE)
        .await;
    // Models come, change and go before and behind it in the alphabet; limits and rules change.
    let mut rounds = 0;
    while !streams.iter().any(JoinHandle::is_finished) {
        let flags = format!("--print round-{rounds}");
        let members = if rounds % 2 == 0 {
            "same, zebra"
        } else {
            "ant, same"
        };
        let herd = unchanged(Herd::new().model("ant", &flags, &[]))
            .model("zebra", &flags, &[])
            .tail(&together(members));
        reload(&router, &herd).await;
        reload(&router, &unchanged(Herd::new())).await;
        rounds += 1;
    }
    assert!(rounds >= 3, "the streams were too short");
    for stream in streams {
        let (text, complete) = stream.await.unwrap();
        assert!(complete);
        assert_eq!(text, expected);
    }
    assert_eq!(only_pid(&router, "same"), pid);
    assert_eq!(chat(router.client(), "same").await.status, StatusCode::OK);
}

#[tokio::test]
async fn c1_of_reloads_that_overlap_the_newest_file_wins() {
    let herd = |number: usize| Herd::new().model("a", "", &[&format!("aliases: [alias-{number}]")]);
    let router = herd(0).start().await;
    for round in 1..=5 {
        let asked: Vec<_> = (0..10)
            .map(|_| {
                let client = router.client();
                tokio::spawn(async move { client.post("/api/config/reload", &[], "").await.status })
            })
            .collect();
        router.write_config(&herd(round).yaml());
        router.signal(Signal::HUP);
        let last = router.post("/api/config/reload", &[], "").await;
        assert_eq!(last.status, StatusCode::OK);
        for asked in asked {
            assert_eq!(asked.await.unwrap(), StatusCode::OK);
        }
        let answer = chat(router.client(), &format!("alias-{round}")).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    only_pid(&router, "a");
}

#[tokio::test]
async fn automatic_ports_stay_when_a_model_is_added_before_them() {
    let router = Herd::new().model("m", "", &[]).start().await;
    let port = async |model: &str| {
        let answer = chat(router.client(), model).await.json();
        answer["host"].as_str().expect("a host").to_owned()
    };
    let before = port("m").await;
    let pid = only_pid(&router, "m");
    let added = || {
        Herd::new()
            .model("a", "", &[])
            .model("m", "", &[])
            .tail(&together("a, m"))
    };
    let report = reload(&router, &added()).await;
    assert_eq!(
        (&report["added"], &report["unchanged"]),
        (&json!(["a"]), &json!(1))
    );
    assert_eq!(port("m").await, before);
    assert_ne!(port("a").await, before);
    // A port is not given to somebody else while a removed model's process holds it.
    let served = occupied(&router, "m", &[("X-Reply", "wait"), ("X-Wait", "3s")]).await;
    let swapped = Herd::new()
        .model("a", "", &[])
        .model("b", "", &[])
        .tail(&together("a, b"));
    reload(&router, &swapped).await;
    assert_ne!(port("b").await, before);
    assert_eq!(served.await.unwrap().status, StatusCode::OK);
    assert!(!alive(pid) || router.running().await.contains_key("m"));
}

#[tokio::test]
async fn preloading_leaves_alone_what_runs() {
    let herd = |preload: &str, flags: &str| {
        Herd::new()
            .head(&format!("hooks: {{on_startup: {{preload: [{preload}]}}}}"))
            .model("a", "", &[])
            .model("b", flags, &[])
            .model("c", "", &[])
            .tail(&together("a, b, c"))
    };
    let router = herd("a, b", "").start().await;
    wait_for_state(&router, "b", "ready").await;
    unload(router.client(), "a").await;
    let requests = router.event_log(EVENTS).count("request");
    // `a` was preloaded once and has left since; `b` must start anew; `c` is new in the list.
    reload(&router, &herd("a, b, c", "--print other")).await;
    wait_for_state(&router, "c", "ready").await;
    router
        .event_log(EVENTS)
        .wait_for("request", requests + 2, PATIENCE)
        .await;
    assert_eq!(events_of(&router, "spawn", "b").len(), 2);
    assert_eq!(events_of(&router, "spawn", "a").len(), 1);
    // Nothing is new: nothing is asked.
    reload(&router, &herd("c, b, a", "--print other")).await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert_eq!(router.event_log(EVENTS).count("request"), requests + 3);
}

#[tokio::test]
async fn rows_135_and_137_a_watched_file() {
    let herd = |keys: &[&str]| Herd::new().model("a", "", keys);
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&herd(&[]).yaml())
        .argument("-watch-config")
        .start()
        .await;
    chat(router.client(), "a").await;
    let pid = only_pid(&router, "a");
    let reloads = || router.stdout().matches("configuration reloaded").count();
    router.write_config(&herd(&["aliases: [ay]"]).yaml());
    wait_until(PATIENCE, "the change is noticed", || reloads() == 1).await;
    assert_eq!(chat(router.client(), "ay").await.status, StatusCode::OK);
    // Half of it is told, and forgotten when the rest comes.
    router.write_config("models: {a: {cmd: [");
    wait_until(PATIENCE, "the broken file is told", || {
        router
            .stdout()
            .contains("[WARN] the configuration cannot be used")
    })
    .await;
    router.write_config(&herd(&["aliases: [ay, first]"]).yaml());
    wait_until(PATIENCE, "the whole file is noticed", || reloads() == 2).await;
    // Gone: no reload, and no complaint. Back: one.
    let complaints = || router.stdout().matches("[WARN]").count();
    let before = complaints();
    std::fs::remove_file(router.config_path()).expect("a writable folder");
    // There is no sign of a look that finds nothing; two fit into this.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((reloads(), complaints()), (2, before));
    router.write_config(&herd(&[]).yaml());
    wait_until(PATIENCE, "the file is back", || reloads() == 3).await;
    let unknown = chat_with(router.client(), "ay", &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(only_pid(&router, "a"), pid);
}

#[tokio::test]
async fn row_136_a_watched_directory() {
    let more = |name: &str| Herd::new().model(name, "", &[]).yaml();
    let folder = tempfile::tempdir().expect("a writable folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a writable folder");
    };
    let router = Router::builder(env!("CARGO_BIN_EXE_herder"))
        .config(&more("m"))
        .argument("-watch-config")
        .argument("-config-dir")
        .argument(&folder.path().to_string_lossy())
        .start()
        .await;
    let reloads = || router.stdout().matches("configuration reloaded").count();
    // Two looks fit into this.
    let looks = Duration::from_secs(5);
    write("notes.txt", "no configuration");
    tokio::time::sleep(looks).await;
    assert_eq!(reloads(), 0);
    write("b.yml", "includeAliasesInList: true\n");
    wait_until(PATIENCE, "the new file is noticed", || reloads() == 1).await;
    std::fs::remove_file(folder.path().join("b.yml")).expect("it is there");
    tokio::time::sleep(looks).await;
    assert_eq!(reloads(), 1);
    write("b.yml", "profiles: {night: {pins: {x: m}}}\n");
    wait_until(PATIENCE, "the file is back", || reloads() == 2).await;
    let profiles = router.get("/api/profiles").await.json();
    assert_eq!(profiles["profiles"][0]["id"], "night");
}
