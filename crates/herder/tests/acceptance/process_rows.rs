//! The process rows P01 to P40 of spec/runtime.md 7.1, against the real router and the fake upstream. Rows marked
//! B there are held to the better outcome.

use std::time::{Duration, Instant};

use crate::support::{
    CHAT, EVENTS, Herd, chat, chat_later, chat_with, error, unload, wait_for_no_process, wait_for_state,
};
use herder_testkit::{PATIENCE, Router, Signal, alive, send_signal, wait_until};
use http::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The process of the newest start.
fn last_pid(router: &Router) -> u32 {
    router
        .event_log(EVENTS)
        .of_kind("spawn")
        .last()
        .expect("something was spawned")
        .pid
}

async fn kill_upstream(router: &Router) {
    let pid = last_pid(router);
    assert!(send_signal(pid, Signal::KILL), "the upstream is gone already");
    wait_until(PATIENCE, "the upstream is dead", || !alive(pid)).await;
}

fn lines_with(router: &Router, text: &str) -> usize {
    router.stdout().lines().filter(|line| line.contains(text)).count()
}

#[tokio::test]
async fn p01_a_request_starts_the_model_once() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let answer = chat(router.client(), "a").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["target"], CHAT);
    assert_eq!(router.event_log(EVENTS).count("spawn"), 1);
}

#[tokio::test]
async fn p02_a_ready_model_is_not_started_again() {
    let router = Herd::new().model("a", "", &[]).start().await;
    chat(router.client(), "a").await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert_eq!(router.event_log(EVENTS).count("spawn"), 1);
    wait_until(PATIENCE, "the load is told", || {
        lines_with(&router, "a loading") == 1
    })
    .await;
}

#[tokio::test]
async fn p03_running_lists_the_model() {
    let router = Herd::new()
        .model("a", "", &["ttl: 600", "name: Ay"])
        .start()
        .await;
    assert_eq!(router.get("/running").await.json(), json!({ "running": [] }));
    chat(router.client(), "a").await;
    let running = router.get("/running").await.json();
    let model = &running["running"][0];
    assert_eq!((&model["model"], &model["state"]), (&json!("a"), &json!("ready")));
    assert_eq!(
        (&model["ttl"], &model["name"], &model["description"]),
        (&json!(600), &json!("Ay"), &json!(""))
    );
    assert!(
        model["cmd"]
            .as_str()
            .is_some_and(|command| command.contains("--name a"))
    );
    assert!(
        model["proxy"]
            .as_str()
            .is_some_and(|proxy| proxy.starts_with("http://localhost:"))
    );
}

#[tokio::test]
async fn p04_a_loading_model_is_starting_and_listed_as_loaded() {
    let router = Herd::new().model("a", "--load 2s", &[]).start().await;
    let request = chat_later(router.client(), "a", &[]);
    wait_for_state(&router, "a", "starting").await;
    let models = router.get("/v1/models").await.json();
    assert_eq!(models["data"][0]["status"]["value"], "loaded");
    assert_eq!(request.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn p05_no_health_check_means_ready_after_spawn() {
    let router = Herd::new().model("a", "", &["checkEndpoint: none"]).start().await;
    herder_testkit::poll_until(PATIENCE, "the upstream answers", async || {
        (chat(router.client(), "a").await.status == StatusCode::OK).then_some(())
    })
    .await;
    let log = router.event_log(EVENTS);
    assert_eq!((log.count("spawn"), log.count("health")), (1, 0));
}

#[tokio::test]
async fn p06_health_is_polled_until_it_is_200() {
    let router = Herd::new().model("a", "--load 3s", &[]).start().await;
    let begin = Instant::now();
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert!(begin.elapsed() >= Duration::from_secs(3));
    assert!(router.event_log(EVENTS).count("health") > 2);
}

/// A health check that never succeeds: 504 after the budget, and the child is gone.
async fn never_ready(flags: &str) {
    let router = Herd::new()
        .head("healthCheckTimeout: 15")
        .model("a", flags, &[])
        .start()
        .await;
    let begin = Instant::now();
    let answer = chat(router.client(), "a").await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(
        error(&answer).0.contains("health check timed out after 15s"),
        "{}",
        answer.text()
    );
    assert!(begin.elapsed() >= Duration::from_secs(15));
    wait_for_no_process(router.folder(), Some(router.pid())).await;
    assert_eq!(router.event_log(EVENTS).of_kind("request"), []);
    wait_for_state(&router, "a", "stopped").await;
}

#[tokio::test]
async fn p07_health_204_is_not_healthy() {
    never_ready("--health-status 204").await;
}

#[tokio::test]
async fn p08_health_302_is_not_followed() {
    never_ready("--health-status 302").await;
}

#[tokio::test]
async fn p09_a_hung_health_check_ends_with_the_budget() {
    never_ready("--health-hang").await;
}

#[tokio::test]
async fn p10_a_premature_exit_is_reported_with_status_and_last_lines() {
    let router = Herd::new()
        .model("a", "--exit-at-once 7 --print-error out-of-memory", &[])
        .start()
        .await;
    let answer = chat(router.client(), "a").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    let (message, code) = error(&answer);
    assert_eq!(code, "bad_gateway");
    for part in [
        "upstream command exited prematurely",
        "exit status 7",
        "out-of-memory",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[tokio::test]
async fn p11_a_command_that_cannot_run_is_named() {
    let keys = ["proxy: http://127.0.0.1:9"];
    let router = Herd::new()
        .command("missing", "/no/such/server --x", &keys)
        .command("plain_file", "@DIR@/config.yaml", &keys)
        .command("empty", "''", &keys)
        .start()
        .await;
    for (model, text) in [
        ("missing", "failed to start command '/no/such/server --x'"),
        ("plain_file", "Permission denied"),
        ("empty", "empty command"),
    ] {
        let answer = chat(router.client(), model).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        assert!(error(&answer).0.contains(text), "{text} in {}", answer.text());
    }
}

#[tokio::test]
async fn p12_comments_and_continuations_are_words_without_a_shell() {
    let command = "|\n      # a comment\n      @FAKE@ --port ${PORT} \\\n      --event-log @DIR@/events\n        # another\n      --print '$HOME *.x ; # | &&'";
    let router = Herd::new().command("a", command, &[]).start().await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    let mut log = router.stream(Method::GET, "/logs/stream/a", &[], "").await;
    let text = log.read_until("&&").await;
    assert!(
        text.contains("$HOME *.x ; # | &&\n") || text.ends_with("$HOME *.x ; # | &&"),
        "{text}"
    );
}

#[tokio::test]
async fn p13_model_env_wins_and_the_rest_is_inherited() {
    let config = Herd::new().model("a", "", &["env: ['SPEC_MINE=first', 'SPEC_MINE=second']"]);
    let router = config
        .start_with(&[("SPEC_MINE", "parent"), ("SPEC_OTHER", "kept")])
        .await;
    let environment = router.get("/upstream/a/env").await.json();
    assert_eq!(
        (&environment["SPEC_MINE"], &environment["SPEC_OTHER"]),
        (&json!("second"), &json!("kept"))
    );
}

#[tokio::test]
async fn p14_p15_a_crash_is_noticed_and_the_next_request_loads_again() {
    let router = Herd::new().model("a", "", &[]).start().await;
    chat(router.client(), "a").await;
    kill_upstream(&router).await;
    wait_for_state(&router, "a", "stopped").await;
    wait_until(PATIENCE, "a warning", || {
        lines_with(&router, "exited unexpectedly") == 1
    })
    .await;
    assert!(
        router
            .stdout()
            .lines()
            .any(|line| line.contains("[WARN] a upstream exited unexpectedly"))
    );
    assert_eq!(router.event_log(EVENTS).count("spawn"), 1);

    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert_eq!(router.event_log(EVENTS).count("spawn"), 2);
}

#[tokio::test]
async fn p16_death_before_headers_is_a_502_envelope() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let request = chat_later(router.client(), "a", &[("X-Reply", "slow")]);
    router.event_log(EVENTS).wait_for("request", 1, PATIENCE).await;
    kill_upstream(&router).await;
    let answer = request.await.unwrap();
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_eq!(error(&answer).1, "bad_gateway");
}

#[tokio::test]
async fn p17_death_mid_stream_is_no_clean_end() {
    for (reply, has_error_event) in [("chunked", false), ("sse", true)] {
        let router = Herd::new().model("a", "", &[]).start().await;
        let headers = [
            ("X-Reply", reply),
            ("X-Chunks", "1000"),
            ("Content-Type", "application/json"),
        ];
        let body = json!({ "model": "a" }).to_string();
        let mut stream = router.stream(Method::POST, CHAT, &headers, body).await;
        assert_eq!(stream.status, StatusCode::OK);
        stream.read_until("\n").await;
        kill_upstream(&router).await;
        let (rest, clean) = stream.read_to_end().await;
        assert!(!clean, "{reply} looks complete");
        assert_eq!(
            rest.contains("data: {\"error\":"),
            has_error_event,
            "{reply}: {rest}"
        );
    }
}

#[tokio::test]
async fn p18_unload_asks_politely() {
    let router = Herd::new()
        .head("logLevel: debug")
        .model("a", "", &[])
        .start()
        .await;
    chat(router.client(), "a").await;
    assert_eq!(unload(router.client(), "a").await.text(), "OK");
    let log = router.event_log(EVENTS);
    assert_eq!(log.count("term"), 1);
    wait_until(PATIENCE, "the change is logged", || {
        lines_with(&router, "a stopping -> stopped") == 1
    })
    .await;
    assert_eq!(lines_with(&router, "a ready -> stopping"), 1);
    assert!(!alive(last_pid(&router)));
}

#[tokio::test]
async fn p19_who_ignores_the_signal_is_killed_after_the_grace() {
    let router = Herd::new()
        .model("a", "--ignore-term", &["unloadTimeout: 2"])
        .start()
        .await;
    chat(router.client(), "a").await;
    let begin = Instant::now();
    unload(router.client(), "a").await;
    assert!(begin.elapsed() >= Duration::from_secs(2));
    assert!(!alive(last_pid(&router)));
}

#[tokio::test]
async fn p20_who_needs_a_moment_gets_it() {
    let flags = "--term-delay 600ms --cleanup-file @DIR@/clean";
    let router = Herd::new()
        .model("a", flags, &["unloadTimeout: 30"])
        .start()
        .await;
    chat(router.client(), "a").await;
    let begin = Instant::now();
    unload(router.client(), "a").await;
    assert!(begin.elapsed() >= Duration::from_millis(600));
    assert!(
        begin.elapsed() < Duration::from_secs(30),
        "it waited for the whole grace"
    );
    assert!(router.folder().join("clean").exists());
}

#[tokio::test]
async fn p21_a_shell_wrapper_goes_with_its_background_child() {
    let command = "|\n      sh -c '@FAKE@ --port ${PORT} --event-log @DIR@/events & wait'";
    let router = Herd::new()
        .command("a", command, &["unloadTimeout: 60"])
        .start()
        .await;
    chat(router.client(), "a").await;
    let begin = Instant::now();
    unload(router.client(), "a").await;
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "it waited for the whole grace"
    );
    wait_for_no_process(router.folder(), Some(router.pid())).await;
}

#[tokio::test]
async fn p22_a_grandchild_that_ignores_the_signal_goes_too() {
    let router = Herd::new()
        .model("a", "--fork-grandchild ignore-term", &["unloadTimeout: 2"])
        .start()
        .await;
    chat(router.client(), "a").await;
    unload(router.client(), "a").await;
    wait_for_no_process(router.folder(), Some(router.pid())).await;
}

#[tokio::test]
async fn p23_a_wrapper_that_daemonises_fails_and_leaves_nothing() {
    let router = Herd::new()
        .model("a", "--daemonise --load 60s", &[])
        .start()
        .await;
    let answer = chat(router.client(), "a").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(error(&answer).0.contains("exited prematurely"));
    wait_for_no_process(router.folder(), Some(router.pid())).await;
}

#[tokio::test]
async fn p24_cmd_stop_gets_the_pid() {
    let stop = "cmdStop: sh -c 'echo ${PID} > @DIR@/pid; kill ${PID}'";
    let router = Herd::new().model("a", "", &[stop]).start().await;
    chat(router.client(), "a").await;
    unload(router.client(), "a").await;
    let written = std::fs::read_to_string(router.folder().join("pid")).unwrap();
    assert_eq!(written.trim(), last_pid(&router).to_string());
}

#[tokio::test]
async fn p25_a_failing_cmd_stop_falls_back_to_the_signal() {
    let keys = ["cmdStop: 'false'", "unloadTimeout: 60"];
    let router = Herd::new().model("a", "", &keys).start().await;
    chat(router.client(), "a").await;
    let begin = Instant::now();
    unload(router.client(), "a").await;
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "it waited for the whole grace"
    );
    assert_eq!(router.event_log(EVENTS).count("term"), 1);
}

#[tokio::test]
async fn p26_a_cmd_stop_that_never_returns_is_not_waited_for() {
    let keys = ["cmdStop: sh -c 'exec sleep 4321 # @DIR@'", "unloadTimeout: 2"];
    let router = Herd::new().model("a", "", &keys).start().await;
    chat(router.client(), "a").await;
    unload(router.client(), "a").await;
    assert!(!alive(last_pid(&router)));
    wait_for_no_process(router.folder(), Some(router.pid())).await;
}

#[tokio::test]
async fn p27_an_eviction_waits_for_unload_timeout() {
    let router = Herd::new()
        .model("a", "--ignore-term", &["unloadTimeout: 2"])
        .model("b", "", &[])
        .start()
        .await;
    chat(router.client(), "a").await;
    let begin = Instant::now();
    assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
    assert!(begin.elapsed() >= Duration::from_secs(2));
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "it waited for healthCheckTimeout"
    );
}

#[tokio::test]
async fn p28_an_idle_model_is_unloaded() {
    let router = Herd::new().model("a", "", &["ttl: 2"]).start().await;
    chat(router.client(), "a").await;
    let begin = Instant::now();
    wait_for_state(&router, "a", "stopped").await;
    assert!(begin.elapsed() >= Duration::from_secs(1));
    wait_until(PATIENCE, "the reason is told", || {
        router
            .stdout()
            .contains("[INFO] a Unloading model, TTL of 2s reached")
    })
    .await;
}

#[tokio::test]
async fn p29_a_request_in_progress_is_no_idle_time() {
    let router = Herd::new().model("a", "", &["ttl: 1"]).start().await;
    let answer = chat_with(router.client(), "a", &[("X-Reply", "wait"), ("X-Wait", "4s")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(router.event_log(EVENTS).count("term"), 0);
    wait_for_state(&router, "a", "stopped").await;
}

#[tokio::test]
async fn p30_the_idle_clock_starts_at_readiness() {
    let router = Herd::new().model("a", "--load 1s", &["ttl: 3"]).start().await;
    let request = chat_later(router.client(), "a", &[]);
    let log = router.event_log(EVENTS);
    log.wait_for("spawn", 1, PATIENCE).await;
    request.abort();
    let stopped = log.wait_for("term", 1, PATIENCE).await[0].milliseconds;
    let loaded = log.of_kind("loaded")[0].milliseconds;
    assert!(
        stopped - loaded >= 3000,
        "unloaded {} ms after it was loaded",
        stopped - loaded
    );
    assert_eq!(log.of_kind("request"), []);
}

#[tokio::test]
async fn p31_a_request_during_an_idle_stop_restarts_the_model() {
    let router = Herd::new()
        .model("a", "--ignore-term", &["ttl: 1", "unloadTimeout: 3"])
        .start()
        .await;
    chat(router.client(), "a").await;
    wait_for_state(&router, "a", "stopping").await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert_eq!(router.event_log(EVENTS).count("spawn"), 2);
}

#[tokio::test]
async fn p32_ttl_0_never_unloads() {
    // The neighbour's clock tells that time has passed.
    let router = Herd::new()
        .head("globalTTL: 3")
        .model("a", "", &["ttl: 0"])
        .model("clock", "", &[])
        .tail("groups: {g: {swap: false, members: [a, clock]}}")
        .start()
        .await;
    chat(router.client(), "a").await;
    chat(router.client(), "clock").await;
    wait_for_state(&router, "clock", "stopped").await;
    wait_for_state(&router, "a", "ready").await;
}

#[tokio::test]
async fn p33_unload_during_a_start_fails_the_waiter_and_never_shows_stopping() {
    let router = Herd::new()
        .head("logLevel: debug")
        .model("a", "--load 100s", &[])
        .start()
        .await;
    let request = chat_later(router.client(), "a", &[]);
    router.event_log(EVENTS).wait_for("health", 1, PATIENCE).await;
    unload(router.client(), "a").await;
    let answer = request.await.unwrap();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        error(&answer).0.contains("group: model unloaded"),
        "{}",
        answer.text()
    );
    wait_until(PATIENCE, "the change is logged", || {
        lines_with(&router, "a starting -> stopped") == 1
    })
    .await;
    assert_eq!(lines_with(&router, "a starting -> stopping"), 0);
    assert!(!alive(last_pid(&router)));
}

#[tokio::test]
async fn p34_upstream_errors_pass_unchanged() {
    let router = Herd::new().model("a", "", &[]).start().await;
    for (reply, status, message) in [("e500", 500, "broken inside"), ("e404", 404, "not here")] {
        let answer = chat_with(router.client(), "a", &[("X-Reply", reply)]).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.json(), json!({ "error": { "message": message } }));
    }
    wait_for_state(&router, "a", "ready").await;
}

#[tokio::test]
async fn p35_event_streams_flow_chunk_by_chunk() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let headers = [
        ("X-Reply", "sse"),
        ("X-Chunks", "3"),
        ("X-Gap", "1s"),
        ("Content-Type", "application/json"),
    ];
    let body = json!({ "model": "a", "stream": true }).to_string();
    let mut stream = router.stream(Method::POST, CHAT, &headers, body).await;
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    let first = stream.read_until("\n\n").await;
    assert!(
        !first.contains("[DONE]"),
        "the first chunk came with the last: {first}"
    );
    let (rest, clean) = stream.read_to_end().await;
    assert!(clean && rest.trim_end().ends_with("data: [DONE]"), "{rest}");
}

#[tokio::test]
async fn p36_s38_websockets_pass_and_hold_the_model() {
    let router = Herd::new().model("a", "", &[]).model("b", "", &[]).start().await;
    let mut socket = open_websocket(&router, "/upstream/a/ws").await;
    socket.write_all(b"hello through the tunnel").await.unwrap();
    let mut echo = [0; 24];
    socket.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"hello through the tunnel");

    let request = chat_later(router.client(), "b", &[]);
    // Served after B's request was made: it does not wait for B, which cannot have evicted A.
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert!(!request.is_finished());
    drop(socket);
    assert_eq!(request.await.unwrap().status, StatusCode::OK);
    router
        .event_log(EVENTS)
        .wait_for("upgrade-closed", 1, PATIENCE)
        .await;
}

/// Opens a websocket by hand and reads the answer's head.
async fn open_websocket(router: &Router, target: &str) -> tokio::net::TcpStream {
    let mut socket = router.client().connect().await;
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Reply: ws\r\n\r\n"
    );
    socket
        .write_all(head.as_bytes())
        .await
        .expect("the router answers");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(socket.read_u8().await.expect("an answer"));
    }
    let answer = String::from_utf8(answer).expect("the router answers");
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    socket
}

#[tokio::test]
async fn p37_a_late_answer_is_a_502() {
    let router = Herd::new()
        .model("a", "", &["timeouts: {responseHeader: 1}"])
        .start()
        .await;
    let answer = chat_with(router.client(), "a", &[("X-Reply", "wait"), ("X-Wait", "60s")]).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_eq!(error(&answer).1, "bad_gateway");
    router.event_log(EVENTS).wait_for("aborted", 1, PATIENCE).await;
}

#[tokio::test]
async fn p38_a_client_that_leaves_cancels_upstream() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let request = chat_later(router.client(), "a", &[("X-Reply", "slow")]);
    let log = router.event_log(EVENTS);
    log.wait_for("request", 1, PATIENCE).await;
    request.abort();
    log.wait_for("aborted", 1, PATIENCE).await;
}

#[tokio::test]
async fn p39_upstream_sees_its_own_host_or_the_clients() {
    let router = Herd::new()
        .model("own", "", &[])
        .model("old_way", "", &["compat: {preserveHost: true}"])
        .start()
        .await;
    let headers = [("Host", "example.test")];
    let echo = chat_with(router.client(), "own", &headers).await.json();
    assert!(
        echo["host"]
            .as_str()
            .is_some_and(|host| host.starts_with("localhost:")),
        "{echo}"
    );
    assert_eq!(echo["headers"]["x-forwarded-host"], "example.test");
    assert_eq!(echo["headers"]["x-forwarded-for"], "127.0.0.1");
    let echo = chat_with(router.client(), "old_way", &headers).await.json();
    assert_eq!(echo["host"], "example.test");
}

#[tokio::test]
async fn p40_both_streams_reach_the_models_log_raw() {
    let router = Herd::new()
        .model("a", "--print one --print-error two --print three", &[])
        .start()
        .await;
    chat(router.client(), "a").await;
    let mut log = router.stream(Method::GET, "/logs/stream/a", &[], "").await;
    assert!(log.read_until("three\n").await.ends_with("one\ntwo\nthree\n"));
}

#[tokio::test]
async fn a_killed_router_leaves_no_process() {
    let router = Herd::new()
        .model("plain", "--ignore-term", &[])
        .model("wrapped", "--fork-grandchild ignore-term", &[])
        .command(
            "shell",
            "sh -c '@FAKE@ --port ${PORT} --ignore-term --event-log @DIR@/events & wait'",
            &[],
        )
        .tail("groups: {g: {swap: false, members: [plain, wrapped, shell]}}")
        .start()
        .await;
    for model in ["plain", "wrapped", "shell"] {
        assert_eq!(chat(router.client(), model).await.status, StatusCode::OK);
    }
    router.signal(Signal::KILL);
    wait_for_no_process(router.folder(), None).await;
}
