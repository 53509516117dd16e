//! Real processes: start, readiness, exits, output (the process rows of spec/runtime.md 7.1 that need no router).

mod rig;

use std::sync::Arc;
use std::time::Duration;

use herder_supervisor::{Exit, ExitKind, HISTORY_BYTES, LogRing, Readiness, Report, Specification};
use herder_testkit::{PATIENCE, Signal, alive, send_signal, wait_until};
use rig::Rig;

const GRACE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn p01_spawned_ready_stopped() {
    let rig = Rig::new();
    let mut started = rig.start(rig.specification(rig.fake("--load 300ms")));
    assert_eq!(started.process.pid(), None);
    let after = started.ready().await;
    assert!(
        after >= Duration::from_millis(200),
        "ready after {after:?}, before it was loaded"
    );
    assert!(rig.events.count("loaded") == 1 && rig.events.count("health") >= 2);
    assert_eq!(rig.events.of_kind("spawn")[0].pid, started.process.pid().unwrap());

    let (exit, _) = started.stop(GRACE).await;
    assert_eq!(exit.status.as_deref(), Some("exit status 0"));
    assert_eq!(rig.events.count("term"), 1);
    assert_eq!(rig.events.count("spawn"), 1);
    rig.only_the_guard_is_left().await;
}

#[tokio::test]
async fn p05_ready_at_once_without_a_health_check() {
    let rig = Rig::new();
    let specification = Specification {
        readiness: Readiness::Immediate,
        ..rig.specification(rig.fake("--load 3600s --no-listen-until-loaded"))
    };
    let mut started = rig.start(specification);
    started.ready().await;
    started.stop(GRACE).await;
    assert_eq!(rig.events.count("health"), 0);
}

#[tokio::test]
async fn p07_p08_only_status_200_is_healthy() {
    for status in ["204", "302"] {
        let rig = Rig::new();
        let mut started = rig.start(rig.specification(rig.fake(&format!("--health-status {status}"))));
        started.spawned().await;
        rig.events.wait_for("health", 5, PATIENCE).await;
        let (exit, _) = started.stop(GRACE).await;
        assert_eq!(
            exit.status.as_deref(),
            Some("exit status 0"),
            "stopped without ever being ready"
        );
    }
}

#[tokio::test]
async fn p10_an_exit_while_starting_tells_status_and_last_lines() {
    let rig = Rig::new();
    rig.log.write(b"a line of an earlier process\n");
    let flags = "--exit-at-once 3 --print 'reading weights' --print-error 'no such file'";
    let mut started = rig.start(rig.specification(rig.fake(flags)));
    started.spawned().await;
    let expected = Exit {
        kind: ExitKind::Ended,
        status: Some("exit status 3".to_owned()),
        log_tail: "reading weights\nno such file".to_owned(),
    };
    assert_eq!(started.exit().await, expected);
}

#[tokio::test]
async fn p11_commands_that_cannot_be_started() {
    let rig = Rig::new();
    let script = rig.path("not-executable");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    let absent = rig.path("absent");
    for (command, error) in [
        (
            format!("{script} --port 1"),
            format!("failed to start command '{script} --port 1': Permission denied (os error 13)"),
        ),
        (
            absent.clone(),
            format!("failed to start command '{absent}': No such file or directory (os error 2)"),
        ),
        (
            "no-such-model-server 'a b'".to_owned(),
            "failed to start command 'no-such-model-server a b': executable file not found in PATH"
                .to_owned(),
        ),
        ("  # nothing\n".to_owned(), "empty command".to_owned()),
        (String::new(), "empty command".to_owned()),
    ] {
        let mut started = rig.start(rig.specification(command));
        let expected = Exit {
            kind: ExitKind::SpawnFailed { error },
            status: None,
            log_tail: String::new(),
        };
        assert_eq!(started.exit().await, expected);
        assert_eq!(started.process.pid(), None);
    }
}

#[tokio::test]
async fn p12_words_arrive_without_a_shell() {
    let rig = Rig::new();
    let flags = "\\\n  --print '$HOME *' \\\n# --print comment\n --print-error \"a  b\" # --name x";
    let mut started = rig.start(rig.specification(rig.fake(flags)));
    started.spawned().await;
    let exit = started.exit().await;
    assert_eq!(
        exit.status.as_deref(),
        Some("exit status 2"),
        "a later # is a word"
    );
    assert_eq!(exit.log_tail, "fake-upstream: unknown flag #");

    let mut started = rig.ready(flags.strip_suffix(" # --name x").unwrap()).await;
    let (exit, _) = started.stop(GRACE).await;
    assert_eq!(exit.log_tail, "$HOME *\na  b");
}

#[tokio::test]
async fn p13_the_models_environment_wins() {
    let rig = Rig::new();
    let entry = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let flags = "--exit-at-once 0 --log-env PATH --log-env TWICE --log-env HOME";
    let specification = Specification {
        environment: vec![entry("TWICE", "1"), entry("PATH", "/model"), entry("TWICE", "2")],
        ..rig.specification(rig.fake(flags))
    };
    let mut started = rig.start(specification);
    started.spawned().await;
    started.exit().await;
    let seen: Vec<String> = rig
        .events
        .of_kind("env")
        .into_iter()
        .map(|event| event.detail)
        .collect();
    let inherited = format!("HOME={}", std::env::var("HOME").unwrap());
    assert_eq!(seen, ["PATH=/model", "TWICE=2", &inherited]);
}

#[tokio::test]
async fn p14_a_crash_is_reported_and_nothing_else_happens() {
    let rig = Rig::new();
    let mut started = rig.ready("").await;
    send_signal(started.process.pid().unwrap(), Signal::KILL);
    let exit = started.exit().await;
    assert_eq!(exit.status.as_deref(), Some("killed by signal 9 (SIGKILL)"));
    assert_eq!(rig.events.count("spawn"), 1);
}

#[tokio::test]
async fn p23_a_daemonising_wrapper_is_an_exit_and_leaves_nothing() {
    let rig = Rig::new();
    let specification = Specification {
        readiness: Readiness::Immediate,
        ..rig.specification(rig.fake("--daemonise --ignore-term"))
    };
    let mut started = rig.start(specification);
    started.spawned().await;
    // An exit is never hidden: it is told first when the wrapper has gone before anybody could call it ready.
    let exit = match started.next().await {
        Report::Ready { .. } => started.exit().await,
        Report::Exited(exit) => exit,
        report @ Report::Spawned { .. } => panic!("spawned twice: {report:?}"),
    };
    assert_eq!(exit.status.as_deref(), Some("exit status 0"));
    rig.only_the_guard_is_left().await;
}

#[tokio::test]
async fn p40_both_streams_arrive_raw_and_in_order() {
    let rig = Rig::new();
    let flags = "--print one --print-error two --print three --print-error four --exit-at-once 0";
    let mut started = rig.start(rig.specification(rig.fake(flags)));
    started.spawned().await;
    started.exit().await;
    assert_eq!(rig.log.history(), "one\ntwo\nthree\nfour\n");
}

#[tokio::test]
async fn s48_a_flood_is_not_slowed_by_a_stalled_reader() {
    /// Ten times what history and backlog hold together.
    const FLOOD: usize = 5_000_000;
    let mut rig = Rig::new();
    let mux = Arc::new(LogRing::new());
    rig.log = Arc::new(LogRing::with_next(Arc::clone(&mux)));
    let (_, mut stalled) = mux.subscribe();
    let mut started = rig.ready(&format!("--flood {FLOOD}")).await;
    rig.events.wait_for("flooded", 1, PATIENCE).await;
    started.stop(GRACE).await;
    assert_eq!(rig.log.history().len(), HISTORY_BYTES);
    assert_eq!(mux.history(), rig.log.history());

    mux.close();
    let mut seen = 0;
    let mut last = bytes::Bytes::new();
    while let Some(bytes) = stalled.next().await {
        seen += bytes.len();
        last = bytes;
    }
    let last = String::from_utf8_lossy(&last).into_owned();
    let dropped = last
        .trim()
        .strip_prefix("— ")
        .and_then(|text| text.strip_suffix(" bytes dropped —"));
    let dropped: usize = dropped
        .unwrap_or_else(|| panic!("no marker: {last}"))
        .parse()
        .unwrap();
    assert_eq!(
        seen - last.len() + dropped,
        FLOOD,
        "every byte is either delivered or counted"
    );
}

#[tokio::test]
async fn an_escaped_descendant_that_holds_the_output_does_not_hold_the_exit() {
    let rig = Rig::new();
    // The wrapper ends only when the copy in the other session has begun to run.
    let begun = rig.events.path().display().to_string();
    let script = format!(
        "setsid {} & until grep -q listening {begun}; do sleep 0.02; done",
        rig.fake("").trim()
    );
    let specification = Specification {
        readiness: Readiness::Immediate,
        ..rig.specification(format!("sh -c '{script}'"))
    };
    let mut started = rig.start(specification);
    started.ready().await;
    assert_eq!(started.exit().await.status.as_deref(), Some("exit status 0"));
    let escaped = rig.events.of_kind("listening")[0].pid;
    assert!(alive(escaped), "another session is out of reach");
    send_signal(escaped, Signal::KILL);
    rig.only_the_guard_is_left().await;
}

#[tokio::test]
async fn dropping_handles_stops_nothing() {
    let rig = Rig::new();
    let mut started = rig.ready("").await;
    let pid = started.process.pid().unwrap();
    let second = started.process.clone();
    drop(std::mem::replace(&mut started.process, second));
    assert!(alive(pid));
    started.stop(GRACE).await;
    wait_until(PATIENCE, "it is gone", || !alive(pid)).await;
}
