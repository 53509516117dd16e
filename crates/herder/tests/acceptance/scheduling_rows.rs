//! The scheduling rows of spec/runtime.md 7.2 against the real router and the fake upstream, as far as they need no
//! profile, selector, peer, reload or loading-state stream. Rows marked B there are held to the better outcome;
//! S05, S06 and S49 need the `fair` strategy and are in `fair_rows`.

use std::time::{Duration, Instant};

use crate::support::{
    CHAT, EVENTS, Herd, chat, chat_later, chat_with, error, events_of, occupied, spawned, together, unload,
    wait_for_no_process, wait_for_no_process_within, wait_for_state,
};
use herder_testkit::{PATIENCE, Response, Router, Signal, alive, poll_until, wait_until};
use http::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

/// A request that is being served and ends only when it is aborted or its model goes.
async fn serving(router: &Router, model: &str) -> JoinHandle<Response> {
    occupied(router, model, &[("X-Reply", "slow")]).await
}

/// A request that has to wait in the queue; the router must log at debug level.
async fn queued(router: &Router, model: &str) -> JoinHandle<Response> {
    let before = queue_lines(router, model);
    let request = chat_later(router.client(), model, &[]);
    wait_until(PATIENCE, "the request is queued", || {
        queue_lines(router, model) > before
    })
    .await;
    request
}

fn queue_lines(router: &Router, model: &str) -> usize {
    let text = format!("[DEBUG] {model} waits at position");
    router
        .stdout()
        .lines()
        .filter(|line| line.starts_with(&text))
        .count()
}

const DEBUG: &str = "logLevel: debug";

async fn status_of(request: JoinHandle<Response>) -> StatusCode {
    request.await.expect("the request was not aborted").status
}

#[tokio::test]
async fn s01_parallel_requests_share_one_load() {
    let router = Herd::new().model("a", "--load 2s", &[]).start().await;
    let requests: Vec<_> = (0..5).map(|_| chat_later(router.client(), "a", &[])).collect();
    for request in requests {
        assert_eq!(status_of(request).await, StatusCode::OK);
    }
    assert_eq!(spawned(&router), ["a"]);
}

#[tokio::test]
async fn s02_a_swap_waits_for_the_answer_in_progress() {
    let router = Herd::new().model("a", "", &[]).model("b", "", &[]).start().await;
    let first = occupied(&router, "a", &[("X-Reply", "wait"), ("X-Wait", "3s")]).await;
    let second = chat_later(router.client(), "b", &[]);
    assert_eq!(first.await.unwrap().json()["target"], CHAT);
    assert_eq!(status_of(second).await, StatusCode::OK);
    assert_eq!(router.running().await.keys().collect::<Vec<_>>(), ["b"]);
}

/// Row 138 of spec/config.md section 8.
#[tokio::test]
async fn row_138_two_models_of_a_swap_group_at_once() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "--load 500ms", &[])
        .model("b", "--load 500ms", &[])
        .tail("groups: {duo: {swap: true, members: [a, b]}}")
        .start()
        .await;
    let requests = [
        chat_later(router.client(), "a", &[]),
        chat_later(router.client(), "b", &[]),
    ];
    for request in requests {
        assert_eq!(status_of(request).await, StatusCode::OK);
    }
    // Which of the two came first is the system's choice; the other one waited for it.
    let [first, second] = <[String; 2]>::try_from(spawned(&router)).expect("two loads");
    let waits = format!("[DEBUG] {second} waits at position 1");
    wait_until(PATIENCE, &waits, || router.stdout().contains(&waits)).await;
    let log = router.event_log(EVENTS);
    let when = |kind: &str, name: &str| {
        let events = log.of_kind(kind);
        let event = events.iter().find(|event| event.name == name);
        event
            .unwrap_or_else(|| panic!("no {kind} of {name}"))
            .milliseconds
    };
    let order = [
        when("spawn", &first),
        when("request", &first),
        when("term", &first),
        when("exit", &first),
        when("spawn", &second),
        when("request", &second),
    ];
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(router.running().await.into_keys().collect::<Vec<_>>(), [second]);
}

#[tokio::test]
async fn s03_six_requests_for_three_models_are_three_loads() {
    let herd = ["a", "b", "c"]
        .iter()
        .fold(Herd::new().head(DEBUG), |herd, name| {
            herd.model(name, "--load 1s", &[])
        });
    let router = herd.start().await;
    let mut requests = vec![chat_later(router.client(), "a", &[])];
    router.event_log(EVENTS).wait_for("spawn", 1, PATIENCE).await;
    for model in ["b", "c"] {
        requests.push(queued(&router, model).await);
    }
    requests.push(chat_later(router.client(), "a", &[]));
    for model in ["b", "c"] {
        requests.push(queued(&router, model).await);
    }
    for request in requests {
        assert_eq!(status_of(request).await, StatusCode::OK);
    }
    assert_eq!(spawned(&router), ["a", "b", "c"]);
}

#[tokio::test]
async fn s04_the_resident_model_serves_although_another_is_queued() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "", &[])
        .model("b", "", &[])
        .start()
        .await;
    let first = serving(&router, "a").await;
    let second = queued(&router, "b").await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert!(!second.is_finished());
    first.abort();
    assert_eq!(status_of(second).await, StatusCode::OK);
}

/// Two models are requested at once and both load, nobody leaves.
async fn both_load(tail: &str) {
    let router = Herd::new()
        .model("a", "--load 2s", &[])
        .model("b", "--load 2s", &[])
        .tail(tail)
        .start()
        .await;
    let requests = [
        chat_later(router.client(), "a", &[]),
        chat_later(router.client(), "b", &[]),
    ];
    for request in requests {
        assert_eq!(status_of(request).await, StatusCode::OK);
    }
    let log = router.event_log(EVENTS);
    let last_spawn = log.of_kind("spawn").iter().map(|event| event.milliseconds).max();
    let first_loaded = log.of_kind("loaded").iter().map(|event| event.milliseconds).min();
    assert!(last_spawn < first_loaded, "one waited for the other");
    assert_eq!(log.count("term"), 0);
}

#[tokio::test]
async fn s07_a_matrix_lets_two_load_in_parallel() {
    both_load("matrix: {sets: {both: a & b}}").await;
}

#[tokio::test]
async fn s08_non_exclusive_groups_load_in_parallel() {
    both_load("groups: {one: {exclusive: false, members: [a]}, two: {exclusive: false, members: [b]}}").await;
}

#[tokio::test]
async fn s09_a_persistent_model_stays() {
    let router = Herd::new()
        .model("m", "", &[])
        .model("a", "", &[])
        .tail("groups: {keep: {persistent: true, members: [m]}}")
        .start()
        .await;
    // Exclusive itself, so it goes first.
    chat(router.client(), "m").await;
    chat(router.client(), "a").await;
    assert_eq!(router.running().await.len(), 2);
}

#[tokio::test]
async fn s10_s11_a_non_exclusive_model_comes_beside_and_leaves_when_idle() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "", &[])
        .model("n", "", &[])
        .tail("groups: {side: {exclusive: false, members: [n]}}")
        .start()
        .await;
    chat(router.client(), "a").await;
    let on_the_side = serving(&router, "n").await;
    assert_eq!(router.running().await.len(), 2);

    let request = queued(&router, "a").await;
    assert_eq!(router.event_log(EVENTS).count("term"), 0);
    on_the_side.abort();
    assert_eq!(status_of(request).await, StatusCode::OK);
    assert_eq!(router.running().await.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(spawned(&router), ["a", "n"]);
}

/// A serves, B then C are queued: who is loaded first?
async fn first_of_b_and_c(priority: &str) -> String {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "", &[])
        .model("b", "", &[])
        .model("c", "", &["aliases: [sea]"])
        .tail(&format!(
            "routing: {{scheduler: {{settings: {{fifo: {{priority: {priority}}}}}}}}}"
        ))
        .start()
        .await;
    let first = serving(&router, "a").await;
    let requests = [queued(&router, "b").await, queued(&router, "c").await];
    first.abort();
    for request in requests {
        assert_eq!(status_of(request).await, StatusCode::OK);
    }
    spawned(&router)[1].clone()
}

#[tokio::test]
async fn s12_higher_priority_first() {
    assert_eq!(first_of_b_and_c("{c: 10}").await, "c");
}

#[tokio::test]
async fn s13_equal_priority_in_order_of_arrival() {
    assert_eq!(first_of_b_and_c("{b: 3, c: 3}").await, "b");
}

#[tokio::test]
async fn s14_an_alias_is_a_priority_key() {
    assert_eq!(first_of_b_and_c("{sea: 10}").await, "c");
}

fn assert_concurrency_limit(answer: &Response) {
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(
        answer.json(),
        json!({"src": "llama-swap", "error": {
            "message": "Too many requests", "type": "rate_limit_error", "param": null, "code": "concurrency_limit"
        }})
    );
}

#[tokio::test]
async fn s15_the_limit_counts_waiting_requests() {
    let router = Herd::new()
        .model("a", "--load 100s", &["concurrencyLimit: 2"])
        .start()
        .await;
    let waiting = [
        chat_later(router.client(), "a", &[]),
        chat_later(router.client(), "a", &[]),
    ];
    router.event_log(EVENTS).wait_for("spawn", 1, PATIENCE).await;
    // Whichever of the three is refused is answered while the model still loads.
    let answer = poll_until(PATIENCE, "a refusal", async || {
        let answer = tokio::time::timeout(Duration::from_secs(1), chat(router.client(), "a")).await;
        answer.ok()
    })
    .await;
    assert_concurrency_limit(&answer);
    assert!(waiting.iter().all(|request| !request.is_finished()));
}

#[tokio::test]
async fn s16_the_default_limit_is_ten() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let requests: Vec<_> = (0..10)
        .map(|_| chat_later(router.client(), "a", &[("X-Reply", "slow")]))
        .collect();
    wait_until(PATIENCE, "ten are served", || {
        events_of(&router, "request", "a").len() == 10
    })
    .await;
    assert_concurrency_limit(&chat(router.client(), "a").await);
    assert!(requests.iter().all(|request| !request.is_finished()));
}

#[tokio::test]
async fn s18_a_slot_is_free_after_the_answer() {
    let router = Herd::new().model("a", "", &["concurrencyLimit: 1"]).start().await;
    for _ in 0..20 {
        assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn s19_a_queued_client_that_leaves_frees_its_slot() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "", &[])
        .model("b", "", &["concurrencyLimit: 1"])
        .start()
        .await;
    let first = serving(&router, "a").await;
    let waiting = queued(&router, "b").await;
    assert_concurrency_limit(&chat(router.client(), "b").await);
    waiting.abort();
    let admitted = poll_until(PATIENCE, "the slot is free", async || {
        let mut request = chat_later(router.client(), "b", &[]);
        // A refusal comes at once, an admitted request stays.
        match tokio::time::timeout(Duration::from_millis(500), &mut request).await {
            Ok(answer) => {
                assert_concurrency_limit(&answer.unwrap());
                None
            }
            Err(_) => Some(request),
        }
    })
    .await;
    first.abort();
    assert_eq!(status_of(admitted).await, StatusCode::OK);
}

#[tokio::test]
async fn s20_a_queued_client_that_leaves_loads_nothing() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "", &[])
        .model("b", "", &[])
        .model("c", "", &[])
        .start()
        .await;
    let first = serving(&router, "a").await;
    let leaves = queued(&router, "b").await;
    let stays = queued(&router, "c").await;
    let mut events = router.stream(Method::GET, "/api/events", &[], "").await;
    events.read_until(r#"\"queue_position\":2"#).await;
    leaves.abort();
    // The one behind it moves up: the router knows that it left.
    events.read_until(r#"\"queue_position\":1"#).await;
    first.abort();
    assert_eq!(status_of(stays).await, StatusCode::OK);
    assert_eq!(spawned(&router), ["a", "c"]);
}

#[tokio::test]
async fn s21_a_load_that_nobody_waits_for_gives_way() {
    let router = Herd::new()
        .model("a", "", &[])
        .model("b", "--load 1000s", &[])
        .start()
        .await;
    chat(router.client(), "a").await;
    let leaves = chat_later(router.client(), "b", &[]);
    router.event_log(EVENTS).wait_for("spawn", 2, PATIENCE).await;
    leaves.abort();
    let begin = Instant::now();
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert!(
        begin.elapsed() < Duration::from_secs(120),
        "it waited for B's load"
    );
}

#[tokio::test]
async fn s22_after_a_failed_load_the_queue_goes_on() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "--load 100s --exit-after 2s", &[])
        .model("b", "", &[])
        .start()
        .await;
    let fails = chat_later(router.client(), "a", &[]);
    router.event_log(EVENTS).wait_for("spawn", 1, PATIENCE).await;
    let next = queued(&router, "b").await;
    assert_eq!(status_of(fails).await, StatusCode::BAD_GATEWAY);
    assert_eq!(status_of(next).await, StatusCode::OK);
}

#[tokio::test]
async fn s23_a_model_that_keeps_failing_fails_fast_and_evicts_nobody() {
    let router = Herd::new()
        .model("a", "--exit-at-once 3 --print-error no-such-weights", &[])
        .model("b", "", &[])
        .start()
        .await;
    for _ in 0..3 {
        assert_eq!(chat(router.client(), "a").await.status, StatusCode::BAD_GATEWAY);
        assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
    }
    let before = spawned(&router);
    let answer = chat(router.client(), "a").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let seconds: u64 = answer
        .header("retry-after")
        .expect("a hint")
        .parse()
        .expect("seconds");
    assert!((1..=5).contains(&seconds), "{seconds}");
    let (message, _) = error(&answer);
    for part in ["exit status 3", "no-such-weights"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    wait_for_state(&router, "b", "ready").await;
    assert_eq!(spawned(&router), before);

    // An unload clears it.
    unload(router.client(), "a").await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn s24_s25_unloading_a_loading_model_fails_its_waiters_and_frees_the_queue() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "--load 1000s", &[])
        .model("b", "", &[])
        .start()
        .await;
    let fails = chat_later(router.client(), "a", &[]);
    router.event_log(EVENTS).wait_for("spawn", 1, PATIENCE).await;
    let next = queued(&router, "b").await;
    unload(router.client(), "a").await;
    let answer = fails.await.unwrap();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(error(&answer).0.contains("model unloaded"), "{}", answer.text());
    assert_eq!(status_of(next).await, StatusCode::OK);
}

#[tokio::test]
async fn s26_unload_cuts_what_is_served_and_the_next_request_reloads() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let cut = serving(&router, "a").await;
    let pid = router.event_log(EVENTS).of_kind("spawn")[0].pid;
    unload(router.client(), "a").await;
    assert!(!alive(pid));
    assert_eq!(status_of(cut).await, StatusCode::BAD_GATEWAY);
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert_eq!(spawned(&router), ["a", "a"]);
}

#[tokio::test]
async fn s27_a_request_right_after_an_unload_is_never_aborted() {
    let router = Herd::new().model("a", "--load 200ms", &[]).start().await;
    let mut unloaded_while_starting = 0;
    for _ in 0..50 {
        let before = spawned(&router).len();
        let first = chat_later(router.client(), "a", &[]);
        wait_until(PATIENCE, "it starts", || spawned(&router).len() > before).await;
        let client = router.client();
        let unloading = tokio::spawn(async move { unload(client, "a").await });
        // Its failure says that the unload has been handled; the process is still on its way out.
        let first = first.await.unwrap();
        if first.status != StatusCode::OK {
            assert!(error(&first).0.contains("model unloaded"), "{}", first.text());
            let again = chat(router.client(), "a").await;
            assert_eq!(again.status, StatusCode::OK, "{}", again.text());
            unloaded_while_starting += 1;
        }
        unloading.await.unwrap();
        unload(router.client(), "a").await;
    }
    assert!(
        unloaded_while_starting >= 10,
        "the unload nearly always came too late"
    );
}

#[tokio::test]
async fn s28_an_unloaded_model_never_comes_up_beside_its_rival() {
    let router = Herd::new()
        .model("a", "--ignore-term", &["unloadTimeout: 3"])
        .model("b", "", &[])
        .start()
        .await;
    chat(router.client(), "a").await;
    let fails = chat_later(router.client(), "b", &[]);
    wait_for_state(&router, "a", "stopping").await;
    unload(router.client(), "b").await;
    assert_eq!(status_of(fails).await, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    assert_eq!(spawned(&router), ["a", "a"]);
}

#[tokio::test]
async fn s29_an_unload_stalls_nobody_else() {
    let router = Herd::new()
        .model("a", "--ignore-term", &["unloadTimeout: 8"])
        .model("m", "", &[])
        .tail(&together("a, m"))
        .start()
        .await;
    chat(router.client(), "a").await;
    chat(router.client(), "m").await;
    let client = router.client();
    let unloading = tokio::spawn(async move { unload(client, "a").await });
    wait_for_state(&router, "a", "stopping").await;
    assert_eq!(chat(router.client(), "m").await.status, StatusCode::OK);
    assert!(!unloading.is_finished());
    assert_eq!(unloading.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn s30_unload_all_stops_the_quick_ones_first() {
    let router = Herd::new()
        .model("slow", "", &["unloadTimeout: 45"])
        .model("quick", "--term-delay 500ms", &["unloadTimeout: 10"])
        .model("brisk", "--term-delay 500ms", &["unloadTimeout: 10"])
        .model("medium", "--term-delay 500ms", &["unloadTimeout: 25"])
        .tail(&together("slow, quick, brisk, medium"))
        .start()
        .await;
    for model in ["slow", "quick", "brisk", "medium"] {
        chat(router.client(), model).await;
    }
    assert_eq!(
        router.post("/api/models/unload", &[], "").await.json(),
        json!({ "msg": "ok" })
    );
    assert!(router.running().await.is_empty());
    let mut terms = router.event_log(EVENTS).of_kind("term");
    let exits = router.event_log(EVENTS).of_kind("exit");
    terms.sort_by_key(|event| event.milliseconds);
    let order: Vec<&str> = terms.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(order[2..], ["medium", "slow"]);
    let first_exit = exits
        .iter()
        .map(|event| event.milliseconds)
        .min()
        .expect("they exit");
    assert!(
        terms[1].milliseconds <= first_exit,
        "equal ones were stopped one after the other"
    );
}

#[tokio::test]
async fn s31_s32_unknown_and_missing_models() {
    let router = Herd::new().model("a", "", &[]).start().await;
    let answer = chat(router.client(), "nobody").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        error(&answer),
        ("no router for requested model".to_owned(), "not_found".to_owned())
    );
    let answer = router.post_json(CHAT, &json!({ "messages": [] })).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(error(&answer).0, "no model id could be identified");
}

const UPGRADE: [(&str, &str); 3] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("X-Reply", "ws"),
];

#[tokio::test]
async fn s36_an_ignored_websocket_holds_nothing() {
    let keys = ["compat: {ignoreWebsockets: true}"];
    let router = Herd::new()
        .model("a", "", &keys)
        .model("b", "", &[])
        .start()
        .await;
    chat(router.client(), "a").await;
    let mut socket = router.client().connect().await;
    let lines: String = UPGRADE
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!("GET /upstream/a/ws HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    socket.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 101");

    assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut rest))
        .await
        .expect("the socket is cut");
}

#[tokio::test]
async fn s37_an_ignored_websocket_starts_nothing() {
    let router = Herd::new()
        .model("a", "", &["compat: {ignoreWebsockets: true}"])
        .start()
        .await;
    let answer = router.request(Method::GET, "/upstream/a/ws", &UPGRADE, "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(
        error(&answer).0,
        "model a is not loaded; ignored websocket requests cannot start it"
    );
    assert_eq!(spawned(&router), [] as [String; 0]);
}

#[tokio::test]
async fn s39_s40_shutdown_finishes_answers_and_fails_the_queue() {
    let mut router = Herd::new()
        .head(DEBUG)
        .model("a", "", &[])
        .model("b", "", &[])
        .start()
        .await;
    let served = occupied(&router, "a", &[("X-Reply", "wait"), ("X-Wait", "5s")]).await;
    let waiting = queued(&router, "b").await;
    router.signal(Signal::TERM);
    let answer = waiting.await.unwrap();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        error(&answer).0.contains("group is shutting down"),
        "{}",
        answer.text()
    );
    assert_eq!(served.await.unwrap().json()["target"], CHAT);
    let status = router.wait_exit(Duration::from_secs(60)).await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(spawned(&router), ["a"]);
    wait_for_no_process(router.folder(), None).await;
}

#[tokio::test]
async fn s41_shutdown_leaves_no_child_that_ignores_the_signal() {
    let mut router = Herd::new()
        .model("a", "--ignore-term", &["unloadTimeout: 2"])
        .start()
        .await;
    chat(router.client(), "a").await;
    router.signal(Signal::TERM);
    assert_eq!(router.wait_exit(Duration::from_secs(60)).await.code(), Some(0));
    wait_for_no_process_within(router.folder(), None, Duration::from_secs(1)).await;
}

#[tokio::test]
async fn s44_preload_loads_in_listed_order() {
    let router = Herd::new()
        .head("hooks: {on_startup: {preload: [b, a]}}")
        .model("a", "", &[])
        .model("b", "", &[])
        .tail(&together("a, b"))
        .start()
        .await;
    wait_for_state(&router, "a", "ready").await;
    wait_for_state(&router, "b", "ready").await;
    assert_eq!(spawned(&router), ["b", "a"]);
}

#[tokio::test]
async fn s45_cancelling_a_queued_request_is_an_explicit_error() {
    let router = Herd::new()
        .head(DEBUG)
        .model("a", "", &[])
        .model("b", "", &["concurrencyLimit: 1"])
        .start()
        .await;
    let first = serving(&router, "a").await;
    let waiting = queued(&router, "b").await;
    // Numbers are given in order of arrival, from 1.
    assert_eq!(
        router.post("/api/inflight/2/cancel", &[], "").await.json(),
        json!({ "msg": "ok" })
    );
    let answer = waiting.await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(error(&answer).1, "cancelled");
    let gone = router.post("/api/inflight/2/cancel", &[], "").await;
    assert_eq!(
        (gone.status, error(&gone).0.as_str()),
        (StatusCode::NOT_FOUND, "inflight request not found")
    );

    let next = queued(&router, "b").await;
    first.abort();
    assert_eq!(status_of(next).await, StatusCode::OK);
}

#[tokio::test]
async fn s48_a_stalled_log_reader_slows_nobody() {
    let router = Herd::new().model("a", "", &[]).start().await;
    chat(router.client(), "a").await;
    let mut stalled = router.stream(Method::GET, "/logs/stream/a", &[], "").await;
    // Larger than all buffers on the way to a reader that does not read.
    let flood = chat_with(
        router.client(),
        "a",
        &[("X-Reply", "flood"), ("X-Flood", "5000000")],
    )
    .await;
    assert_eq!(flood.status, StatusCode::OK);
    router.event_log(EVENTS).wait_for("flooded", 1, PATIENCE).await;
    let text = stalled.read_until("bytes dropped —\n").await;
    assert!(text.contains("\n— "), "a marker stands on a line of its own");
    let fresh = router.stream(Method::GET, "/logs/stream/a", &[], "").await;
    assert_eq!(fresh.status, StatusCode::OK);
}
