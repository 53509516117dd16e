//! The fake upstream does what its tables say.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use herder_testkit::{
    Client, Event, EventLog, PATIENCE, Signal, Streaming, alive, children_of, fake_upstream, free_port_block,
    poll_until, processes_with_argument, send_signal, wait_until,
};
use http::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A fake upstream; killed when dropped.
struct Fake {
    child: Child,
    client: Client,
    events: EventLog,
    folder: TempDir,
}

impl Fake {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let events = EventLog::new(folder.path().join("events"));
        let port = free_port_block(1);
        let child = Command::new(fake_upstream())
            .args(["--port", &port.to_string(), "--event-log"])
            .arg(events.path())
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the fake can be run");
        Self {
            child,
            client: Client::new(([127, 0, 0, 1], port).into()),
            events,
            folder,
        }
    }

    async fn ready(arguments: &[&str]) -> Self {
        let fake = Self::start(arguments);
        fake.events.wait_for("listening", 1, PATIENCE).await;
        fake.events.wait_for("loaded", 1, PATIENCE).await;
        fake
    }

    async fn exit_code(&mut self) -> Option<i32> {
        let child = &mut self.child;
        poll_until(PATIENCE, "the fake exits", async || {
            child.try_wait().expect("the child is ours")
        })
        .await
        .code()
    }

    async fn reply(&self, reply: &str) -> Streaming {
        self.client
            .stream(Method::GET, "/x", &[("X-Reply", reply), ("X-Gap", "10ms")], "")
            .await
    }

    fn kinds(&self) -> Vec<String> {
        self.events
            .events()
            .into_iter()
            .map(|event: Event| event.kind)
            .collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        for pid in processes_with_argument(&self.folder.path().to_string_lossy()) {
            send_signal(pid, Signal::KILL);
        }
        self.child.wait().expect("the child is ours");
    }
}

#[tokio::test]
async fn echo_shows_exactly_what_arrived() {
    let fake = Fake::ready(&[]).await;
    let headers = [("Host", "example.test"), ("X-One", "a"), ("X-One", "b")];
    let echo = fake
        .client
        .post("/a/b%2Fc?x=%20y", &headers, "{ \"z\" : 1 }")
        .await
        .json();
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["target"], "/a/b%2Fc?x=%20y");
    assert_eq!(echo["host"], "example.test");
    assert_eq!(echo["headers"], json!({"x-one": "a, b", "content-length": "11"}));
    assert_eq!(echo["body"], "{ \"z\" : 1 }");
    assert_eq!(fake.events.of_kind("request")[0].detail, "POST /a/b%2Fc?x=%20y");
}

#[tokio::test]
async fn canned_replies() {
    let fake = Fake::ready(&[]).await;
    for (reply, status, fragment) in [
        ("usage", 200, "\"completion_tokens\":6"),
        ("gzip-bad", 200, "not gzip"),
        ("e400", 400, "bad temp"),
        ("e404", 404, "not here"),
        ("e500", 500, "broken inside"),
        ("e502", 502, "502 Bad Gateway"),
        ("wait", 200, "\"method\":\"GET\""),
        ("flood", 200, "\"flooded\":1000"),
        ("nonsense", 400, "unknown X-Reply"),
        ("sse", 200, "data: [DONE]"),
        ("chunked", 200, "chunk 2"),
    ] {
        let target = format!("/x?x-reply={reply}&x-gap=1ms&x-wait=1ms&x-flood=1000");
        let answer = fake.client.get(&target).await;
        assert_eq!(answer.status, status, "{reply}");
        assert!(answer.text().contains(fragment), "{reply}: {}", answer.text());
    }
    assert_eq!(
        fake.client.get("/env").await.json()["PATH"],
        std::env::var("PATH").unwrap()
    );
    let chat = json!({"model": "m", "stream": true});
    let answer = fake.client.post_json("/v1/chat/completions", &chat).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert!(answer.text().contains("\"usage\"") && answer.text().ends_with("data: [DONE]\n\n"));
    assert_eq!(fake.events.count("aborted"), 0, "{:?}", fake.kinds());
}

#[tokio::test]
async fn streams_break_off_when_told() {
    let mut fake = Fake::ready(&[]).await;
    let (text, complete) = fake.reply("sse-abort").await.read_to_end().await;
    assert!(text.contains("word2") && !complete, "{text}");
    let (text, complete) = fake.reply("exit-mid-stream").await.read_to_end().await;
    assert!(text.contains("chunk 2") && !complete, "{text}");
    assert_eq!(fake.exit_code().await, Some(17));

    let mut fake = Fake::ready(&[]).await;
    assert!(
        fake.client
            .try_stream(Method::GET, "/x?x-reply=exit", &[], "")
            .await
            .is_err()
    );
    assert_eq!(fake.exit_code().await, Some(17));
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let fake = Fake::ready(&[]).await;
    let client = fake.client;
    let slow = tokio::spawn(async move { client.get("/x?x-reply=slow").await });
    fake.events.wait_for("request", 1, PATIENCE).await;
    slow.abort();
    assert_eq!(
        fake.events.wait_for("aborted", 1, PATIENCE).await[0].detail,
        "GET /x?x-reply=slow"
    );

    let mut stream = client
        .stream(Method::GET, "/x?x-reply=sse&x-gap=60s", &[], "")
        .await;
    stream.read_until("word0").await;
    drop(stream);
    fake.events.wait_for("aborted", 2, PATIENCE).await;
}

#[tokio::test]
async fn an_upgraded_connection_echoes_bytes() {
    let fake = Fake::ready(&[]).await;
    let mut stream = fake.client.connect().await;
    let request =
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Reply: ws\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        seen.push(stream.read_u8().await.unwrap());
    }
    assert!(seen.starts_with(b"HTTP/1.1 101 "));
    stream.write_all(b"hello").await.unwrap();
    let mut echo = [0; 5];
    stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"hello");
    drop(stream);
    fake.events.wait_for("upgrade-closed", 1, PATIENCE).await;
}

#[tokio::test]
async fn loading_and_health() {
    let fake = Fake::start(&["--load", "300ms"]);
    fake.events.wait_for("listening", 1, PATIENCE).await;
    if fake.events.count("loaded") == 0 {
        assert_eq!(fake.client.get("/health").await.status, 503);
    }
    fake.events.wait_for("loaded", 1, PATIENCE).await;
    assert_eq!(fake.client.get("/health").await.status, 200);

    let fake = Fake::ready(&[
        "--load",
        "50ms",
        "--no-listen-until-loaded",
        "--health-status",
        "302",
    ])
    .await;
    assert_eq!(fake.kinds(), ["spawn", "loaded", "listening"]);
    let answer = fake.client.get("/health").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (302, Some("/elsewhere"))
    );

    let fake = Fake::ready(&["--health-hang"]).await;
    let request = fake.client.get("/health");
    assert!(
        tokio::time::timeout(Duration::from_millis(200), request)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn ends_as_told() {
    assert_eq!(
        Fake::start(&["--exit-at-once", "3", "--print", "bye"])
            .exit_code()
            .await,
        Some(3)
    );
    assert_eq!(Fake::start(&["--exit-after", "50ms"]).exit_code().await, Some(0));
    assert_eq!(Fake::start(&["--nonsense"]).exit_code().await, Some(2));

    let folder = tempfile::tempdir().unwrap();
    let cleanup = folder.path().join("cleanup");
    let mut fake = Fake::ready(&[
        "--term-delay",
        "300ms",
        "--cleanup-file",
        &cleanup.to_string_lossy(),
    ])
    .await;
    let asked = Instant::now();
    send_signal(fake.child.id(), Signal::TERM);
    assert_eq!(fake.exit_code().await, Some(0));
    assert!(asked.elapsed() >= Duration::from_millis(300) && cleanup.is_file());
    assert_eq!(fake.kinds()[3..], ["term", "exit"]);

    let fake = Fake::ready(&["--ignore-term"]).await;
    send_signal(fake.child.id(), Signal::TERM);
    fake.events.wait_for("term", 1, PATIENCE).await;
    assert_eq!(fake.client.get("/health").await.status, 200);
}

#[tokio::test]
async fn wrappers_leave_a_copy_behind() {
    let mut fake = Fake::ready(&["--fork-grandchild", "ignore-term"]).await;
    let wrapper = fake.child.id();
    let copies = children_of(wrapper);
    assert_eq!(copies.len(), 1);
    send_signal(wrapper, Signal::TERM);
    assert_eq!(fake.exit_code().await, None, "killed by the signal");
    send_signal(copies[0], Signal::TERM);
    fake.events.wait_for("term", 1, PATIENCE).await;
    assert!(alive(copies[0]));
    send_signal(copies[0], Signal::KILL);
    wait_until(PATIENCE, "the copy is gone", || !alive(copies[0])).await;

    let mut fake = Fake::ready(&["--daemonise"]).await;
    assert_eq!(fake.exit_code().await, Some(0));
    let copy = fake.events.of_kind("listening")[0].pid;
    assert!(copy != fake.child.id() && alive(copy));
}
