//! The router rig, with shell scripts in the router's place.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use herder_testkit::{PATIENCE, Router, Signal, alive, fake_upstream};
use tempfile::TempDir;

fn script(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("router");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("it is writable");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it is ours");
    (folder, path)
}

#[tokio::test]
async fn a_router_gets_its_files_and_is_found_by_its_announcement_or_shows_why_it_ended() {
    let text = r#"echo "$1 $3 $4 $5 $NAME"; cat "$2"; echo problem >&2
        echo "[INFO] listening on http://127.0.0.1:4711 because"; exec sleep 600"#;
    // All before the first start: a forked child holds a file open for writing until it executes something else, and
    // such a file cannot be executed.
    let (_folder, program) = script(text);
    let (_second, plain) = script("echo listening on http://127.0.0.1:4711; exec sleep 600");
    let (_third, failing) = script("echo out; echo 'config.yaml:1:1: broken' >&2; exit 1");

    let builder = Router::builder(program).config("models: {a: {cmd: \"@FAKE@ --event-log @DIR@/events\"}}");
    let mut router = builder
        .argument("-extra")
        .environment("NAME", "value")
        .start()
        .await;
    assert_eq!(router.address().to_string(), "127.0.0.1:4711");
    let stdout = router.stdout();
    assert!(
        stdout.starts_with("-config -listen 127.0.0.1:0 -extra value\nstartPort: "),
        "{stdout}"
    );
    let fake = fake_upstream();
    let command = format!(
        "cmd: \"{} --event-log {}/events\"",
        fake.display(),
        router.folder().display()
    );
    assert!(stdout.contains(&command), "{stdout}");
    assert_eq!(router.event_log("events").path(), router.folder().join("events"));

    router.signal(Signal::TERM);
    assert_eq!(
        router.wait_exit(PATIENCE).await.code(),
        None,
        "killed by the signal"
    );
    assert_eq!(router.stderr(), "problem\n");

    let router = Router::builder(plain).start().await;
    let pid = router.pid();
    assert!(alive(pid));
    drop(router);
    assert!(!alive(pid));

    let failed = Router::builder(failing)
        .config("startPort: 1")
        .try_start()
        .await
        .expect_err("it ends");
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(
        (failed.stdout.as_str(), failed.stderr.as_str()),
        ("out\n", "config.yaml:1:1: broken\n")
    );
}
