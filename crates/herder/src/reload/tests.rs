//! Who is answered when, and what cannot be applied. What reloads do is tested with the real program.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::*;
use crate::fixtures::config;

fn report() -> Outcome {
    Ok(Arc::new(Report {
        difference: Difference::between(&config([]), &config([])),
        warnings: Vec::new(),
    }))
}

#[tokio::test]
async fn c1_requests_during_a_reload_end_in_exactly_one_more() {
    let (reloader, mut requests) = Reloader::new();
    let runs = Arc::new(AtomicUsize::new(0));
    let may_end = Arc::new(Semaphore::new(0));
    let (counted, gate) = (Arc::clone(&runs), Arc::clone(&may_end));
    let task = tokio::spawn(async move {
        while let Some(asked) = requests.next().await {
            counted.fetch_add(1, Ordering::Relaxed);
            gate.acquire().await.expect("it stays open").forget();
            asked.answer(&report());
        }
    });
    let ask = || {
        let reloader = reloader.clone();
        tokio::spawn(async move { reloader.reload().await })
    };
    let first = ask();
    while runs.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    // More than fit into the queue, and some who do not wait for an answer.
    let more: Vec<_> = (0..MAX_WAITING / 2).map(|_| ask()).collect();
    tokio::task::yield_now().await;
    for _ in 0..2 * MAX_WAITING {
        reloader.request(Trigger::Signal);
    }
    may_end.add_permits(1);
    assert!(first.await.expect("no panic").is_ok());
    may_end.add_permits(1);
    for asked in more {
        assert!(asked.await.expect("no panic").is_ok());
    }
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    drop(reloader);
    task.await.expect("it ends with the last who can ask");
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn who_asks_when_herder_ends_is_told() {
    let (reloader, requests) = Reloader::new();
    drop(requests);
    let error = reloader.reload().await.expect_err("nobody reloads");
    assert!(matches!(*error, ReloadError::ShuttingDown), "{error}");
    reloader.request(Trigger::Signal);
}

#[tokio::test]
async fn a_fault_is_told_like_a_failure() {
    let fault = async { panic!("of no use") };
    let outcome: Result<(), _> = contained(fault).await;
    let error = outcome.expect_err("it panicked");
    assert!(
        matches!(&error, ReloadError::Fault(text) if text.contains("of no use")),
        "{error}"
    );
}

#[test]
fn c4_what_needs_a_restart_is_said() {
    let with_keys = |keys: &[&str], log_to_stdout| {
        let mut config = config([]);
        config.api_keys = keys.iter().map(|key| herder_config::Secret::new(*key)).collect();
        config.log_to_stdout = log_to_stdout;
        config
    };
    let (proxy, both) = (LogToStdout::Proxy, LogToStdout::Both);
    for (listens, keys, log_to_stdout, expected) in [
        (Reason::NoKeys, &[][..], proxy, &[][..]),
        (Reason::Keys, &["k"], proxy, &[]),
        (Reason::Asked, &["k"], proxy, &[]),
        (Reason::Asked, &[], proxy, &[]),
        (Reason::NoKeys, &["k"], proxy, &["on this machine only"]),
        (Reason::Keys, &[], proxy, &["everybody who can connect"]),
        (Reason::Asked, &[], both, &["logToStdout"]),
        (Reason::Keys, &[], both, &["logToStdout", "everybody"]),
    ] {
        let fixed = Fixed {
            listens,
            log_to_stdout: proxy,
        };
        let warnings = restart_needed(&with_keys(keys, log_to_stdout), fixed);
        assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
        for (warning, fragment) in warnings.iter().zip(expected) {
            assert!(warning.contains(fragment), "{warning}");
        }
    }
}
