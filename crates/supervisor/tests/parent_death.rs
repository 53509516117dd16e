//! When the supervising process dies, whatever the reason, no process that it started stays (architecture invariant 9).
#![cfg(target_os = "linux")]

mod rig;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use herder_testkit::{
    PATIENCE, Signal, alive, children_of, processes_with_argument, send_signal, wait_until,
};
use rig::{FIXTURE, Rig};

/// A process that supervises one command; the rig only lends its folder and fake upstream.
struct Parent {
    child: Child,
    rig: Rig,
    marker: String,
}

impl Parent {
    async fn supervising(guard: &str, flags: &str) -> Self {
        let rig = Rig::new();
        let marker = rig.path("parent");
        let mut child = Command::new(FIXTURE)
            .args(["run", guard, &rig.fake(flags), &marker])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the fixture can be run");
        let mut report = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut report).expect("a report");
        assert!(report.contains("Spawned"), "{report}");
        rig.events.wait_for("listening", 1, PATIENCE).await;
        Self { child, rig, marker }
    }

    fn guard(&self) -> Option<u32> {
        let mut marked = processes_with_argument(&self.marker);
        marked.retain(|pid| *pid != self.child.id());
        assert!(marked.len() <= 1);
        marked.pop()
    }

    async fn killed(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it is ours");
        // The rig's own guard, which has nothing to do with the parent.
        self.rig.only_the_guard_is_left().await;
    }
}

#[tokio::test]
async fn the_child_dies_with_its_parent_without_a_guard() {
    let parent = Parent::supervising("unguarded", "--ignore-term").await;
    assert_eq!(parent.guard(), None);
    assert_eq!(children_of(parent.child.id()).len(), 1);
    parent.killed().await;
}

#[tokio::test]
async fn grandchildren_die_too_with_a_guard() {
    for flags in ["--ignore-term", "--fork-grandchild ignore-term"] {
        let parent = Parent::supervising("guarded", flags).await;
        assert!(parent.guard().is_some());
        parent.killed().await;
    }
}

#[tokio::test]
async fn the_guard_outlives_the_signals_that_end_its_parent() {
    let parent = Parent::supervising("guarded", "--fork-grandchild ignore-term").await;
    let guard = parent.guard().expect("a guard");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        assert!(send_signal(guard, signal));
    }
    assert!(alive(guard));
    parent.killed().await;
}

#[tokio::test]
async fn a_guard_that_was_killed_is_replaced() {
    let rig = Rig::new();
    let [guard] = rig.processes()[..] else {
        panic!("only a guard")
    };
    let mut wrapper = rig.ready("--fork-grandchild ignore-term").await;
    assert!(send_signal(guard, Signal::KILL));
    wait_until(PATIENCE, "the guard is gone", || !alive(guard)).await;

    // Anything that a guard has to be told will do.
    let mut other = rig.start(rig.specification("true".to_owned()));
    other.spawned().await;
    other.exit().await;
    // The wrapper, its copy, and the new guard.
    assert_eq!(rig.processes().len(), 3);
    wrapper.stop(Duration::ZERO).await;
    rig.only_the_guard_is_left().await;
}
