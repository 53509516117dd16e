//! The scheduler `fair` with real processes and sockets: the rows S05, S06 and S49 of spec/runtime.md 7.2, the workloads
//! w1 and w2 of scheduling.md section 6 beside `fifo`, refusals, and measured costs over a restart. What is asserted are
//! counts and order; how long anything takes is the machine's affair.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use herder_testkit::{Client, PATIENCE, Response, Router, Signal, poll_until, wait_until};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::reload::reload;
use crate::support::{EVENTS, Herd, chat, chat_later, chat_with, error, events_of, spawned};

/// The end of a configuration for the scheduler `fair`, with these keys.
fn fair(keys: &str) -> String {
    format!("routing: {{scheduler: {{use: fair, settings: {{fair: {{{keys}}}}}}}}}")
}

const FIFO: &str = "routing: {scheduler: {use: fifo}}";

/// How long a load takes in w1 and w2: far more than a request, as with real models.
const LOAD: &str = "--load 2s";

/// What herder is told about that before it has measured one.
const LOAD_TIME: &str = "loadTime: 2s";

/// Names of the models in the order of the requests that reached them.
fn served(router: &Router) -> Vec<String> {
    let events = router.event_log(EVENTS).of_kind("request");
    events.into_iter().map(|event| event.name).collect()
}

fn served_by(router: &Router, model: &str) -> usize {
    events_of(router, "request", model).len()
}

async fn until_served(router: &Router, model: &str, count: usize) {
    let what = format!("{count} requests of {model} are served");
    wait_until(PATIENCE, &what, || served_by(router, model) >= count).await;
}

/// Clients that ask again as soon as they have an answer, until they are stopped.
struct Crowd {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Crowd {
    fn of(clients: usize, router: &Router, model: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |number: usize| {
            let (client, stop) = (router.client(), Arc::clone(&stop));
            // Not in lock-step: one of them is always being served.
            let wait = format!("{}ms", 200 + 70 * number);
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let headers = [("X-Reply", "wait"), ("X-Wait", wait.as_str())];
                    let answer = chat_with(client, model, &headers).await;
                    assert_eq!(answer.status, StatusCode::OK);
                }
            })
        };
        let clients = (0..clients).map(client).collect();
        Self { stop, clients }
    }

    async fn disperse(self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.expect("every answer is a 200");
        }
    }
}

/// A request that waits for good is seen to do so by this many that pass it.
const MANY: usize = 120;

async fn w1(scheduler: &str) -> Router {
    Herd::new()
        .model("a", LOAD, &[LOAD_TIME])
        .model("b", LOAD, &[LOAD_TIME])
        .tail(scheduler)
        .start()
        .await
}

/// W01 under `fifo`, kept: the more so it means something that `fair` ends it.
#[tokio::test]
async fn w1_fifo_lets_a_busy_model_keep_the_other_out() {
    let router = w1(FIFO).await;
    // On a slow machine the crowd alone might leave a gap; this is the one that overlaps them all.
    let overlapping = chat_later(router.client(), "a", &[("X-Reply", "slow")]);
    let crowd = Crowd::of(4, &router, "a");
    until_served(&router, "a", 10).await;
    let rare = chat_later(router.client(), "b", &[]);
    until_served(&router, "a", 10 + MANY).await;
    assert!(!rare.is_finished());
    assert_eq!(spawned(&router), ["a"]);
    overlapping.abort();
    crowd.disperse().await;
    assert_eq!(rare.await.unwrap().status, StatusCode::OK);
}

/// S05, and w1: the rare model gets its turn while the other goes on to be asked for, and costs it two loads each time.
#[tokio::test]
async fn s05_w1_fair_serves_the_rare_model_while_the_other_is_busy() {
    let router = w1(&fair("")).await;
    let crowd = Crowd::of(4, &router, "a");
    until_served(&router, "a", 10).await;
    for round in 1..=2 {
        let before = served_by(&router, "a");
        assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
        let passed = served_by(&router, "a") - before;
        assert!(passed < MANY, "round {round}: {passed} requests passed");
        let now = served_by(&router, "a");
        until_served(&router, "a", now + 10).await;
    }
    crowd.disperse().await;
    assert_eq!(spawned(&router), ["a", "b", "a", "b", "a"]);
}

/// An agent: calls, thinks, calls again.
async fn agent(client: Client, model: &'static str, calls: usize) {
    for _ in 0..calls {
        assert_eq!(chat(client, model).await.status, StatusCode::OK);
        sleep(Duration::from_millis(250)).await;
    }
}

/// Three agents over three models, each with this many calls; the number of loads.
async fn w2(scheduler: &str, calls: usize) -> usize {
    let router = Herd::new()
        .model("a", LOAD, &[LOAD_TIME])
        .model("b", LOAD, &[LOAD_TIME])
        .model("c", LOAD, &[LOAD_TIME])
        .tail(scheduler)
        .start()
        .await;
    let client = || router.client();
    tokio::join!(
        agent(client(), "a", calls),
        agent(client(), "b", calls),
        agent(client(), "c", calls)
    );
    for model in ["a", "b", "c"] {
        assert_eq!(served_by(&router, model), calls);
    }
    spawned(&router).len()
}

/// W05, W06 and w2: agents that take turns on one machine cost a load for each call, or a load for each turn.
#[tokio::test]
async fn w2_fair_loads_at_most_six_tenths_as_often_as_fifo() {
    const CALLS: usize = 5;
    let scheduler = fair("");
    let (fifo, fair) = tokio::join!(w2(FIFO, CALLS), w2(&scheduler, CALLS));
    assert!(fair * 10 <= fifo * 6, "fair: {fair} loads, fifo: {fifo}");
}

/// S06: the two that keep BIG out are fenced together, so they fall idle together.
#[tokio::test]
async fn s06_fair_serves_a_big_model_that_needs_two_busy_ones_gone() {
    let routing = "
routing:
  router:
    use: matrix
    settings:
      matrix:
        sets: {small: a & b, large: big}
  scheduler: {use: fair}";
    let router = Herd::new()
        .model("a", "", &["loadTime: 1s"])
        .model("b", "", &["loadTime: 1s"])
        .model("big", "", &["loadTime: 1s"])
        .tail(routing)
        .start()
        .await;
    let (left, right) = (Crowd::of(2, &router, "a"), Crowd::of(2, &router, "b"));
    until_served(&router, "a", 3).await;
    until_served(&router, "b", 3).await;
    let before = served(&router).len();
    assert_eq!(chat(router.client(), "big").await.status, StatusCode::OK);
    let order = served(&router);
    let passed = order.iter().position(|name| name == "big").expect("served") - before;
    assert!(passed < MANY, "{passed} requests passed");
    let now = order.len();
    wait_until(PATIENCE, "the small ones are back", || {
        let later = served(&router).split_off(now);
        ["a", "b"]
            .into_iter()
            .all(|small| later.iter().any(|name| name == small))
    })
    .await;
    left.disperse().await;
    right.disperse().await;
}

/// S49, W15: a request that never ends holds its model for `drainTimeout` and no longer.
#[tokio::test]
async fn s49_a_hung_request_is_broken_off_after_drain_timeout() {
    let router = Herd::new()
        .model("a", "", &["loadTime: 1s"])
        .model("b", "", &["loadTime: 1s"])
        .tail(&fair("drainTimeout: 1s, maxTurn: 1s"))
        .start()
        .await;
    let hung = chat_later(router.client(), "a", &[("X-Reply", "slow")]);
    until_served(&router, "a", 1).await;
    assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
    let broken_off = hung.await.expect("it has an answer");
    assert_eq!(
        broken_off.status,
        StatusCode::BAD_GATEWAY,
        "{}",
        broken_off.text()
    );
    assert_eq!(spawned(&router), ["a", "b"]);
}

/// A reload changes the scheduler under those who wait: what `fifo` would never serve, `fair` does.
#[tokio::test]
async fn a_reload_from_fifo_to_fair_and_back_takes_those_who_wait_along() {
    let herd = |scheduler: &str| {
        Herd::new()
            .head("logLevel: debug")
            .model("a", "", &["loadTime: 1s"])
            .model("b", "", &["loadTime: 1s"])
            .tail(scheduler)
    };
    let hang = [("X-Reply", "slow")];
    let router = herd(FIFO).start().await;
    let hung = chat_later(router.client(), "a", &hang);
    until_served(&router, "a", 1).await;
    let waiting = chat_later(router.client(), "b", &[]);
    let waits = |model: &str| router.stdout().contains(&format!("{model} waits at position 1"));
    wait_until(PATIENCE, "b waits", || waits("b")).await;
    reload(&router, &herd(&fair("drainTimeout: 1s, maxTurn: 1s"))).await;
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
    assert_eq!(hung.await.unwrap().status, StatusCode::BAD_GATEWAY);

    let hung = chat_later(router.client(), "b", &hang);
    until_served(&router, "b", 2).await;
    // Without `drainTimeout` this waits, before the reload and after it.
    reload(&router, &herd(&fair(""))).await;
    let waiting = chat_later(router.client(), "a", &[]);
    wait_until(PATIENCE, "a waits", || waits("a")).await;
    reload(&router, &herd(FIFO)).await;
    assert_eq!(spawned(&router), ["a", "b"]);
    hung.abort();
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
    assert_eq!(spawned(&router), ["a", "b", "a"]);
}

/// W14, rule 8: beyond `queueLimit` a 429 that says when to come back; where nothing is known it says nothing.
#[tokio::test]
async fn w14_a_full_queue_is_answered_429_with_an_estimate() {
    let router = Herd::new()
        .head("logLevel: debug")
        .model("a", "", &["concurrencyLimit: 1"])
        .model("b", "", &["queueLimit: 1", LOAD_TIME])
        .tail(&fair("queueLimit: 2, maxTurn: 1h, turn: 1000, linger: 0"))
        .start()
        .await;
    // A turn of A that lasts until its request ends, whatever B has waited.
    let held = chat_later(router.client(), "a", &[("X-Reply", "slow")]);
    until_served(&router, "a", 1).await;
    let waiting = chat_later(router.client(), "b", &[]);
    wait_until(PATIENCE, "it waits", || {
        router.stdout().contains("b waits at position 1")
    })
    .await;
    let refused = chat(router.client(), "b").await;
    assert_full(&refused, 2);
    // Nobody has ever measured how long a request of A takes.
    assert_eq!(refused.header("retry-after"), None);
    assert_eq!(refused.header("x-herder-estimated-wait"), None);
    held.abort();
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);

    // From here on it is known how long a request takes.
    let held = chat_later(router.client(), "a", &[("X-Reply", "wait"), ("X-Wait", "2s")]);
    until_served(&router, "a", 2).await;
    held.await.unwrap();
    let held = chat_later(router.client(), "a", &[("X-Reply", "slow")]);
    until_served(&router, "a", 3).await;
    let waiting: Vec<_> = (0..2).map(|_| chat_later(router.client(), "a", &[])).collect();
    wait_until(PATIENCE, "two wait", || {
        router.stdout().contains("a waits at position 2")
    })
    .await;
    let refused = chat(router.client(), "a").await;
    assert_full(&refused, 3);
    let seconds = |name: &str| refused.header(name).and_then(|text| text.parse::<u64>().ok());
    assert!(
        seconds("retry-after").is_some_and(|seconds| seconds > 0),
        "{refused:?}"
    );
    assert_eq!(seconds("x-herder-estimated-wait"), seconds("retry-after"));
    held.abort();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
    }
}

fn assert_full(refused: &Response, position: u32) {
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(error(refused).1, "queue_full");
    let position = position.to_string();
    assert_eq!(refused.header("x-herder-queue-position"), Some(position.as_str()));
}

/// Waits until loads, stops and requests of a model have been measured so often. A request counts when its answer has been
/// passed on, which its client may know first.
async fn until_measured(router: &Router, model: &str, counts: [u64; 3]) -> Value {
    let what = format!("{counts:?} measurements of {model}");
    poll_until(PATIENCE, &what, async || {
        let running = router.get("/running").await.json();
        let models = running["running"].as_array().expect("a list");
        let costs = models.iter().find(|entry| entry["model"] == model)?["costs"].clone();
        let found = ["load", "stop", "service"].map(|what| costs[what]["count"].as_u64());
        (found == counts.map(Some)).then_some(costs)
    })
    .await
}

/// Issue 4, Build 2: what was measured counts in the next run, too, also for a model that a reload brings, and goes along to
/// another store.
#[tokio::test]
async fn measured_costs_are_kept_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("store: {{path: {}}}", folder.path().join("activity.db").display());
    let herd = |store: &str, models: &[&str]| {
        let herd = Herd::new().head(store);
        models.iter().fold(herd, |herd, model| herd.model(model, "", &[]))
    };
    let mut router = herd(&store, &["a", "b"]).start().await;
    assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    let first = until_measured(&router, "a", [1, 0, 1]).await;
    assert_eq!(first["stop"], json!({ "seconds": null, "count": 0 }));
    router.signal(Signal::TERM);
    router.wait_exit(PATIENCE).await;

    let mut router = herd(&store, &["a"]).start().await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    until_measured(&router, "a", [2, 1, 2]).await;
    reload(&router, &herd(&store, &["a", "b"])).await;
    assert_eq!(chat(router.client(), "b").await.status, StatusCode::OK);
    until_measured(&router, "b", [2, 1, 2]).await;

    let other = store.replace("activity.db", "other.db");
    reload(&router, &herd(&other, &["a", "b"])).await;
    router.signal(Signal::TERM);
    router.wait_exit(PATIENCE).await;
    let router = herd(&other, &["a", "b"]).start().await;
    assert_eq!(chat(router.client(), "a").await.status, StatusCode::OK);
    until_measured(&router, "a", [3, 2, 3]).await;
}
