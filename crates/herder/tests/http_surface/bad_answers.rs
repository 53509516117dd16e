//! Bad input of the issue, from the other side: whatever a model server sends reaches the client byte for byte, wherever
//! it is cut, and what herder reads along the way is at most not recorded.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use herder_testkit::{Router, Streaming};
use http::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::activity::newest;
use crate::fixture::{CHAT, error};

/// A server that sends what a test has written down: the answer number N to a request with `X-Answer: N`.
struct RawServer {
    address: SocketAddr,
    _connections: JoinSet<()>,
}

impl RawServer {
    async fn start(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = Arc::new(answers);
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut exchanges = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                let answers = Arc::clone(&answers);
                exchanges.spawn(async move {
                    // Whoever leaves early has seen enough.
                    let _ = exchange(connection, &answers).await;
                });
            }
        });
        Self {
            address,
            _connections: connections,
        }
    }

    /// A router whose only model is this server.
    async fn router(&self) -> Router {
        self.router_with("checkEndpoint: none").await
    }

    /// The same, with other settings of the model.
    async fn router_with(&self, settings: &str) -> Router {
        let config = format!(
            "models: {{m: {{cmd: '@FAKE@ --name m --port ${{PORT}}', proxy: 'http://{}', {settings}}}}}\n",
            self.address
        );
        Router::builder(env!("CARGO_BIN_EXE_herder"))
            .config(&config)
            .start()
            .await
    }
}

/// Reads one request, sends its answer, and closes.
async fn exchange(connection: TcpStream, answers: &[Vec<u8>]) -> std::io::Result<()> {
    let mut connection = BufReader::new(connection);
    let (mut number, mut length) = (0, 0);
    let mut line = String::new();
    while connection.read_line(&mut line).await? > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match (name.to_ascii_lowercase().as_str(), value.trim().parse()) {
            ("x-answer", Ok(value)) => number = value,
            ("content-length", Ok(value)) => length = value,
            _ => {}
        }
        line.clear();
    }
    connection.read_exact(&mut vec![0; length]).await?;
    connection.write_all(&answers[number]).await?;
    connection.shutdown().await?;
    connection.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// A body that a model server sends, and what is recorded of it.
struct Case {
    what: &'static str,
    content_type: &'static str,
    encoding: &'static str,
    body: Vec<u8>,
    /// Input, output, cached.
    tokens: [i64; 3],
    /// How the recorded error begins; empty for none.
    error: &'static str,
}

/// Nothing was read.
const NOTHING: [i64; 3] = [0, 0, -1];

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream";

/// An event that says 7 and 2.
const GOOD: &str = r#"data: {"usage":{"prompt_tokens":7,"completion_tokens":2}}"#;

fn case(what: &'static str, content_type: &'static str, body: impl Into<Vec<u8>>, tokens: [i64; 3]) -> Case {
    Case {
        what,
        content_type,
        encoding: "identity",
        body: body.into(),
        tokens,
        error: "",
    }
}

fn encoded(what: &'static str, encoding: &'static str, body: impl Into<Vec<u8>>, tokens: [i64; 3]) -> Case {
    Case {
        encoding,
        ..case(what, JSON, body, tokens)
    }
}

fn broken(what: &'static str, encoding: &'static str, body: impl Into<Vec<u8>>) -> Case {
    Case {
        error: "response decompression failed: ",
        ..encoded(what, encoding, body, NOTHING)
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn usage_objects() -> Vec<Case> {
    let deep = |open: &str, close: &str| {
        format!(
            r#"{{"x":{},"usage":{{"prompt_tokens":3}}}}"#,
            open.repeat(20_000) + &close.repeat(20_000)
        )
    };
    let mut cases = vec![
        case("a string", JSON, r#"{"usage":"many"}"#, NOTHING),
        case("an array", JSON, r#"{"usage":[{"prompt_tokens":3}]}"#, NOTHING),
        case(
            "a number",
            JSON,
            r#"{"usage":17,"timings":true,"metrics":null}"#,
            NOTHING,
        ),
        case(
            "nested counts",
            JSON,
            r#"{"usage":{"prompt_tokens":{"a":[1]},"completion_tokens":[2]}}"#,
            NOTHING,
        ),
        case(
            "negative counts",
            JSON,
            r#"{"usage":{"prompt_tokens":-5,"completion_tokens":-1.5},"timings":{"prompt_n":-1,"prompt_ms":-9}}"#,
            NOTHING,
        ),
        case(
            "counts beyond 64 bits",
            JSON,
            r#"{"usage":{"prompt_tokens":18446744073709551617,"completion_tokens":1e300}}"#,
            [1 << 53, 1 << 53, -1],
        ),
        case(
            "a number beyond everything",
            JSON,
            r#"{"usage":{"prompt_tokens":1e999}}"#,
            NOTHING,
        ),
        case(
            "rates without end",
            JSON,
            r#"{"usage":{"prompt_tokens":3},"timings":{"prompt_ms":1e308,"predicted_ms":1e308,"prompt_per_second":1e308},"metrics":{"time_to_first_token_ms":1e-308,"mean_itl_ms":1e-320}}"#,
            [3, 0, -1],
        ),
        case(
            "usage twice",
            JSON,
            r#"{"usage":{"prompt_tokens":1},"usage":{"prompt_tokens":3}}"#,
            [3, 0, -1],
        ),
        case(
            "usage in the depth",
            JSON,
            r#"{"a":{"usage":{"prompt_tokens":3}}}"#,
            NOTHING,
        ),
        case("cut off", JSON, r#"{"usage":{"prompt_tokens":3"#, NOTHING),
        case(
            "more behind the document",
            JSON,
            r#"{"usage":{"prompt_tokens":3}} and more"#,
            [3, 0, -1],
        ),
        case("not even JSON", JSON, "<html>", NOTHING),
        case("arrays in arrays", JSON, deep("[", "]"), [3, 0, -1]),
        case(
            "objects in objects",
            JSON,
            deep(r#"{"a":"#, "}").replace("\"a\":}", "\"a\":1}"),
            [3, 0, -1],
        ),
        case("brackets that never close", JSON, "[".repeat(50_000), NOTHING),
        case(
            "half a character",
            JSON,
            [b"{\"t\":\"\xe4\xbd\",\"usage\":{\"prompt_tokens\":3}}".as_slice()].concat(),
            [3, 0, -1],
        ),
        case(
            "another type, still JSON",
            "text/html",
            r#"{"usage":{"prompt_tokens":3}}"#,
            [3, 0, -1],
        ),
        case("events under JSON's type", JSON, format!("{GOOD}\n\n"), NOTHING),
        case(
            "no usable type",
            "////;;;==",
            r#"{"usage":{"prompt_tokens":3}}"#,
            [3, 0, -1],
        ),
        case("multipart", "multipart/mixed", "--\r\n--x--\r\n\r\n", NOTHING),
        case(
            "form",
            "application/x-www-form-urlencoded",
            "usage=%zz&&=&prompt_tokens=3",
            NOTHING,
        ),
        case(
            "every byte",
            "application/octet-stream",
            (0..=255_u8).collect::<Vec<_>>(),
            NOTHING,
        ),
        case("nothing", JSON, "", NOTHING),
    ];
    // A document of ten megabytes whose usage comes last.
    let filler = "x".repeat(10 << 20);
    cases.push(case(
        "ten megabytes",
        JSON,
        format!(r#"{{"t":"{filler}","usage":{{"prompt_tokens":3}}}}"#),
        [3, 0, -1],
    ));
    cases
}

fn event_streams() -> Vec<Case> {
    let good = [7, 2, -1];
    let long = "x".repeat(10 << 20);
    vec![
        case(
            "no blank lines",
            SSE,
            format!("data: {{\"a\":1}}\n{GOOD}\ndata: [DONE]\n"),
            good,
        ),
        case("no line end at all", SSE, GOOD, good),
        case(
            "no blank behind the colon",
            SSE,
            GOOD.replace("data: ", "data:"),
            good,
        ),
        case(
            "carriage returns",
            SSE,
            format!("{GOOD}\r\n\r\ndata: [DONE]\r\n\r\n"),
            good,
        ),
        case("blank lines only", SSE, "\n\n\r\n\n\n", NOTHING),
        case(
            "other fields",
            SSE,
            format!("id: 1\nretry: x\n: {GOOD}\nevent: usage\n{GOOD}\n\n"),
            good,
        ),
        case(
            "objects that are none",
            SSE,
            format!(
                "data: {{\"usage\":\"x\"}}\n\n{GOOD}\n\ndata: {{\"usage\":[1]}}\n\ndata: {{\"usage\":-1}}\n\n"
            ),
            good,
        ),
        case(
            "JSON cut off",
            SSE,
            format!("{GOOD}\n\ndata: {{\"usage\":{{\"prompt_tokens\":9\n\n"),
            good,
        ),
        case(
            "a JSON document",
            SSE,
            r#"{"usage":{"prompt_tokens":3}}"#,
            NOTHING,
        ),
        case(
            "half characters",
            SSE,
            [
                b"data: {\"usage\":\"\xe4\xbd\"}\n\n\xff\xfe\n\n".as_slice(),
                GOOD.as_bytes(),
                b"\n\n\xf0",
            ]
            .concat(),
            good,
        ),
        case(
            "brackets without end",
            SSE,
            format!("data: {{\"usage\":{}\n\n{GOOD}\n\n", "[".repeat(50_000)),
            good,
        ),
        case(
            "a line of ten megabytes",
            SSE,
            format!("data: \"usage\" {long}\n\n{GOOD}\n\n"),
            good,
        ),
        case("zeros", SSE, [GOOD.as_bytes(), b"\n\n\0\0\0\n\n"].concat(), good),
    ]
}

fn compressed() -> Vec<Case> {
    let text = br#"{"usage":{"prompt_tokens":3}}"#;
    let whole = gzip(text);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(text).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    vec![
        broken("gzip that is none", "gzip", "plain text"),
        broken("gzip cut off", "gzip", &whole[..whole.len() - 9]),
        broken("gzip with a wrong byte", "gzip", flipped),
        broken(
            "gzip with more behind",
            "gzip",
            [whole.as_slice(), b"behind"].concat(),
        ),
        broken("deflate that is none", "deflate", [0xff; 40]),
        encoded("gzip of gzip", "gzip", gzip(&whole), NOTHING),
        encoded(
            "two members",
            "gzip",
            [gzip(b"{\"usage\":{\"prompt_"), gzip(b"tokens\":3}}")].concat(),
            [3, 0, -1],
        ),
        encoded("deflate", "deflate", zlib.finish().unwrap(), [3, 0, -1]),
        encoded(
            "an encoding that herder did not ask for",
            "br",
            "\u{1}\u{2}",
            NOTHING,
        ),
        encoded("an encoding that nobody knows", "rot13, gzip", whole, NOTHING),
        // A megabyte in a thousandth of it.
        encoded("a small bomb", "gzip", gzip(&[b' '; 1 << 20]), NOTHING),
    ]
}

/// The whole answer, its body in chunks of this many bytes.
fn answer(case: &Case, cut: usize) -> Vec<u8> {
    let Case {
        content_type,
        encoding,
        ..
    } = case;
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Encoding: \
         {encoding}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    for chunk in case.body.chunks(cut) {
        answer.extend(format!("{:x}\r\n", chunk.len()).bytes());
        answer.extend(chunk);
        answer.extend(b"\r\n");
    }
    answer.extend(b"0\r\n\r\n");
    answer
}

async fn ask(router: &Router, number: usize) -> Streaming {
    let number = number.to_string();
    let headers = [("content-type", JSON), ("x-answer", &number)];
    router
        .stream(Method::POST, CHAT, &headers, r#"{"model":"m"}"#)
        .await
}

/// The bytes of a body, and whether it ended properly.
async fn bytes(mut answer: Streaming) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    loop {
        match answer.next().await {
            Some(Ok(piece)) => bytes.extend(piece),
            Some(Err(_)) => return (bytes, false),
            None => return (bytes, true),
        }
    }
}

/// Sends each body twice: cut at every byte, or as small as its length allows, and in one piece.
async fn check(cases: Vec<Case>) {
    // Cuts at every byte cost six bytes each.
    const LONGEST_IN_SINGLE_BYTES: usize = 100_000;
    let cuts = |body: &[u8]| match body.len() {
        0..LONGEST_IN_SINGLE_BYTES => [1, LONGEST_IN_SINGLE_BYTES],
        longer => [1021, longer],
    };
    let answers = cases
        .iter()
        .flat_map(|case| cuts(&case.body).map(|cut| answer(case, cut)))
        .collect();
    let server = RawServer::start(answers).await;
    let router = server.router().await;
    for (index, case) in cases.iter().enumerate() {
        for (turn, cut) in cuts(&case.body).into_iter().enumerate() {
            let number = 2 * index + turn;
            let what = format!("{}, cut at {cut}", case.what);
            let answer = ask(&router, number).await;
            assert_eq!(answer.status, 200, "{what}");
            assert_eq!(answer.headers["content-type"], case.content_type, "{what}");
            assert_eq!(answer.headers["content-encoding"], case.encoding, "{what}");
            let (received, complete) = bytes(answer).await;
            assert!(complete && received == case.body, "{what}");
            let row = newest(&router, number + 1).await;
            let tokens = ["input_tokens", "output_tokens", "cache_tokens"]
                .map(|name| row["tokens"][name].as_i64().unwrap());
            assert_eq!(tokens, case.tokens, "{what}");
            let message = row["error_msg"].as_str().unwrap_or_default();
            assert!(
                message.starts_with(case.error) && message.is_empty() == case.error.is_empty(),
                "{what}: {message}"
            );
        }
    }
    // What was recorded can be read, whatever the numbers were.
    let statistics = router.get("/api/metrics/stats").await;
    assert_eq!(statistics.status, 200);
    assert_eq!(statistics.json()["total_requests"], 2 * cases.len());
    assert_eq!(router.running().await["m"], "ready");
}

#[tokio::test]
async fn usage_objects_of_every_kind() {
    check(usage_objects()).await;
}

#[tokio::test]
async fn event_streams_of_every_kind() {
    check(event_streams()).await;
}

#[tokio::test]
async fn compressed_bodies_of_every_kind() {
    check(compressed()).await;
}

/// The same behind a loading state: an event stream goes on byte for byte, and everything ends as an event stream ends.
#[tokio::test]
async fn every_kind_behind_a_loading_state() {
    let cases: Vec<Case> = [usage_objects(), event_streams(), compressed()]
        .into_iter()
        .flatten()
        .filter(|case| case.body.len() < 100_000)
        .collect();
    // Number 0 is what health checks get.
    let healthy = answer(&case("healthy", JSON, "{}", NOTHING), 2);
    let answers = cases.iter().map(|case| answer(case, 7));
    let server = RawServer::start(std::iter::once(healthy).chain(answers).collect()).await;
    let router = server.router_with("sendLoadingState: true").await;
    for (index, case) in cases.iter().enumerate() {
        assert_eq!(router.get("/unload").await.status, 200);
        let number = (index + 1).to_string();
        let headers = [("content-type", JSON), ("x-answer", &number)];
        let body = r#"{"model":"m","stream":true}"#;
        let answer = router.stream(Method::POST, CHAT, &headers, body).await;
        assert_eq!(answer.headers["content-type"], SSE, "{}", case.what);
        let (received, complete) = bytes(answer).await;
        let text = String::from_utf8_lossy(&received).into_owned();
        assert!(
            complete && text.contains("llama-swap loading model: m"),
            "{}: {text}",
            case.what
        );
        if case.content_type == SSE {
            assert!(received.ends_with(&case.body), "{}: {text}", case.what);
        } else {
            assert!(received.ends_with(b"\n\ndata: [DONE]\n\n"), "{}", case.what);
        }
        let row = newest(&router, index + 1).await;
        assert_eq!(row["model"], "m", "{}", case.what);
    }
}

/// What is no HTTP is herder's 502, and the next request is served.
#[tokio::test]
async fn heads_that_are_none() {
    let good = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let heads = [
        String::new(),
        "SSH-2.0-x\r\n".to_owned(),
        "HTTP/1.1 abc\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nX: cut o".to_owned(),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(2 << 20)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: x\r\n".repeat(5000)),
    ];
    let answers = std::iter::once(good).chain(heads.iter().map(|head| head.as_bytes().to_vec()));
    let server = RawServer::start(answers.collect()).await;
    let router = server.router().await;
    for (index, head) in heads.iter().enumerate() {
        let number = (index + 1).to_string();
        let answer = router
            .post_json_with(CHAT, &[("x-answer", &number)], &json!({ "model": "m" }))
            .await;
        let message = error(&answer, 502, "bad_gateway");
        let head = head.get(..60).unwrap_or(head);
        assert!(message.contains('m'), "{head:?}: {message}");
        let row = newest(&router, 2 * index + 1).await;
        assert_eq!(row["resp_status_code"], 502, "{head:?}");
        assert_eq!(
            bytes(ask(&router, 0).await).await,
            (b"ok".to_vec(), true),
            "{head:?}"
        );
        newest(&router, 2 * index + 2).await;
    }
}

/// A body that breaks off never looks complete (decisions.md, Q22), and what came of it has arrived.
#[tokio::test]
async fn bodies_that_break_off() {
    let table = [
        (
            "a length that is not reached",
            JSON,
            "Content-Length: 100\r\n\r\n{\"a\":1",
            "{\"a\":1",
        ),
        (
            "a chunk size that is none",
            JSON,
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n",
            "{}",
        ),
        (
            "no last chunk",
            JSON,
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            "{}",
        ),
        (
            "a chunk cut off",
            JSON,
            "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"",
            "{\"",
        ),
        (
            "events, no last chunk",
            SSE,
            "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n",
            "data: 1\n\n",
        ),
        (
            "an event cut off",
            SSE,
            "Transfer-Encoding: chunked\r\n\r\n7\r\ndata: 1\r\n",
            "data: 1",
        ),
    ];
    let answers = table.map(|(_, content_type, rest, _)| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{rest}").into_bytes()
    });
    let server = RawServer::start(answers.to_vec()).await;
    let router = server.router().await;
    for (number, (what, content_type, _, expected)) in table.into_iter().enumerate() {
        let (received, complete) = bytes(ask(&router, number).await).await;
        let received = String::from_utf8(received).unwrap();
        assert!(!complete, "{what} looks complete: {received}");
        let rest = received
            .strip_prefix(expected)
            .unwrap_or_else(|| panic!("{what}: {received}"));
        if content_type == SSE {
            let event = rest
                .trim_start()
                .strip_prefix("data: ")
                .unwrap_or_else(|| panic!("{what}: {rest}"));
            let event: serde_json::Value = serde_json::from_str(event).unwrap();
            assert_eq!(event["src"], "llama-swap", "{what}: {event}");
        } else {
            assert_eq!(rest, "", "{what}");
        }
        let row = newest(&router, number + 1).await;
        assert!(
            row["error_msg"]
                .as_str()
                .is_some_and(|text| text.starts_with("upstream error")),
            "{what}: {row}"
        );
    }
}

/// Behind trailers nothing comes: the answer is complete, also for its record.
#[tokio::test]
async fn an_answer_with_trailers_is_complete() {
    let body = r#"{"usage":{"prompt_tokens":3}}"#;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {JSON}\r\nTrailer: X-Sum\r\nTransfer-Encoding: \
         chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nX-Sum: 7\r\n\r\n",
        body.len()
    );
    let server = RawServer::start(vec![answer.into_bytes()]).await;
    let router = server.router().await;
    let headers = [("content-type", JSON), ("te", "trailers")];
    let answer = router
        .stream(Method::POST, CHAT, &headers, r#"{"model":"m"}"#)
        .await;
    assert_eq!(bytes(answer).await, (body.as_bytes().to_vec(), true));
    let row = newest(&router, 1).await;
    assert!(row.get("error_msg").is_none(), "{row}");
    assert_eq!(row["tokens"]["input_tokens"], 3, "{row}");
}
