//! A small HTTP/1.1 client on std: enough to ask a herder on this machine, no more.
//!
//! One request per connection, plain text, whole answers; chunked bodies are joined.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
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
    exchange(address, "GET", path, "")
}

pub(crate) fn post(address: SocketAddr, path: &str, body: &Value) -> Result<Answer> {
    exchange(address, "POST", path, &body.to_string())
}

fn exchange(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<Answer> {
    let mut connection = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
    connection.set_read_timeout(Some(READ_TIMEOUT))?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection
        .take(ANSWER_LIMIT)
        .read_to_end(&mut answer)
        .with_context(|| format!("{method} {path}"))?;
    parse(&answer).with_context(|| format!("the answer to {method} {path}"))
}

fn parse(answer: &[u8]) -> Result<Answer> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").context("ends inside its head")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("has no status")?;
    let chunked = head
        .to_ascii_lowercase()
        .contains("\r\ntransfer-encoding: chunked");
    let body = if chunked { joined(body)? } else { body.to_owned() };
    Ok(Answer { status, body })
}

/// Joins the chunks of a chunked body.
fn joined(mut body: &str) -> Result<String> {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").context("ends inside a chunk size")?;
        let size = usize::from_str_radix(size.trim(), 16).context("has a broken chunk size")?;
        if size == 0 {
            return Ok(whole);
        }
        whole.push_str(rest.get(..size).context("ends inside a chunk")?);
        body = rest.get(size + 2..).context("ends after a chunk")?;
    }
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
            let parsed = parse(raw.as_bytes()).ok();
            let expected = expected.map(|(status, body)| Answer {
                status,
                body: body.to_owned(),
            });
            assert_eq!(parsed, expected, "{raw}");
        }
    }
}
