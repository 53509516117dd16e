//! Requests that no honest client sends: each is refused with the words for its cause, or reaches the model server as it
//! is. Limits and clients that stall are in `beyond_the_table`; more bodies, as properties, in herder-wire.

use herder_testkit::{PATIENCE, Router};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fixture::{CHAT, builder, chat, echo, error, router};

const NO_MODEL: &str = "no model id could be identified";

/// Type, body, and whether there is a name in it.
type Row<'a> = (&'a str, &'a str, bool);

const MULTIPART: &str = "multipart/form-data; boundary=cut";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn bodies_that_are_not_what_they_say() {
    let router = router().await;
    let part = "Content-Disposition: form-data; name=\"model\"\r\n\r\nlynx-7b";
    let good = format!("--cut\r\n{part}\r\n--cut--\r\n");
    let endless = format!("--cut\r\n{part}\r\n");
    let open = format!("--cut\r\n{part}");
    let bare = format!("--cut\n{}\n--cut--\n", part.replace("\r\n", "\n"));
    let other = format!("--tuc\r\n{part}\r\n--tuc--\r\n");
    let file = good.replace("name=\"model\"", "name=\"model\"; filename=\"x\"");
    let preamble = format!("what is this\r\n{good}what is that");
    let many = format!("--cut\r\n{}\r\n\r\nx\r\n", "X: y\r\n".repeat(3)).repeat(900) + &good;
    let too_many = format!("--cut\r\n{}\r\n\r\nx\r\n", "X: y").repeat(1000) + &good;
    let dashes = "--cut".repeat(20_000);
    let pairs = "a=b&".repeat(20_000) + "model=lynx-7b";
    let table: [Row<'_>; 21] = [
        (MULTIPART, &good, true),
        (MULTIPART, &preamble, true),
        (MULTIPART, &many, true),
        (MULTIPART, &too_many, false),
        (MULTIPART, &endless, false),
        (MULTIPART, &open, false),
        (MULTIPART, &bare, false),
        (MULTIPART, &other, false),
        (MULTIPART, &file, false),
        (MULTIPART, &dashes, false),
        (MULTIPART, "", false),
        ("multipart/form-data", &good, false),
        ("multipart/form-data; boundary=", &good, false),
        ("multipart/form-data; boundary=\"cut", &good, true),
        (FORM, "model=lynx-7b&&=&%zz=%", true),
        (FORM, &pairs, true),
        (FORM, "model", false),
        (FORM, "model=", false),
        (FORM, "%6dodel=lynx%2D7b", true),
        (FORM, "MODEL=lynx-7b", false),
        (FORM, r#"{"model":"lynx-7b"}"#, false),
    ];
    for (content_type, body, has_name) in table {
        let headers = [("content-type", content_type)];
        let answer = router
            .post("/v1/audio/transcriptions", &headers, body.to_owned())
            .await;
        let what = format!("{content_type}: {:?}", body.get(..100).unwrap_or(body));
        if has_name {
            assert_eq!(answer.status, 200, "{what}");
            assert!(echo(&answer)["body"] == body, "{what}");
        } else {
            assert_eq!(error(&answer, 404, "not_found"), NO_MODEL, "{what}");
        }
        // With the name in the query the body is the model server's business, as long as it can be found in its type.
        let target = "/v1/audio/transcriptions?model=lynx-7b";
        let answer = router.post(target, &headers, body.to_owned()).await;
        if content_type.starts_with("multipart/") && !content_type.contains("cut") {
            assert_eq!(error(&answer, 404, "not_found"), NO_MODEL, "with a query: {what}");
        } else {
            assert_eq!(answer.status, 200, "with a query: {what}");
            assert!(echo(&answer)["body"] == body, "with a query: {what}");
        }
    }
}

/// What comes back on a connection on which this is sent.
async fn exchange(router: &Router, sent: &str) -> String {
    let mut socket: TcpStream = router.connect().await;
    socket.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset behind the answer is an end as well.
    let _ = timeout(PATIENCE, socket.read_to_end(&mut answer))
        .await
        .expect("an end in time");
    String::from_utf8_lossy(&answer).into_owned()
}

/// http 0.4: a body that cannot be read to its end.
#[tokio::test]
async fn http_0_4_a_body_that_breaks_off_is_a_400() {
    let router = router().await;
    let chunked = format!(
        "POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n\
         {{\"model\":\r\nno size\r\n"
    );
    let answer = exchange(&router, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("could not read request body"), "{answer}");
    assert_eq!(chat(&router, "lynx-7b").await.status, 200);
}

/// hyper answers what is no HTTP; herder goes on.
#[tokio::test]
async fn requests_that_are_none() {
    let router = builder("").start().await;
    let head = |line: &str| format!("{line}\r\nHost: x\r\nConnection: close\r\n\r\n");
    let table = [
        ("\r\n\r\n\0\0\0 garbage\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
        (head("GET /running HTTP/9.9"), "HTTP/1.1 400 "),
        (head("GET /run ning HTTP/1.1"), "HTTP/1.1 400 "),
        (
            head(&format!("GET /health HTTP/1.1\r\nX: {}", "x".repeat(2 << 20))),
            "HTTP/1.1 431 ",
        ),
        (
            head(&format!("GET /{} HTTP/1.1", "x".repeat(100_000))),
            "HTTP/1.1 414 ",
        ),
        (head("GET /health HTTP/1.1\r\nContent-Length: x"), "HTTP/1.1 400 "),
        (head("GET http://elsewhere/health HTTP/1.1"), "HTTP/1.1 200 "),
        (head("GET /%00%ff%zz HTTP/1.1"), "HTTP/1.1 404 "),
        (head("OPTIONS * HTTP/1.1"), "HTTP/1.1 204 "),
    ];
    for (sent, expected) in table {
        let answer = exchange(&router, &sent).await;
        let what = sent.get(..60).unwrap_or(&sent);
        assert!(answer.starts_with(expected), "{what:?}: {answer}");
        assert_eq!(router.get("/health").await.status, 200, "{what:?}");
    }
}

/// Names are compared, not interpreted; one that is too long to be a name is none.
#[tokio::test]
async fn names_that_are_strange() {
    let router = router().await;
    let no_router = "no router for requested model";
    let (long, longer) = ("x".repeat(512), "x".repeat(100_000));
    for (name, message) in [
        ("../lynx-7b", no_router),
        ("lynx-7b\0", no_router),
        ("\u{202e}b7-xnyl", no_router),
        ("lynx-7b/", no_router),
        ("%6cynx-7b", no_router),
        (&long, no_router),
        (&longer, NO_MODEL),
    ] {
        let answer = chat(&router, name).await;
        assert_eq!(error(&answer, 404, "not_found"), message, "{} bytes", name.len());
    }
}
