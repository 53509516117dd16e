//! The stop ladder with real processes (spec/runtime.md 2.6, 7.1).

mod rig;

use std::time::{Duration, Instant};

use herder_supervisor::Specification;
use herder_testkit::{PATIENCE, free_port_block};
use rig::Rig;

/// Long enough that a test which waits for it fails.
const NEVER: Duration = Duration::from_secs(3600);

const KILLED: Option<&str> = Some("killed by signal 9 (SIGKILL)");

#[tokio::test]
async fn p19_what_ignores_the_signal_is_killed_after_the_grace() {
    let rig = Rig::new();
    let mut started = rig.ready("--ignore-term").await;
    let grace = Duration::from_secs(1);
    let (exit, took) = started.stop(grace).await;
    assert_eq!(exit.status.as_deref(), KILLED);
    assert!(took >= grace, "killed after {took:?}");
    assert_eq!(rig.events.count("term"), 1);
}

#[tokio::test]
async fn p20_cleaning_up_within_the_grace() {
    let rig = Rig::new();
    let file = rig.path("cleaned-up");
    let mut started = rig
        .ready(&format!("--term-delay 600ms --cleanup-file {file}"))
        .await;
    let (exit, took) = started.stop(NEVER).await;
    assert_eq!(exit.status.as_deref(), Some("exit status 0"));
    assert!(std::fs::exists(&file).unwrap() && took >= Duration::from_millis(600));
}

#[tokio::test]
async fn p21_p22_wrappers_leave_no_survivor() {
    let shell = |rig: &Rig, flags| format!("sh -c '{} & wait'", rig.fake(flags));
    let wrapped = |rig: &Rig, flags| rig.fake(flags);
    type Command = fn(&Rig, &'static str) -> String;
    let cases: [(&str, Command, &str); 4] = [
        ("shell wrapper", shell, ""),
        ("shell wrapper, deaf background child", shell, "--ignore-term"),
        ("wrapper", wrapped, "--fork-grandchild"),
        (
            "wrapper, deaf grandchild",
            wrapped,
            "--fork-grandchild ignore-term",
        ),
    ];
    for (what, command, flags) in cases {
        let rig = Rig::new();
        let mut started = rig.start(rig.specification(command(&rig, flags)));
        started.ready().await;
        assert!(rig.processes().len() >= 3, "{what}: guard, wrapper and server");
        let (exit, _) = started.stop(NEVER).await;
        assert_eq!(
            exit.status.as_deref(),
            Some("killed by signal 15 (SIGTERM)"),
            "{what}"
        );
        rig.only_the_guard_is_left().await;
    }
}

#[tokio::test]
async fn p24_the_stop_command_gets_pid_and_environment() {
    let rig = Rig::new();
    let file = rig.path("stopped");
    let specification = Specification {
        stop_command: format!("sh -c \"echo $WORD {{}} ${{PID}} > {file}; kill -USR1 ${{PID}}\""),
        environment: vec![("WORD".to_owned(), "from-the-model".to_owned())],
        ..rig.specification(rig.fake(""))
    };
    let mut started = rig.start(specification);
    started.ready().await;
    let (exit, _) = started.stop(NEVER).await;
    assert_eq!(exit.status.as_deref(), Some("killed by signal 10 (SIGUSR1)"));
    let pid = started.process.pid().unwrap();
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        format!("from-the-model {{}} {pid}\n")
    );
    assert_eq!(
        rig.events.count("term"),
        0,
        "no signal is sent when the stop command succeeds"
    );
}

#[tokio::test]
async fn p25_a_stop_command_that_fails_falls_back_to_the_signal_at_once() {
    for stop_command in ["false", "no-such-stop-command", "# nothing", "sh -c 'exit 3'"] {
        let rig = Rig::new();
        let specification = Specification {
            stop_command: stop_command.to_owned(),
            ..rig.specification(rig.fake(""))
        };
        let mut started = rig.start(specification);
        started.ready().await;
        let (exit, _) = started.stop(NEVER).await;
        assert_eq!(exit.status.as_deref(), Some("exit status 0"), "{stop_command}");
        assert_eq!(rig.events.count("term"), 1, "{stop_command}");
    }
}

#[tokio::test]
async fn p26_a_stop_command_that_never_returns_is_killed_in_the_end() {
    let rig = Rig::new();
    let stopper = format!("{} --name stopper --port {}", rig.fake(""), free_port_block(1));
    let specification = Specification {
        stop_command: stopper.clone(),
        ..rig.specification(rig.fake(""))
    };
    let mut started = rig.start(specification);
    started.ready().await;
    let (exit, took) = started.stop(Duration::from_secs(2)).await;
    assert_eq!(exit.status.as_deref(), KILLED);
    assert!(took >= Duration::from_secs(2), "{took:?}");
    let events = rig.events.events();
    assert!(
        events.iter().any(|event| event.name == "stopper"),
        "the stop command ran"
    );
    rig.only_the_guard_is_left().await;
}

#[tokio::test]
async fn a_stop_command_may_outlive_the_process_only_for_a_moment() {
    let rig = Rig::new();
    let port = free_port_block(1);
    let script = format!(
        "kill ${{PID}}; exec {} --name stopper --port {port}",
        rig.fake("")
    );
    let specification = Specification {
        stop_command: format!("sh -c '{script}'"),
        ..rig.specification(rig.fake(""))
    };
    let mut started = rig.start(specification);
    started.ready().await;
    let (exit, _) = started.stop(NEVER).await;
    assert_eq!(exit.status.as_deref(), Some("exit status 0"));
    rig.only_the_guard_is_left().await;
}

#[tokio::test]
async fn p33_a_stop_while_probing_aborts_the_start() {
    for flags in [
        "--load 3600s",
        "--load 3600s --no-listen-until-loaded",
        "--health-hang",
    ] {
        let rig = Rig::new();
        let mut started = rig.start(rig.specification(rig.fake(flags)));
        started.spawned().await;
        rig.events.wait_for("spawn", 1, PATIENCE).await;
        // `exit` accepts no report between `Spawned` and `Exited`.
        started.stop(NEVER).await;
        rig.only_the_guard_is_left().await;
    }
}

#[tokio::test]
async fn a_further_stop_only_brings_the_kill_nearer() {
    let rig = Rig::new();
    let mut started = rig.ready("--ignore-term").await;
    started.process.stop(NEVER);
    rig.events.wait_for("term", 1, PATIENCE).await;
    started.process.stop(Duration::MAX);
    let second = Instant::now();
    started.process.stop(Duration::from_millis(500));
    started.process.stop(NEVER);
    assert_eq!(started.exit().await.status.as_deref(), KILLED);
    assert!(second.elapsed() >= Duration::from_millis(500));
    assert_eq!(rig.events.count("term"), 1, "asked once");
}

#[tokio::test]
async fn a_stop_without_grace_kills_without_asking() {
    let rig = Rig::new();
    let mut started = rig.ready("--fork-grandchild ignore-term").await;
    let (exit, _) = started.stop(Duration::ZERO).await;
    assert_eq!(exit.status.as_deref(), KILLED);
    assert_eq!(rig.events.count("term"), 0);
    rig.only_the_guard_is_left().await;

    started.process.stop(NEVER);
    started.process.stop(Duration::ZERO);
}

#[tokio::test]
async fn a_stop_before_the_spawn_is_not_lost() {
    let rig = Rig::new();
    let mut started = rig.start(rig.specification(rig.fake("--load 3600s --ignore-term")));
    started.process.stop(Duration::ZERO);
    started.spawned().await;
    assert_eq!(started.exit().await.status.as_deref(), KILLED);
}
