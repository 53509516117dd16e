//! Row S50 of spec/runtime.md 7.2: many random clients over models that exclude each other, with random departures.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::{EVENTS, Herd, chat_later, chat_with, unload, wait_for_no_process};
use herder_testkit::{Client, PATIENCE, Router, processes_with_argument, wait_until};
use http::StatusCode;

const CLIENTS: u64 = 100;
const MODELS: [&str; 5] = ["m0", "m1", "m2", "m3", "m4"];
/// The row's own length. It runs beside the other tests of its file's crate.
const LENGTH: Duration = Duration::from_secs(60);

/// Splitmix64: the same seed, the same clients.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[derive(Default)]
struct Tally {
    served: AtomicUsize,
    refused: AtomicUsize,
    left: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s50_random_clients_leave_everything_at_rest() {
    let herd = MODELS
        .iter()
        .fold(Herd::new(), |herd, name| herd.model(name, "--load 30ms", &[]));
    let router = herd.start().await;
    let tally = Arc::new(Tally::default());
    let end = Instant::now() + LENGTH;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|seed| tokio::spawn(live(router.client(), Random(seed), end, Arc::clone(&tally))))
        .collect();
    let mut samples = 0;
    while Instant::now() < end {
        let alive = model_processes(&router);
        assert!(
            alive.len() <= 1,
            "models that exclude each other are alive together: {alive:?}"
        );
        samples += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for client in clients {
        client
            .await
            .expect("no client saw anything but 200, 429 and its own departure");
    }
    let (served, refused, left) = (
        tally.served.load(Ordering::Relaxed),
        tally.refused.load(Ordering::Relaxed),
        tally.left.load(Ordering::Relaxed),
    );
    println!("served {served}, refused {refused}, left {left}, looked {samples} times");
    assert!(served > 0 && left > 0, "the clients did not do what they are for");
    every_slot_is_free(&router).await;
    for model in MODELS {
        unload(router.client(), model).await;
    }
    assert!(router.running().await.is_empty());
    wait_for_no_process(router.folder(), Some(router.pid())).await;
}

/// One client: asks for random models and loses patience now and then.
async fn live(client: Client, mut random: Random, end: Instant, tally: Arc<Tally>) {
    while Instant::now() < end {
        let model = MODELS[random.below(5) as usize];
        let wait = format!("{}ms", random.below(60));
        let reply = if random.below(4) == 0 { "chunked" } else { "wait" };
        let headers = [("X-Reply", reply), ("X-Wait", &wait), ("X-Gap", "10ms")];
        let request = chat_with(client, model, &headers);
        if random.below(3) == 0 {
            let patience = Duration::from_millis(random.below(400));
            match tokio::time::timeout(patience, request).await {
                Ok(answer) => count(answer.status, &tally),
                Err(_) => {
                    tally.left.fetch_add(1, Ordering::Relaxed);
                }
            }
        } else {
            count(request.await.status, &tally);
        }
        // A client that is refused at once would only burn the machine.
        tokio::time::sleep(Duration::from_millis(random.below(200))).await;
    }
}

fn count(status: StatusCode, tally: &Tally) {
    match status {
        StatusCode::OK => tally.served.fetch_add(1, Ordering::Relaxed),
        StatusCode::TOO_MANY_REQUESTS => tally.refused.fetch_add(1, Ordering::Relaxed),
        other => panic!("unexpected status {other}"),
    };
}

/// The command lines of the model servers that are alive.
fn model_processes(router: &Router) -> Vec<String> {
    processes_with_argument(&router.folder().to_string_lossy())
        .into_iter()
        .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok())
        .filter(|command| command.contains("--name"))
        .collect()
}

/// The default limit is ten: ten requests at once are served only if no slot has leaked.
async fn every_slot_is_free(router: &Router) {
    for model in MODELS {
        let log = router.event_log(EVENTS);
        let requests = || {
            log.of_kind("request")
                .iter()
                .filter(|event| event.name == model)
                .count()
        };
        let before = requests();
        let held: Vec<_> = (0..10)
            .map(|_| chat_later(router.client(), model, &[("X-Reply", "slow")]))
            .collect();
        wait_until(PATIENCE, "ten requests are served", || requests() == before + 10).await;
        for request in held {
            request.abort();
        }
    }
}
