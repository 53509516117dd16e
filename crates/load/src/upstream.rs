//! A model server that costs as little as possible.
//!
//! It answers `/health`, and every POST as a chat: a whole answer, or with `"stream":true` an event stream with a
//! chunk every 20 ms. Its answers say how long the request's body was (`prompt_tokens`) and which model it named,
//! so that a client knows what arrived. SIGTERM ends it, as it ends every program that does not ask about it.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval};

use crate::connection::Connection;
use crate::{clock, events};

/// Time between two chunks of a stream: 50 a second (issue 6, p3).
const CHUNK_INTERVAL: Duration = Duration::from_millis(20);

/// The beginning of a body, in which the model's name and the wish for a stream stand. The rest is only counted.
const BEGINNING: usize = 512;

/// Serves until the process is ended. The first line that it prints is its port, which the system chooses for port 0.
pub(crate) async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("port {port}"))?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = converse(stream).await {
                eprintln!("a connection was broken off: {error:#}");
            }
        });
    }
}

/// Answers what comes over one connection.
async fn converse(stream: TcpStream) -> Result<()> {
    let mut connection = Connection::new(stream)?;
    let mut last = Answer::default();
    while let Some(head) = connection.head().await? {
        let (mut beginning, mut length) = (Vec::with_capacity(BEGINNING), 0);
        connection
            .body(head.request_body(), |content| {
                length += content.len();
                let room = BEGINNING - beginning.len();
                beginning.extend_from_slice(&content[..content.len().min(room)]);
            })
            .await?;
        if head.first_line.starts_with("GET /health ") {
            connection.write(&whole("{\"status\":\"ok\"}")).await?;
        } else if !head.first_line.starts_with("POST ") {
            connection
                .write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                .await?;
        } else if find(&beginning, "\"stream\":true").is_some() {
            stream_chunks(&mut connection, &beginning, length).await?;
        } else {
            last.renew(&beginning, length);
            connection.write(&last.bytes).await?;
        }
    }
    Ok(())
}

/// The last answer of a connection: most requests are as the one before.
#[derive(Default)]
struct Answer {
    beginning: Vec<u8>,
    length: usize,
    bytes: Vec<u8>,
}

impl Answer {
    fn renew(&mut self, beginning: &[u8], length: usize) {
        if self.beginning == beginning && self.length == length {
            return;
        }
        self.bytes = whole(&events::answer(&model(beginning), length));
        self.beginning = beginning.to_vec();
        self.length = length;
    }
}

fn whole(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Each chunk says when it was written. What is late is written at once, so that the number of chunks is right.
async fn stream_chunks(connection: &mut Connection, beginning: &[u8], length: usize) -> Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    connection.write(head.as_bytes()).await?;
    let model = model(beginning);
    let count = find(beginning, "\"max_tokens\":").map_or(1, |at| number(&beginning[at..]));
    let mut ticks = interval(CHUNK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for sequence in 0..count {
        ticks.tick().await;
        let event = events::chunk(&model, sequence, count, length, clock::now());
        connection.write(&http_chunk(&event)).await?;
    }
    let mut end = http_chunk(events::DONE);
    end.extend_from_slice(b"0\r\n\r\n");
    connection.write(&end).await
}

fn http_chunk(content: &str) -> Vec<u8> {
    format!("{:x}\r\n{content}\r\n", content.len()).into_bytes()
}

/// The model's name in the beginning of a body; what has none names none.
fn model(beginning: &[u8]) -> String {
    let name = find(beginning, "\"model\":\"").map(|at| &beginning[at..]);
    let name = name.and_then(|rest| rest.split(|&byte| byte == b'"').next());
    String::from_utf8_lossy(name.unwrap_or_default()).into_owned()
}

/// Where `bytes` goes on behind the first `text`.
fn find(bytes: &[u8], text: &str) -> Option<usize> {
    let at = bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())?;
    Some(at + text.len())
}

fn number(bytes: &[u8]) -> u32 {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u32, &digit| {
        number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_upstream_needs_stands_at_the_beginning_of_a_body() {
        let body = crate::bodies::build("text:400", "demo", Some(250)).unwrap();
        assert_eq!(model(&body), "demo");
        assert!(find(&body, "\"stream\":true").is_some());
        let at = find(&body, "\"max_tokens\":").unwrap();
        assert_eq!(number(&body[at..]), 250);
        assert_eq!(model(b"{}"), "");
    }
}
