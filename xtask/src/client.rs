//! A small HTTP/1.1 client on std: enough to ask a herder on this machine, no more.
//!
//! Plain text, whole answers; chunked bodies are joined.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Longest answer that is read: the chores ask for lists and short texts.
const ANSWER_LIMIT: u64 = 16 * 1024 * 1024;

/// Time to connect to a server on this machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest silence while an answer is awaited. Loading a model on a slow machine happens in here.
const READ_TIMEOUT: Duration = Duration::from_secs(180);

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON, when the status is 200.
    ///
    /// # Errors
    /// Any other status, or a body that is not JSON; both show the body.
    pub(crate) fn json(&self) -> Result<Value> {
        if self.status != 200 {
            bail!("status {}: {}", self.status, self.body.trim());
        }
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    Connection::open(address)?.exchange("GET", path, "")
}

pub(crate) fn post(address: SocketAddr, path: &str, body: &Value) -> Result<Answer> {
    Connection::open(address)?.post(path, body)
}

/// A connection that carries one request after the other.
#[derive(Debug)]
pub(crate) struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        Ok(Self { address, stream })
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Result<Answer> {
        self.exchange("POST", path, &body.to_string())
    }

    fn exchange(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let (address, length) = (self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        read(&mut self.stream).with_context(|| format!("the answer to {method} {path}"))
    }
}

/// Reads one answer, and not a byte more when it says how long it is.
fn read(stream: &mut impl BufRead) -> Result<Answer> {
    let mut stream = stream.take(ANSWER_LIMIT);
    let first = line(&mut stream)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.context("has no status")?;
    let (mut length, mut chunked) = (None, false);
    loop {
        let field = line(&mut stream)?.to_ascii_lowercase();
        match field.split_once(':') {
            Some(("content-length", value)) => length = Some(value.trim().parse()?),
            Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
            Some(_) => {}
            None if field.is_empty() => break,
            None => bail!("has a broken head: {field}"),
        }
    }
    let mut body = Vec::new();
    match length {
        _ if chunked => loop {
            let size = u64::from_str_radix(&line(&mut stream)?, 16).context("has a broken chunk size")?;
            append(&mut stream, size, &mut body)?;
            line(&mut stream)?;
            if size == 0 {
                break;
            }
        },
        Some(length) => append(&mut stream, length, &mut body)?,
        None => drop(stream.read_to_end(&mut body)?),
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status, body })
}

/// Up to the end of the line, which is left out.
fn line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line.strip_suffix("\r\n").context("ends too early")?;
    Ok(line.to_owned())
}

/// Exactly so many bytes.
fn append(stream: &mut impl Read, length: u64, body: &mut Vec<u8>) -> Result<()> {
    let read = stream.take(length).read_to_end(body)?;
    ensure!(read as u64 == length, "ends inside its body");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart() {
        let cases = [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                Some((200, "hi")),
            ),
            ("HTTP/1.1 404 Not Found\r\n\r\n", Some((404, ""))),
            ("HTTP/1.1 200 OK\r\n\r\nto the end", Some((200, "to the end"))),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", None),
            ("HTTP/1.1 200 OK\r\nno field\r\n\r\n", None),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                Some((200, "abc")),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
                None,
            ),
            ("HTTP/1.1 200 OK\r\n", None),
        ];
        for (raw, expected) in cases {
            let parsed = read(&mut raw.as_bytes()).ok();
            let expected = expected.map(|(status, body)| Answer {
                status,
                body: body.to_owned(),
            });
            assert_eq!(parsed, expected, "{raw}");
        }
    }

    #[test]
    fn what_follows_an_answer_is_left_for_the_next() {
        let mut raw = &b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\nHTTP/1.1 204"[..];
        let bodies = [read(&mut raw), read(&mut raw)].map(|answer| answer.expect("an answer").body);
        assert_eq!(bodies, ["a", "b"]);
        assert_eq!(raw, b"HTTP/1.1 204");
    }
}
