//! A small HTTP client: one connection per request, so that leaving is visible to the server.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A test that waits longer than this for one complete answer hangs.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Talks to one server. Every method panics when the connection fails, and says to what request; dropping a future
/// before it is ready closes its connection.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status line's code.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// An answer whose body arrives piece by piece. Dropping it closes the connection.
#[derive(Debug)]
pub struct Streaming {
    /// The status line's code.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    body: Incoming,
    _connection: Connection,
}

impl Client {
    /// A client of the server at this address.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `GET`.
    pub async fn get(&self, target: &str) -> Response {
        self.request(Method::GET, target, &[], "").await
    }

    /// `DELETE`.
    pub async fn delete(&self, target: &str) -> Response {
        self.request(Method::DELETE, target, &[], "").await
    }

    /// `POST` of anything.
    pub async fn post(&self, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
        self.request(Method::POST, target, headers, body).await
    }

    /// `POST` of a JSON value.
    pub async fn post_json(&self, target: &str, body: &Value) -> Response {
        self.request(Method::POST, target, &[JSON], body.to_string())
            .await
    }

    /// `POST` of a JSON value with more headers.
    pub async fn post_json_with(&self, target: &str, headers: &[(&str, &str)], body: &Value) -> Response {
        let headers: Vec<_> = headers.iter().copied().chain([JSON]).collect();
        self.request(Method::POST, target, &headers, body.to_string())
            .await
    }

    /// Any request, with its complete answer.
    ///
    /// # Panics
    /// The connection fails, or the body breaks off ([`Self::stream`] can look at that).
    pub async fn request(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response {
        let what = format!("{method} {target}");
        let answer = async {
            let streaming = self.stream(method, target, headers, body).await;
            let Streaming {
                status,
                headers,
                body,
                _connection,
            } = streaming;
            let body = body
                .collect()
                .await
                .unwrap_or_else(|error| panic!("{what}: body broke off: {error}"));
            Response {
                status,
                headers,
                body: body.to_bytes(),
            }
        };
        let answer = tokio::time::timeout(ANSWER_LIMIT, answer).await;
        answer.unwrap_or_else(|_| panic!("{what}: no answer within {ANSWER_LIMIT:?}"))
    }

    /// Any request, up to the headers of its answer.
    ///
    /// # Panics
    /// The connection fails ([`Self::try_stream`] can look at that).
    pub async fn stream(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Streaming {
        let what = format!("{method} {target}");
        let streaming = self.try_stream(method, target, headers, body).await;
        streaming.unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// As [`Self::stream`], without the panic.
    ///
    /// # Errors
    /// The connection was refused or ended before there was an answer.
    pub async fn try_stream(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> std::io::Result<Streaming> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let handshake = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(std::io::Error::other)?;
        let connection = Connection(tokio::spawn(async move {
            // The request sees the error.
            let _ = connection.with_upgrades().await;
        }));
        let mut request = Request::builder().method(method).uri(target);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header(HOST, self.address.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(body.into()))
            .map_err(std::io::Error::other)?;
        let answer = sender
            .send_request(request)
            .await
            .map_err(std::io::Error::other)?;
        let (head, body) = answer.into_parts();
        Ok(Streaming {
            status: head.status,
            headers: head.headers,
            body,
            _connection: connection,
        })
    }

    /// A connection for whatever HTTP clients do not do.
    ///
    /// # Panics
    /// It is refused.
    pub async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await;
        stream.unwrap_or_else(|error| panic!("connecting to {}: {error}", self.address))
    }
}

impl Response {
    /// The body as JSON.
    ///
    /// # Panics
    /// It is not; the message shows it.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{} is not JSON ({error}): {}", self.status, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, if it is there and plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Streaming {
    /// The next piece of the body as it arrived; `None` at its proper end.
    ///
    /// # Errors
    /// The body broke off.
    pub async fn next(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        loop {
            let frame = self.body.frame().await?;
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(data)) => return Some(Ok(data)),
                // Trailers.
                Ok(Err(_)) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Reads until the text seen so far contains `fragment`, and returns that text.
    ///
    /// # Panics
    /// The body ends or breaks off before.
    pub async fn read_until(&mut self, fragment: &str) -> String {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(fragment) {
            let piece = self.next().await;
            let text = String::from_utf8_lossy(&seen);
            let piece = piece.unwrap_or_else(|| panic!("ended before {fragment:?}: {text}"));
            seen.extend(
                piece.unwrap_or_else(|error| panic!("broke off before {fragment:?} ({error}): {text}")),
            );
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    /// Reads to the end: the text, and whether it ended properly.
    pub async fn read_to_end(&mut self) -> (String, bool) {
        let mut seen = Vec::new();
        let complete = loop {
            match self.next().await {
                Some(Ok(data)) => seen.extend(data),
                Some(Err(_)) => break false,
                None => break true,
            }
        };
        (String::from_utf8_lossy(&seen).into_owned(), complete)
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// The task that moves the bytes; without it the connection is closed.
#[derive(Debug)]
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}
