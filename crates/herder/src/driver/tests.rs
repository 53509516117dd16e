//! The driver with the real core and the real supervisor. Every wait has a generous deadline, none is a pause.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use herder_config::{Config, Model};
use herder_core::{Failure, ModelId, ModelState, Plan, Refusal, StartFailure};
use herder_supervisor::{Options, Supervisor};
use http::{HeaderMap, Method};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::{Driver, Lease, Purpose, Ticket, Waiting};
use crate::app::Snapshot;
use crate::fixtures::{config, model};
use crate::in_flight::{Description, InFlight, Phase};
use crate::logs::Logs;
use crate::plan::plan;
use crate::roster::Roster;

const A: ModelId = ModelId(0);
const B: ModelId = ModelId(1);

/// A bound for what takes milliseconds on an idle machine.
const SOON: Duration = Duration::from_secs(60);
/// Nobody listens at this address; it is never asked, because these models have no health check.
const NOWHERE: &str = "http://127.0.0.1:9";

fn driver(models: impl IntoIterator<Item = (&'static str, Model)>) -> Arc<Driver> {
    driver_under(
        &Supervisor::new(Handle::current(), Options { guard: None }).unwrap(),
        models,
    )
}

fn driver_under(
    supervisor: &Supervisor,
    models: impl IntoIterator<Item = (&'static str, Model)>,
) -> Arc<Driver> {
    let config = config(models);
    let roster = Roster::new(&config);
    let plan = plan(&config, &roster).unwrap();
    let logs = Arc::new(Logs::new(&config));
    let supervisor = supervisor.clone();
    let snapshot = Snapshot::new(config, roster).unwrap();
    Driver::new(Arc::new(snapshot), plan, logs, supervisor)
}

/// What runs, and how.
fn running(driver: &Driver) -> Vec<(ModelId, ModelState)> {
    let running = driver.running();
    running
        .iter()
        .map(|process| (process.model, process.state))
        .collect()
}

fn sleeper() -> Model {
    model("sleep 1000", NOWHERE)
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(SOON, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} takes too long"),
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    soon(what, async {
        while !condition() {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

fn waiting(ticket: Ticket) -> Waiting {
    match ticket {
        Ticket::Waiting(waiting) => waiting,
        other @ (Ticket::Granted(_) | Ticket::Refused(_)) => panic!("expected to wait, got {other:?}"),
    }
}

async fn lease(driver: &Arc<Driver>, model: ModelId) -> Lease {
    match driver.request(model, Purpose::Request) {
        Ticket::Granted(lease) => lease,
        Ticket::Waiting(waiting) => soon("the load", waiting).await.unwrap(),
        Ticket::Refused(refused) => panic!("refused: {refused:?}"),
    }
}

fn log(driver: &Driver) -> String {
    String::from_utf8(driver.logs.proxy().history().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_loads_its_model_and_a_second_one_finds_it_ready() {
    let driver = driver([("a", sleeper())]);
    assert_eq!(driver.state(A), ModelState::Stopped);
    assert!(driver.ready_upstream(A).is_none());
    let first = soon("the load", waiting(driver.request(A, Purpose::Request)))
        .await
        .unwrap();
    assert_eq!(running(&driver), [(A, ModelState::Ready)]);
    assert!(matches!(driver.request(A, Purpose::Request), Ticket::Granted(_)));
    assert!(Arc::ptr_eq(first.upstream(), &driver.ready_upstream(A).unwrap()));
    drop(first);
    soon("the unload", driver.unload(&[A], None)).await;
    assert_eq!(running(&driver), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_waits_for_the_lease_and_ends_the_old_process() {
    let driver = driver([("a", sleeper()), ("b", sleeper())]);
    let held = lease(&driver, A).await;
    let ended = held.upstream().ended().clone();
    let swap = waiting(driver.request(B, Purpose::Request));
    assert_eq!(running(&driver), [(A, ModelState::Ready)]);
    drop(held);
    let _lease = soon("the swap", swap).await.unwrap();
    assert_eq!(running(&driver), [(B, ModelState::Ready)]);
    assert!(ended.is_cancelled());
    assert!(
        log(&driver).contains("[INFO] b loading, evicting [a]"),
        "{}",
        log(&driver)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_gives_its_place_back() {
    let mut limited = sleeper();
    limited.concurrency_limit = 1;
    let driver = driver([("a", limited), ("b", sleeper())]);
    let held = lease(&driver, B).await;
    let left = waiting(driver.request(A, Purpose::Request));
    let Ticket::Refused(refused) = driver.request(A, Purpose::Request) else {
        panic!("the only place is taken")
    };
    assert_eq!(refused.refusal, Refusal::ConcurrencyLimit);
    drop(left);
    let stays = waiting(driver.request(A, Purpose::Request));
    drop(held);
    let granted = soon("the swap", stays).await.unwrap();
    // An outcome that nobody takes gives the place back, too.
    drop(granted);
    let unseen = driver.request(A, Purpose::Request);
    drop(unseen);
    assert!(matches!(driver.request(A, Purpose::Request), Ticket::Granted(_)));
}

/// Between the grant and the request's own note of it, it is shown nowhere: not in the queue again, without a place there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_1_16_who_waits_no_more_is_not_queued_again() {
    let driver = driver([("a", sleeper()), ("b", sleeper())]);
    let held = lease(&driver, A).await;
    let swap = waiting(driver.request(B, Purpose::Request));
    let table = Arc::new(InFlight::new());
    let (entry, _) = table.enter(Description {
        model: "b".to_owned(),
        at_peer: false,
        path: "/x".to_owned(),
        method: Method::POST,
        headers: HeaderMap::new(),
        client: Arc::default(),
    });
    entry.waits(swap.place());
    let request = Arc::clone(&table.open()[0]);
    let queued = request.progress().unwrap();
    assert_eq!((queued.phase, queued.position), (Phase::Queued, Some(1)));
    drop(held);
    until("the swap", || swap.is_over()).await;
    assert_eq!(request.progress(), None);
    entry.follower().granted();
    let waits = request.progress().unwrap();
    assert_eq!((waits.phase, waits.position), (Phase::Waiting, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_ends_at_once_is_reported_with_status_and_last_lines() {
    // With a health check that never answers, readiness cannot win the race against the exit.
    let mut broken = model("sh -c 'echo no such gpu; exit 3'", NOWHERE);
    broken.check_endpoint = Some("/health".to_owned());
    let driver = driver([("a", broken)]);
    let failed = soon("the failure", waiting(driver.request(A, Purpose::Request)))
        .await
        .unwrap_err();
    assert!(
        matches!(
            failed.failure,
            Failure::Start {
                reason: StartFailure::Exited,
                ..
            }
        ),
        "{failed:?}"
    );
    let last = failed.last.unwrap();
    assert_eq!(
        (last.model.as_str(), last.detail.as_str()),
        ("a", "exit status 3")
    );
    assert!(last.log_tail.contains("no such gpu"), "{last:?}");
    assert_eq!(driver.state(A), ModelState::Stopped);
    assert!(log(&driver).contains("[WARN] a upstream command exited prematurely (exit status 3)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_a_process_says_why() {
    let cases = [
        ("sleep 1000", "", "upstream proxy missing"),
        ("sleep 1000", "localhost:80", "invalid proxy URL 'localhost:80'"),
        ("# nothing", NOWHERE, "empty command"),
        (
            "/no/such/program -x",
            NOWHERE,
            "failed to start command '/no/such/program -x'",
        ),
    ];
    for (cmd, proxy, text) in cases {
        let driver = driver([("a", model(cmd, proxy))]);
        let failed = soon("the failure", waiting(driver.request(A, Purpose::Request)))
            .await
            .unwrap_err();
        assert!(
            matches!(
                failed.failure,
                Failure::Start {
                    reason: StartFailure::Spawn,
                    ..
                }
            ),
            "{failed:?}"
        );
        let last = failed.last.unwrap();
        assert!(last.detail.contains(text), "{last:?} should contain {text:?}");
        assert_eq!(running(&driver), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_is_never_ready_fails_in_time_and_is_stopped() {
    let mut hanging = model("sh -c 'echo loading; exec sleep 1000'", NOWHERE);
    hanging.check_endpoint = Some("/health".to_owned());
    hanging.health_check_timeout = Duration::from_millis(500);
    let driver = driver([("a", hanging)]);
    let failed = soon("the failure", waiting(driver.request(A, Purpose::Request)))
        .await
        .unwrap_err();
    assert!(
        matches!(
            failed.failure,
            Failure::Start {
                reason: StartFailure::TimedOut,
                ..
            }
        ),
        "{failed:?}"
    );
    assert!(failed.last.unwrap().log_tail.contains("loading"));
    until("the stop", || driver.running().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w09_after_three_failures_a_model_fails_fast_until_it_is_unloaded() {
    let driver = driver([("a", model("/no/such/program", NOWHERE))]);
    for _ in 0..3 {
        soon("the failure", waiting(driver.request(A, Purpose::Request)))
            .await
            .unwrap_err();
    }
    let Ticket::Refused(refused) = driver.request(A, Purpose::Request) else {
        panic!("the model should fail fast")
    };
    let Refusal::FailFast {
        failures: 3,
        retry_at,
    } = refused.refusal
    else {
        panic!("{refused:?}")
    };
    assert!(retry_at > refused.now);
    assert!(refused.last.unwrap().detail.contains("/no/such/program"));
    soon("the unload", driver.unload(&[A], None)).await;
    soon("the failure", waiting(driver.request(A, Purpose::Request)))
        .await
        .unwrap_err();
}

/// The task that keeps time once looked for its driver before the driver was complete, found none, and ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_timer_lives_as_long_as_its_driver() {
    let supervisor = Supervisor::new(Handle::current(), Options { guard: None }).unwrap();
    let drivers: Vec<_> = (0..500)
        .map(|_| driver_under(&supervisor, [("a", sleeper())]))
        .collect();
    // Each deadline makes its timer run at least once.
    for driver in &drivers {
        driver.earlier.notify_one();
        tokio::task::yield_now().await;
    }
    for driver in &drivers {
        assert!(!driver.timer.get().unwrap().is_finished());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_model_is_stopped_after_its_ttl() {
    let mut idle = sleeper();
    idle.ttl = Some(Duration::from_millis(200));
    let driver = driver([("a", idle)]);
    drop(lease(&driver, A).await);
    until("the idle stop", || driver.running().is_empty()).await;
    assert!(
        log(&driver).contains("[INFO] a Unloading model, TTL of 0s reached"),
        "{}",
        log(&driver)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_is_told_and_the_next_request_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let signal = folder.path().join("crash");
    let script = format!(
        "sh -c 'while [ ! -e {} ]; do sleep 0.01; done; exit 9'",
        signal.display()
    );
    let driver = driver([("a", model(&script, NOWHERE))]);
    let lost = lease(&driver, A).await;
    std::fs::write(&signal, "").unwrap();
    until("the crash", || driver.state(A) == ModelState::Stopped).await;
    assert!(
        log(&driver).contains("[WARN] a upstream exited unexpectedly (exit status 9)"),
        "{}",
        log(&driver)
    );
    std::fs::remove_file(&signal).unwrap();
    let next = lease(&driver, A).await;
    assert!(next.upstream().generation() > lost.upstream().generation());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unload_fails_those_who_wait() {
    let mut hanging = sleeper();
    hanging.check_endpoint = Some("/health".to_owned());
    let driver = driver([("a", hanging)]);
    let waiting = waiting(driver.request(A, Purpose::Request));
    soon("the unload", driver.unload(&[A], None)).await;
    let failed = soon("the failure", waiting).await.unwrap_err();
    assert_eq!(failed.failure, Failure::Unloaded);
    assert_eq!(running(&driver), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_lets_leases_end_and_leaves_nothing_behind() {
    let driver = driver([("a", sleeper()), ("b", sleeper())]);
    let held = lease(&driver, A).await;
    let swap = waiting(driver.request(B, Purpose::Request));
    let ending = tokio::spawn({
        let driver = Arc::clone(&driver);
        async move { driver.shutdown(SOON).await }
    });
    let failed = soon("the failure", swap).await.unwrap_err();
    assert_eq!(failed.failure, Failure::ShuttingDown);
    let Ticket::Refused(refused) = driver.request(A, Purpose::Request) else {
        panic!("nobody is admitted any more")
    };
    assert_eq!(refused.refusal, Refusal::ShuttingDown);
    assert_eq!(running(&driver), [(A, ModelState::Ready)]);
    drop(held);
    soon("the shutdown", ending).await.unwrap();
    assert_eq!(running(&driver), []);
}

/// Another configuration for a driver, and its plan.
fn succeeding(driver: &Driver, config: Config) -> (Arc<Snapshot>, Plan) {
    let previous = Arc::clone(&driver.state.lock().snapshot);
    let roster = previous.roster().succeeding(&config).unwrap();
    let plan = plan(&config, &roster).unwrap();
    (Arc::new(previous.succeeding(config, roster).unwrap()), plan)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c3_a_reload_ends_what_does_not_fit_when_its_leases_end() {
    let mut same = sleeper();
    let driver = driver([("b", same.clone()), ("c", sleeper()), ("d", sleeper())]);
    let (c, d, new) = (ModelId(1), ModelId(2), ModelId(3));
    let held = lease(&driver, c).await;
    same.ttl = Some(SOON);
    let (snapshot, plan) = succeeding(
        &driver,
        config([("a", sleeper()), ("b", same), ("c", model("sleep 2000", NOWHERE))]),
    );
    assert_eq!(driver.reconfigure(snapshot, plan), Some(vec![c]));
    assert_eq!(running(&driver), [(c, ModelState::Ready)]);
    assert_eq!(driver.running()[0].settings.cmd, "sleep 1000");
    assert!(
        log(&driver).contains("[INFO] c ends with its requests, 1 now"),
        "{}",
        log(&driver)
    );
    let next = waiting(driver.request(c, Purpose::Request));
    let Ticket::Refused(refused) = driver.request(d, Purpose::Request) else {
        panic!("it is not configured any more")
    };
    assert_eq!(refused.refusal, Refusal::UnknownModel);
    drop(held);
    let next = soon("the other process", next).await.unwrap();
    assert_eq!(driver.running()[0].settings.cmd, "sleep 2000");
    drop(next);
    drop(lease(&driver, new).await);
    assert_eq!(driver.running()[0].name, "a");
    assert_eq!(driver.occupancy().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_at_the_end_changes_nothing() {
    let driver = driver([("a", sleeper())]);
    drop(lease(&driver, A).await);
    soon("the shutdown", driver.shutdown(SOON)).await;
    let (snapshot, plan) = succeeding(&driver, config([("a", sleeper()), ("b", sleeper())]));
    assert_eq!(driver.reconfigure(snapshot, plan), None);
    assert_eq!(driver.watch().0, [ModelState::Stopped]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_shutdown_hurries_the_first() {
    let mut stubborn = model("sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'", NOWHERE);
    stubborn.unload_timeout = Duration::from_secs(600);
    let driver = driver([("a", stubborn)]);
    let held = lease(&driver, A).await;
    let ending = tokio::spawn({
        let driver = Arc::clone(&driver);
        async move { driver.shutdown(Duration::from_secs(600)).await }
    });
    soon("the forced shutdown", driver.shutdown(Duration::ZERO)).await;
    soon("the shutdown", ending).await.unwrap();
    assert_eq!(running(&driver), []);
    drop(held);
}

/// The command of a process that names a file of so many mebibytes.
fn sleeper_with_weights(folder: &Path, mebibytes: u64) -> String {
    let weights = folder.join(format!("{mebibytes}.gguf"));
    // A file without content takes no room on the disk.
    let file = std::fs::File::create(&weights).unwrap();
    file.set_len(mebibytes << 20).unwrap();
    format!("sh -c 'exec sleep 1000' -m {}", weights.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_read_ahead_while_the_victim_is_busy_unless_the_model_forbids_it() {
    let folder = tempfile::tempdir().unwrap();
    let command = sleeper_with_weights(folder.path(), 65);
    let mut silent = model(&command, NOWHERE);
    silent.prefetch = false;
    let models = [("a", sleeper()), ("b", silent), ("c", model(&command, NOWHERE))];
    let driver = driver(models);
    let held = lease(&driver, A).await;
    // B is the head of the queue first, then C.
    let swap_to_b = waiting(driver.request(B, Purpose::Request));
    drop(swap_to_b);
    let swap_to_c = waiting(driver.request(ModelId(2), Purpose::Request));
    until("reading ahead", || log(&driver).contains("c read ahead: ")).await;
    assert_eq!(
        running(&driver),
        [(A, ModelState::Ready)],
        "nothing has been stopped for it"
    );
    assert!(!log(&driver).contains("b read ahead"), "{}", log(&driver));
    drop(held);
    let _lease = soon("the swap", swap_to_c).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_says_what_is_read_ahead_from_now_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut waited_for = model(&sleeper_with_weights(folder.path(), 65), NOWHERE);
    waited_for.prefetch = false;
    let driver = driver([("a", sleeper()), ("b", waited_for.clone())]);
    let held = lease(&driver, A).await;
    let swap = waiting(driver.request(B, Purpose::Request));
    let reload = |waited_for: &Model| {
        let (snapshot, plan) = succeeding(&driver, config([("a", sleeper()), ("b", waited_for.clone())]));
        assert_eq!(driver.reconfigure(snapshot, plan), Some(vec![]));
    };
    let reads = || log(&driver).matches("b read ahead: ").count();

    waited_for.prefetch = true;
    reload(&waited_for);
    until("what is allowed now", || log(&driver).contains(" of 65 MiB")).await;
    // Nothing is read for what has nothing to do with files.
    waited_for.ttl = Some(SOON);
    reload(&waited_for);
    waited_for.cmd = sleeper_with_weights(folder.path(), 66);
    reload(&waited_for);
    until("the other file", || log(&driver).contains(" of 66 MiB")).await;
    assert_eq!(reads(), 2, "{}", log(&driver));
    assert!(driver.state.lock().read_ahead().is_some());
    waited_for.prefetch = false;
    reload(&waited_for);
    assert!(driver.state.lock().read_ahead().is_none());

    assert_eq!(running(&driver), [(A, ModelState::Ready)]);
    drop(held);
    let _lease = soon("the swap", swap).await.unwrap();
}
