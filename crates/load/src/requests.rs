//! The closed loop: connections that each send a request as soon as the one before is answered.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::connection::Connection;
use crate::flags::Flags;
use crate::{bodies, clock, latencies};

/// Longest time that a run may take beyond what was asked for: something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Samples whose memory is there before the clock starts.
const EXPECTED_SAMPLES: usize = 1 << 17;

/// What is to be sent, and for how long.
#[derive(Debug)]
pub(crate) struct Plan {
    address: SocketAddr,
    /// Head and body.
    request: Vec<u8>,
    body_length: usize,
    connections: usize,
    end: End,
}

/// When connections stop to send.
#[derive(Debug, Clone, Copy)]
enum End {
    After(Duration),
    /// So many over all connections.
    Requests(u64),
}

impl Plan {
    pub(crate) fn read(flags: &Flags) -> Result<Self> {
        let address = flags.number("address")?;
        let body = bodies::build(flags.required("body")?, flags.required("model")?, None)?;
        let end = match (flags.text("seconds"), flags.text("requests")) {
            (Some(_), None) => End::After(Duration::from_secs_f64(flags.number("seconds")?)),
            (None, Some(_)) => End::Requests(flags.number("requests")?),
            (Some(_), Some(_)) | (None, None) => bail!("either --seconds or --requests"),
        };
        Ok(Self {
            address,
            request: request(flags, address, &body),
            body_length: body.len(),
            connections: flags.number("connections")?,
            end,
        })
    }
}

/// A POST with this body.
pub(crate) fn request(flags: &Flags, address: SocketAddr, body: &[u8]) -> Vec<u8> {
    let path = flags.text("path").unwrap_or("/v1/chat/completions");
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// What all connections share.
struct Loop {
    /// Requests that may still begin.
    left: Cell<u64>,
    deadline: Option<Instant>,
    /// Time of each request, in nanoseconds.
    samples: RefCell<Vec<u64>>,
    /// The first answer. All others must be the same, byte for byte.
    answer: RefCell<Option<Vec<u8>>>,
}

/// Runs the plan; figures come out as JSON.
///
/// # Errors
/// Any answer that is not as it should be.
pub(crate) async fn run(plan: &Plan) -> Result<Value> {
    // Connecting is not measured.
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        let stream = TcpStream::connect(plan.address)
            .await
            .with_context(|| format!("cannot connect to {}", plan.address))?;
        connections.push(Connection::new(stream)?);
    }
    let (started, processor) = (Instant::now(), clock::processor_seconds()?);
    let (left, deadline, limit) = match plan.end {
        End::After(time) => (u64::MAX, Some(started + time), time + PATIENCE),
        End::Requests(count) => (count, None, PATIENCE),
    };
    let shared = Rc::new(Loop {
        left: Cell::new(left),
        deadline,
        samples: RefCell::new(Vec::with_capacity(EXPECTED_SAMPLES)),
        answer: RefCell::new(None),
    });
    let request: Rc<[u8]> = plan.request.as_slice().into();
    let tasks = LocalSet::new();
    let handles: Vec<_> = connections
        .into_iter()
        .map(|connection| tasks.spawn_local(send_all(connection, request.clone(), shared.clone())))
        .collect();
    let all = tasks.run_until(async {
        for handle in handles {
            handle.await??;
        }
        anyhow::Ok(())
    });
    timeout(limit, all).await.context("requests hang")??;
    let seconds = started.elapsed().as_secs_f64();
    let mut samples = shared.samples.take();
    let answer = shared.answer.take().context("no request was sent")?;
    let answer: Value = serde_json::from_slice(&answer)?;
    Ok(json!({
        "requests": samples.len(), "seconds": seconds, "processor_seconds": clock::processor_seconds()? - processor,
        "latency": latencies::summary(&mut samples),
        "sent_bytes": plan.body_length,
        "received_bytes": answer["usage"]["prompt_tokens"], "received_model": answer["model"],
    }))
}

async fn send_all(mut connection: Connection, request: Rc<[u8]>, shared: Rc<Loop>) -> Result<()> {
    let mut body = Vec::new();
    while shared.left.get() > 0 && shared.deadline.is_none_or(|deadline| Instant::now() < deadline) {
        shared.left.set(shared.left.get() - 1);
        let begin = Instant::now();
        connection.write(&request).await?;
        let head = connection.head().await?.context("closed without an answer")?;
        body.clear();
        connection
            .body(head.answer_body(), |content| body.extend_from_slice(content))
            .await?;
        let time = u64::try_from(begin.elapsed().as_nanos())?;
        check(&head.first_line, &body, &mut shared.answer.borrow_mut())?;
        shared.samples.borrow_mut().push(time);
    }
    Ok(())
}

/// The first answer must be a chat's; all others must be as the first.
fn check(status_line: &str, body: &[u8], first: &mut Option<Vec<u8>>) -> Result<()> {
    let shown = || String::from_utf8_lossy(&body[..body.len().min(500)]).into_owned();
    let status = status_line.split(' ').nth(1);
    ensure!(status == Some("200"), "{status_line}: {}", shown());
    if let Some(first) = first {
        ensure!(first == body, "another answer than the first: {}", shown());
        return Ok(());
    }
    let answer: Value = serde_json::from_slice(body).with_context(shown)?;
    ensure!(
        answer["object"] == "chat.completion",
        "no chat's answer: {answer}"
    );
    *first = Some(body.to_vec());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_answer_is_no_fast_one() {
        let good = crate::events::answer("m", 1024);
        let mut first = None;
        check("HTTP/1.1 200 OK", good.as_bytes(), &mut first).unwrap();
        check("HTTP/1.1 200 OK", good.as_bytes(), &mut first).unwrap();
        let other = crate::events::answer("m", 1023);
        for (status_line, body) in [
            ("HTTP/1.1 200 OK", other.as_str()),
            ("HTTP/1.1 200 OK", &good[1..]),
            ("HTTP/1.1 429 Too Many Requests", &good),
            ("HTTP/1.1", &good),
        ] {
            assert!(
                check(status_line, body.as_bytes(), &mut first).is_err(),
                "{status_line} {body}"
            );
        }
        for body in ["", "{}", "{\"object\":\"error\"}"] {
            assert!(
                check("HTTP/1.1 200 OK", body.as_bytes(), &mut None).is_err(),
                "{body}"
            );
        }
    }
}
