//! The proxy between a raw client and a raw model server, through herder's own listener: what is on the wire is what
//! is tested. The model server says exactly what a test wants.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use herder_config::Model;
use herder_core::Generation;
use herder_wire::Pieces;
use herder_wire::accept::ErrorForm;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Access, Client, Payload, forward};
use crate::cancellation::{Cancelled, Canceller};
use crate::fixtures::model;
use crate::serve::{Address, Listener, TlsFiles};
use crate::upstream::Upstream;

/// A bound for what takes milliseconds on an idle machine.
const SOON: Duration = Duration::from_secs(60);

/// What the model server does after it has read a request head.
#[derive(Clone)]
enum Step {
    /// Sends this.
    Send(&'static str),
    /// Waits for a word from the test.
    Wait,
    /// Copies what comes in until the other side ends.
    Echo,
    /// Reads until the other side ends, and says so.
    WatchEnd,
}

struct Rig {
    /// Where herder listens.
    herder: SocketAddr,
    /// Request heads that the model server has seen, and `closed`.
    seen: mpsc::UnboundedReceiver<String>,
    /// Lets the model server go on.
    go: mpsc::UnboundedSender<()>,
    canceller: Canceller,
    ended: CancellationToken,
}

/// herder in front of a model server that takes `steps` for each connection.
async fn rig(steps: Vec<Step>, edit: impl FnOnce(&mut Model)) -> Rig {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut settings = model("", &format!("http://{}/base", socket.local_addr().unwrap()));
    edit(&mut settings);
    let (say, seen) = mpsc::unbounded_channel();
    let (go, mut gone) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            play(stream, &steps, &say, &mut gone).await;
        }
    });
    let ((canceller, cancelled), ended) = (Canceller::new(), CancellationToken::new());
    let upstream = Upstream::new(
        "orca",
        &settings,
        Generation(1),
        TaskTracker::new(),
        ended.clone(),
    )
    .unwrap();
    let herder = serve(Arc::new(upstream), cancelled).await;
    Rig {
        herder,
        seen,
        go,
        canceller,
        ended,
    }
}

async fn play(
    mut stream: TcpStream,
    steps: &[Step],
    say: &mpsc::UnboundedSender<String>,
    go: &mut mpsc::UnboundedReceiver<()>,
) {
    let _ = say.send(read_head(&mut stream).await);
    for step in steps {
        match step {
            Step::Send(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Step::Wait => drop(go.recv().await),
            Step::Echo => {
                let (mut reader, mut writer) = stream.split();
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            }
            Step::WatchEnd => {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
                let _ = say.send("closed".to_owned());
            }
        }
    }
}

/// herder's listener with nothing but the proxy behind it. The client's key counts as matched when it is `ours`.
/// `cancelled` is that of the first request.
async fn serve(upstream: Arc<Upstream>, cancelled: Cancelled) -> SocketAddr {
    let cancelled = Arc::new(Mutex::new(Some(cancelled)));
    let router = Router::new().fallback(move |request: Request| {
        let upstream = Arc::clone(&upstream);
        let cancelled = cancelled.lock().take().unwrap_or_else(|| Canceller::new().1);
        async move { pass(request, upstream, cancelled).await }
    });
    let address = Address::choose(Some("127.0.0.1:0"), false, false).unwrap();
    let listener = Listener::bind(&address, None).await.unwrap();
    let local = listener.local();
    tokio::spawn(listener.serve(router, CancellationToken::new(), SOON));
    local
}

async fn pass(request: Request, upstream: Arc<Upstream>, cancelled: Cancelled) -> Response {
    let ours = request
        .headers()
        .get(AUTHORIZATION)
        .is_some_and(|value| value == "Bearer ours");
    let client = Client {
        address: Some("10.0.0.9".into()),
        matched_credentials: if ours { vec![AUTHORIZATION] } else { Vec::new() },
    };
    let edited = request.uri().path() == "/edited";
    let request = request.map(|body| match edited {
        true => Payload::Pieces(Pieces::whole(Bytes::from_static(b"{\"model\":\"x\"}"))),
        false => Payload::Unread(body),
    });
    forward(request, &client, Access::Unleased(upstream), cancelled)
        .await
        .unwrap_or_else(|error| error.respond(ErrorForm::Json))
        .map(Body::new)
}

impl Rig {
    /// Sends a request and returns the connection.
    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.herder).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Sends a request and reads until the connection ends.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.send(request).await;
        let mut answer = Vec::new();
        // A connection that is broken off may end with a reset: what has arrived counts.
        let _ = timeout(SOON, stream.read_to_end(&mut answer))
            .await
            .expect("the connection should end");
        String::from_utf8(answer).unwrap()
    }

    async fn seen(&mut self) -> String {
        timeout(SOON, self.seen.recv())
            .await
            .expect("the model server should see something")
            .unwrap()
    }
}

/// Reads up to the empty line.
async fn read_head(stream: &mut TcpStream) -> String {
    read_until(stream, "\r\n\r\n").await
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        match timeout(SOON, stream.read_u8()).await.expect("more should come") {
            Ok(byte) => text.push(char::from(byte)),
            Err(_) => break,
        }
    }
    text
}

/// The lines of a head, those behind the first in order.
fn lines(head: &str) -> Vec<String> {
    let mut lines: Vec<String> = head.trim_end().lines().map(str::to_owned).collect();
    lines[1..].sort_unstable();
    lines
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn http_1_3_request_heads() {
    let requests: [(&str, &[&str]); 6] = [
        (
            "GET /v1/x%2Fy?a=1&b=%20 HTTP/1.1\r\nHost: me.test:80\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTE: gzip\r\n\
             Accept-Encoding: br\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n\r\n",
            &[
                "GET /base/v1/x%2Fy?a=1&b=%20 HTTP/1.1",
                "accept-encoding: br",
                "host: UPSTREAM",
                "x-forwarded-for: 1.2.3.4, 10.0.0.9",
                "x-forwarded-host: me.test:80",
                "x-forwarded-proto: https",
            ],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ours\r\n\
             X-Forwarded-Host: outer.test\r\n\r\n",
            &[
                "GET /base/ HTTP/1.1",
                "host: UPSTREAM",
                "x-forwarded-for: 10.0.0.9",
                "x-forwarded-host: outer.test",
            ],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer theirs\r\n\r\n",
            &[
                "GET /base/ HTTP/1.1",
                "authorization: Bearer theirs",
                "host: UPSTREAM",
                "x-forwarded-for: 10.0.0.9",
                "x-forwarded-host: a",
            ],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: a=1\r\nCookie: b=2; c=3\r\n\r\n",
            &[
                "GET /base/ HTTP/1.1",
                "cookie: a=1; b=2; c=3",
                "host: UPSTREAM",
                "x-forwarded-for: 10.0.0.9",
                "x-forwarded-host: a",
            ],
        ),
        (
            "POST /edited HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            &[
                "POST /base/edited HTTP/1.1",
                "content-length: 13",
                "host: UPSTREAM",
                "x-forwarded-for: 10.0.0.9",
                "x-forwarded-host: a",
            ],
        ),
        (
            "POST /raw HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
            &[
                "POST /base/raw HTTP/1.1",
                "content-length: 3",
                "host: UPSTREAM",
                "x-forwarded-for: 10.0.0.9",
                "x-forwarded-host: a",
            ],
        ),
    ];
    for (request, expected) in requests {
        let mut upstream = String::new();
        let mut rig = rig(vec![Step::Send(OK)], |model| {
            upstream = model
                .proxy
                .trim_start_matches("http://")
                .trim_end_matches("/base")
                .to_owned();
        })
        .await;
        let answer = rig.exchange(request).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok"),
            "{answer}"
        );
        let seen = rig.seen().await.replace(&upstream, "UPSTREAM");
        assert_eq!(lines(&seen), expected, "{request}");
    }
}

#[tokio::test]
async fn http_q9_the_clients_host_can_be_kept() {
    let mut rig = rig(vec![Step::Send(OK)], |model| model.preserve_host = true).await;
    rig.exchange("GET / HTTP/1.1\r\nHost: me.test\r\nConnection: close\r\n\r\n")
        .await;
    let head = rig.seen().await;
    assert!(
        head.contains("host: me.test\r\n") && !head.contains("x-forwarded-host"),
        "{head}"
    );
}

#[tokio::test]
async fn http_3_3_answer_heads() {
    let answers: [(&'static str, &[&str], &[&str]); 3] = [
        (
            "HTTP/1.1 201 Made\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=1\r\n\
             Set-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
            &[
                "HTTP/1.1 201 Created\r\n",
                "set-cookie: a=1\r\n",
                "set-cookie: b=2\r\n",
            ],
            &["x-hop", "keep-alive", "x-accel-buffering"],
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream\r\nTransfer-Encoding: chunked\r\n\r\n\
             9\r\ndata: 1\n\n\r\n0\r\n\r\n",
            &["x-accel-buffering: no\r\n", "data: 1\n\n", "0\r\n\r\n"],
            &["error"],
        ),
        // Q21: an interim answer is not the answer.
        (
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            &["HTTP/1.1 404 Not Found\r\n"],
            &["103"],
        ),
    ];
    for (answer, present, absent) in answers {
        let rig = rig(vec![Step::Send(answer)], |_| {}).await;
        let received = rig
            .exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await;
        for text in present {
            assert!(received.contains(text), "{text:?} is missing in {received:?}");
        }
        for text in absent {
            assert!(
                !received.to_lowercase().contains(text),
                "{text:?} should not be in {received:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_with_two_lengths_is_as_long_as_its_chunks_say() {
    let answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let rig = rig(vec![Step::Send(answer)], |_| {}).await;
    let answer = rig
        .exchange("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await;
    assert!(!answer.to_lowercase().contains("content-length"), "{answer}");
    assert!(answer.ends_with("5\r\nhello\r\n0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn q22_a_broken_event_stream_says_so_and_is_broken_off() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let steps = vec![
        Step::Send(head),
        Step::Send("9\r\ndata: 1\n\n\r\n7\r\ndata: {\r\n"),
    ];
    let rig = rig(steps, |_| {}).await;
    let received = rig.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(received.contains("data: 1\n\n"), "{received}");
    assert!(
        received.contains("\n\ndata: {\"error\":{\"message\":\"upstream error: model orca: "),
        "{received}"
    );
    assert!(
        !received.ends_with("0\r\n\r\n"),
        "the body must not look complete: {received}"
    );
}

#[tokio::test]
async fn q22_other_broken_bodies_are_broken_off() {
    for answer in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\
         Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    ] {
        let rig = rig(vec![Step::Send(answer)], |_| {}).await;
        let received = rig.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(received.contains("part"), "{received}");
        assert!(
            !received.contains("error") && !received.ends_with("0\r\n\r\n"),
            "{received}"
        );
    }
}

#[tokio::test]
async fn q2_no_answer_is_a_502_that_names_the_model() {
    let closing = rig(vec![], |_| {}).await;
    let nobody = rig(vec![], |model| model.proxy = "http://127.0.0.1:9".to_owned()).await;
    let silent = rig(vec![Step::WatchEnd], |model| {
        model.timeouts.response_header = Some(Duration::from_millis(50));
    })
    .await;
    for rig in [closing, nobody, silent] {
        let received = rig
            .exchange("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
            .await;
        assert!(received.starts_with("HTTP/1.1 502 "), "{received}");
        for text in ["\"code\":\"bad_gateway\"", "\"src\":\"llama-swap\"", "model orca"] {
            assert!(received.contains(text), "{text} is missing in {received}");
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_request_upstream() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n";
    for steps in [vec![Step::WatchEnd], vec![Step::Send(head), Step::WatchEnd]] {
        let mut rig = rig(steps, |_| {}).await;
        let client = rig.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(rig.seen().await.starts_with("GET /base/"));
        drop(client);
        assert_eq!(rig.seen().await, "closed");
    }
}

#[tokio::test]
async fn q36_a_cancelled_request_is_told_before_its_head_and_broken_off_behind_it() {
    let mut waiting = rig(vec![Step::WatchEnd], |_| {}).await;
    let mut client = waiting
        .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    waiting.seen().await;
    waiting.canceller.cancel();
    let mut answer = String::new();
    timeout(SOON, client.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("\"code\":\"cancelled\""),
        "{answer}"
    );
    assert_eq!(waiting.seen().await, "closed");

    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n";
    let mut served = rig(vec![Step::Send(head), Step::WatchEnd], |_| {}).await;
    let mut client = served.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    served.seen().await;
    assert!(read_until(&mut client, "part\r\n").await.ends_with("part\r\n"));
    served.canceller.cancel();
    assert_eq!(served.seen().await, "closed");
    assert!(!read_until(&mut client, "0\r\n\r\n").await.ends_with("0\r\n\r\n"));
}

#[tokio::test]
async fn bytes_reach_the_client_as_they_come() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n";
    let rig = rig(
        vec![Step::Send(head), Step::Wait, Step::Send("0\r\n\r\n")],
        |_| {},
    )
    .await;
    let mut client = rig
        .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        read_until(&mut client, "data: 1\n\n")
            .await
            .contains("x-accel-buffering: no")
    );
    rig.go.send(()).unwrap();
    assert!(read_until(&mut client, "0\r\n\r\n").await.ends_with("0\r\n\r\n"));
}

const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: demo\r\nX-Extra: 1\r\n\r\n";
const ASK: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: demo\r\n\r\n";

#[tokio::test]
async fn any_protocol_can_be_switched_to() {
    let mut rig = rig(vec![Step::Send(SWITCH), Step::Echo], |_| {}).await;
    let mut client = rig.send(ASK).await;
    let head = rig.seen().await.to_lowercase();
    assert!(
        head.contains("connection: upgrade\r\n") && head.contains("upgrade: demo\r\n"),
        "{head}"
    );
    let answer = read_head(&mut client).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    for line in ["connection: upgrade\r\n", "upgrade: demo\r\n", "x-extra: 1\r\n"] {
        assert!(answer.contains(line), "{answer}");
    }
    client.write_all(b"hello.").await.unwrap();
    assert_eq!(read_until(&mut client, ".").await, "hello.");
    // The process is gone: the connection ends although neither side has closed it.
    rig.ended.cancel();
    assert_eq!(timeout(SOON, client.read(&mut [0])).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn an_upgrade_can_be_declined_and_must_be_asked_for() {
    let declined = rig(
        vec![Step::Send(
            "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n",
        )],
        |_| {},
    )
    .await;
    let mut client = declined.send(ASK).await;
    assert!(read_head(&mut client).await.starts_with("HTTP/1.1 426 "));

    let unasked = rig(vec![Step::Send(SWITCH), Step::WatchEnd], |_| {}).await;
    let received = unasked
        .exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert!(received.starts_with("HTTP/1.1 502 "), "{received}");
}

#[tokio::test]
async fn http_0_1_a_head_above_one_mebibyte_is_431() {
    let rig = rig(vec![Step::Send(OK)], |_| {}).await;
    let large = "x".repeat(900 * 1024);
    let fits = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Large: {large}\r\n\r\n");
    assert!(rig.exchange(&fits).await.starts_with("HTTP/1.1 200 "));
    let mut stream = rig.send("GET / HTTP/1.1\r\nHost: a\r\nX-Large: ").await;
    let too_large = "x".repeat(1200 * 1024);
    // herder may stop reading before everything is written.
    let _ = stream.write_all(too_large.as_bytes()).await;
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn http_3_3_trailers_are_relayed() {
    let answer = "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n\
                  2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n";
    let rig = rig(vec![Step::Send(answer)], |_| {}).await;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n";
    let received = rig.exchange(request).await;
    assert!(received.ends_with("0\r\nx-sum: 7\r\n\r\n"), "{received}");
}

/// The connector speaks TLS and trusts whom the system trusts, which is nobody with this certificate.
#[tokio::test]
async fn an_https_model_server_must_be_trusted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/test_tls");
    let files = TlsFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
    };
    let address = Address::choose(Some("127.0.0.1:0"), false, false).unwrap();
    let secure = Listener::bind(&address, Some(files.load().unwrap()))
        .await
        .unwrap();
    let url = secure.url();
    tokio::spawn(secure.serve(Router::new(), CancellationToken::new(), SOON));
    let rig = rig(vec![], |model| model.proxy = url).await;
    let received = rig
        .exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        received.starts_with("HTTP/1.1 502 ") && received.contains("certificate"),
        "{received}"
    );
}
