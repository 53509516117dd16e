//! The pool with a raw server that numbers its connections: which request comes on which.

use std::net::Ipv4Addr;

use axum::http::Method;
use herder_config::Timeouts;
use http_body_util::{BodyExt, Channel};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, mpsc};
use tokio::time::timeout;

use super::*;

/// A bound for what takes milliseconds on an idle machine.
const SOON: Duration = Duration::from_secs(60);

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(600);

/// What the server has seen: the number of the connection, and a path with its body, or the end.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Request(usize, String, String),
    Closed(usize),
}

struct Rig {
    pool: Pool,
    seen: mpsc::UnboundedReceiver<Seen>,
}

async fn rig(idle_time: Duration) -> Rig {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://{}/", socket.local_addr().unwrap());
    let (say, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let everybody = Arc::new(Barrier::new(IDLE_CONNECTIONS + 1));
        for number in 1.. {
            let (stream, _) = socket.accept().await.unwrap();
            let (say, everybody) = (say.clone(), Arc::clone(&everybody));
            tokio::spawn(async move {
                serve(stream, number, &say, &everybody).await;
                let _ = say.send(Seen::Closed(number));
            });
        }
    });
    let timeouts = Timeouts {
        connect: None,
        keepalive: None,
        response_header: None,
        tls_handshake: None,
        idle_connection: None,
        expect_continue: None,
    };
    let pool = Pool::new(origin.parse().unwrap(), Connector::new(&timeouts), idle_time);
    Rig { pool, seen }
}

/// Answers as the paths say, until a side ends.
async fn serve(
    mut stream: TcpStream,
    number: usize,
    say: &mpsc::UnboundedSender<Seen>,
    everybody: &Barrier,
) -> Option<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let (mut path, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if let Some((name, value)) = line.split_once(": ") {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().unwrap();
                }
            } else if let Some(word) = line.split(' ').nth(1) {
                path = word.to_owned();
            } else {
                break;
            }
        }
        let mut body = vec![0; if path == "/early" { 0 } else { length }];
        reader.read_exact(&mut body).await.ok()?;
        let body = String::from_utf8(body).unwrap();
        let _ = say.send(Seen::Request(number, path.clone(), body));
        let (answer, ends) = match path.as_str() {
            "/gone" => ("", true),
            "/then-gone" => ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true),
            "/close" => (
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                true,
            ),
            "/old" => ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false),
            "/none" => ("HTTP/1.1 204 No Content\r\n\r\n", false),
            "/head" => ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false),
            "/endless" => (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
                false,
            ),
            "/chunked" => (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                false,
            ),
            "/trailers" => (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n",
                false,
            ),
            "/together" => {
                everybody.wait().await;
                ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false)
            }
            _ => ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false),
        };
        writer.write_all(answer.as_bytes()).await.ok()?;
        if ends {
            return None;
        }
    }
}

fn request(method: &Method, path: &str, body: Body) -> Box<Request<Body>> {
    let request = Request::builder().method(method).uri(path).header("host", "h");
    Box::new(request.body(body).unwrap())
}

impl Rig {
    async fn send(&self, method: &Method, path: &str, body: Body) -> Result<Response<Answer>, BoxError> {
        let sent = self.pool.send(request(method, path, body));
        timeout(SOON, sent).await.expect("an answer")
    }

    /// Asks, reads the whole answer, and returns the number of the connection.
    async fn ask(&mut self, method: &Method, path: &str) -> usize {
        let body = if method == Method::POST {
            Body::from("question")
        } else {
            Body::empty()
        };
        let answer = self.send(method, path, body).await.unwrap();
        answer.into_body().collect().await.unwrap();
        self.number_of(path).await
    }

    /// The number of the connection on which this path was asked for.
    async fn number_of(&mut self, path: &str) -> usize {
        loop {
            match self.seen().await {
                Seen::Request(number, asked, _) if asked == path => return number,
                Seen::Request(..) | Seen::Closed(_) => {}
            }
        }
    }

    async fn seen(&mut self) -> Seen {
        let seen = timeout(SOON, self.seen.recv()).await;
        seen.expect("the server should see something").expect("a server")
    }

    /// Until what is idle is as the test wants it.
    async fn until(&self, is_so: impl Fn(&Idle) -> bool) {
        let waiting = async {
            while !is_so(&self.pool.shared.idle.lock()) {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, waiting).await.expect("the pool should come so far");
    }

    async fn until_ready(&self) {
        self.until(|idle| idle.connections.iter().any(|(sender, _)| sender.is_ready()))
            .await;
    }
}

#[tokio::test]
async fn the_next_request_comes_on_the_same_connection_when_that_may_be() {
    let table = [
        (Method::GET, "/", true),
        (Method::POST, "/", true),
        (Method::HEAD, "/head", true),
        (Method::GET, "/none", true),
        (Method::GET, "/chunked", true),
        (Method::GET, "/trailers", true),
        (Method::GET, "/close", false),
        (Method::GET, "/old", false),
    ];
    for (method, path, is_kept) in table {
        let mut rig = rig(FOR_EVER).await;
        assert_eq!(rig.ask(&method, path).await, 1, "{method} {path}");
        if is_kept {
            rig.until_ready().await;
        }
        let next = rig.ask(&Method::GET, "/next").await;
        assert_eq!(next, if is_kept { 1 } else { 2 }, "{method} {path}");
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_costs_nobody_a_request() {
    let mut rig = rig(FOR_EVER).await;
    assert_eq!(rig.ask(&Method::GET, "/then-gone").await, 1);
    rig.until(|idle| idle.connections.iter().all(|(sender, _)| sender.is_closed()))
        .await;
    let answer = rig.send(&Method::POST, "/next", Body::from("question")).await;
    answer.unwrap().into_body().collect().await.unwrap();
    assert_eq!(rig.seen().await, Seen::Closed(1));
    assert_eq!(
        rig.seen().await,
        Seen::Request(2, "/next".to_owned(), "question".to_owned())
    );
}

#[tokio::test]
async fn a_request_that_has_left_is_not_repeated() {
    let mut rig = rig(FOR_EVER).await;
    assert_eq!(rig.ask(&Method::GET, "/").await, 1);
    rig.until_ready().await;
    let error = rig.send(&Method::POST, "/gone", Body::from("question")).await;
    assert!(error.is_err());
    assert_eq!(
        rig.seen().await,
        Seen::Request(1, "/gone".to_owned(), "question".to_owned())
    );
    assert_eq!(rig.seen().await, Seen::Closed(1));
    assert_eq!(rig.ask(&Method::GET, "/next").await, 2);
}

#[tokio::test]
async fn an_answer_that_is_dropped_takes_its_connection_with_it() {
    let mut rig = rig(FOR_EVER).await;
    let mut answer = rig.send(&Method::GET, "/endless", Body::empty()).await.unwrap();
    answer.frame().await.unwrap().unwrap();
    drop(answer);
    assert_eq!(rig.number_of("/endless").await, 1);
    assert_eq!(rig.seen().await, Seen::Closed(1));
    assert_eq!(rig.ask(&Method::GET, "/next").await, 2);
}

#[tokio::test]
async fn a_connection_whose_request_still_flows_is_not_used() {
    let mut rig = rig(FOR_EVER).await;
    let (mut sender, body) = Channel::<Bytes, BoxError>::new(1);
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    let answer = rig.send(&Method::POST, "/early", Body::new(body)).await.unwrap();
    answer.into_body().collect().await.unwrap();
    assert_eq!(rig.number_of("/early").await, 1);
    assert_eq!(rig.ask(&Method::GET, "/next").await, 2);
    drop(sender);
}

#[tokio::test]
async fn idle_connections_are_closed_and_that_ends_and_begins_again() {
    let mut rig = rig(Duration::from_millis(20)).await;
    for number in 1..=2 {
        assert_eq!(rig.ask(&Method::GET, "/").await, number);
        assert_eq!(rig.seen().await, Seen::Closed(number));
        rig.until(|idle| idle.connections.is_empty() && !idle.is_watched)
            .await;
    }
}

#[tokio::test]
async fn no_more_than_the_limit_is_kept() {
    let rig = rig(FOR_EVER).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..=IDLE_CONNECTIONS {
        let pool = rig.pool.clone();
        asking.spawn(async move {
            let sent = pool.send(request(&Method::GET, "/together", Body::empty()));
            sent.await.unwrap().into_body().collect().await.unwrap();
        });
    }
    timeout(SOON, asking.join_all()).await.expect("all are answered");
    assert_eq!(rig.pool.shared.idle.lock().connections.len(), IDLE_CONNECTIONS);
}
