//! Start and end of the program itself (spec/config.md 1.2 and 1.3, quirks C2 and C5), with the real binary.

#![cfg(unix)]

use std::net::TcpListener;
use std::time::Duration;

use herder_testkit::{PATIENCE, Router, Signal, processes_with_argument, wait_until};
use serde_json::json;

const HERDER: &str = env!("CARGO_BIN_EXE_herder");

/// A model that needs a kill, under a router whose own patience is long.
const STUBBORN: &str = "
models:
  a:
    cmd: '@FAKE@ --port ${PORT} --event-log @DIR@/events --ignore-term'
    unloadTimeout: 600
";

#[tokio::test]
async fn c2_a_second_signal_forces_the_exit_and_leaves_nothing() {
    let mut router = Router::builder(HERDER).config(STUBBORN).start().await;
    let body = json!({"model": "a"});
    assert_eq!(router.post_json("/v1/chat/completions", &body).await.status, 200);
    let marker = router.folder().to_string_lossy().into_owned();
    router.signal(Signal::TERM);
    wait_until(PATIENCE, "the shutdown begins", || {
        router.stdout().contains("shutting down")
    })
    .await;
    router.signal(Signal::INT);
    // The 30 s of an orderly shutdown would be too long for this.
    let status = router.wait_exit(Duration::from_secs(25)).await;
    assert_eq!(status.code(), Some(1));
    wait_until(PATIENCE, "no process is left", || {
        processes_with_argument(&marker).is_empty()
    })
    .await;
}

#[tokio::test]
async fn c5_a_port_in_use_ends_the_start_before_anything_runs() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a bound socket").to_string();
    let failed = Router::builder(HERDER)
        .config(&format!("hooks: {{on_startup: {{preload: [a]}}}}\n{STUBBORN}"))
        .argument("-listen")
        .argument(&address)
        .try_start()
        .await
        .expect_err("the port is taken");
    assert_eq!(failed.status.code(), Some(1));
    assert!(
        failed.stderr.contains(&format!("cannot listen on {address}")),
        "{}",
        failed.stderr
    );
    assert!(!failed.stdout.contains("preloading"), "{}", failed.stdout);
}

#[tokio::test]
async fn a_hang_up_does_not_end_the_router() {
    let router = Router::builder(HERDER).config(STUBBORN).start().await;
    router.signal(Signal::HUP);
    wait_until(PATIENCE, "the reload is told", || {
        router
            .stdout()
            .contains("[INFO] configuration reloaded: 0 added, 0 changed, 0 removed, 1 unchanged")
    })
    .await;
    assert_eq!(router.get("/health").await.status, 200);
}

#[tokio::test]
async fn upgraded_connections_do_not_hold_up_the_end() {
    let config = "models:\n  a:\n    cmd: '@FAKE@ --port ${PORT} --event-log @DIR@/events'\n";
    let mut router = Router::builder(HERDER).config(config).start().await;
    let mut socket = router.connect().await;
    let request = "GET /upstream/a/socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   X-Reply: ws\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut socket, request.as_bytes())
        .await
        .expect("an open connection");
    let mut start = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut socket, &mut start)
        .await
        .expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 101");
    router.signal(Signal::TERM);
    let status = router.wait_exit(Duration::from_secs(25)).await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn half_a_request_does_not_hold_up_the_end() {
    for half in [
        "GET /hea",
        "POST /v1/rerank HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let mut router = Router::builder(HERDER).config(STUBBORN).start().await;
        let mut socket = router.connect().await;
        tokio::io::AsyncWriteExt::write_all(&mut socket, half.as_bytes())
            .await
            .expect("an open connection");
        // Connections are accepted in order, so the half request has arrived when this is answered.
        assert_eq!(router.get("/health").await.status, 200);
        router.signal(Signal::TERM);
        // Less than the 30 s that an answer in progress may take.
        let status = router.wait_exit(Duration::from_secs(25)).await;
        assert_eq!(status.code(), Some(0), "{half}");
    }
}
