//! Event streams side by side: how late each chunk is, and whether all came.
//!
//! A chunk's delay is the time from its writing, which it carries, to the return of the read that brought it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::{sleep_until, timeout};

use crate::connection::Connection;
use crate::events::{EventReader, Tally};
use crate::flags::Flags;
use crate::requests::request;
use crate::{bodies, clock, latencies};

/// Streams begin one after the other over this time, in which each writes one chunk: their phases are spread.
const SPREAD: Duration = Duration::from_millis(20);

/// Longest time for one chunk, on average. Something hangs.
const PATIENCE_PER_CHUNK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Plan {
    address: SocketAddr,
    /// Head and body.
    request: Vec<u8>,
    streams: u32,
    chunks: u32,
}

impl Plan {
    pub(crate) fn read(flags: &Flags) -> Result<Self> {
        let address = flags.number("address")?;
        let chunks = flags.number("chunks")?;
        let body = bodies::build(flags.required("body")?, flags.required("model")?, Some(chunks))?;
        Ok(Self {
            address,
            request: request(flags, address, &body),
            streams: flags.number("streams")?,
            chunks,
        })
    }
}

/// What all streams share.
#[derive(Default)]
struct Arrivals {
    /// Nanoseconds from writing to reading, of each chunk.
    delays: Vec<u64>,
    tally: Tally,
}

/// Runs the plan; figures come out as JSON.
///
/// # Errors
/// An answer that is no event stream, or one that breaks off. Chunks that are missing are counted.
pub(crate) async fn run(plan: &Plan) -> Result<Value> {
    let (started, processor) = (Instant::now(), clock::processor_seconds()?);
    let mut connections = Vec::new();
    for _ in 0..plan.streams {
        connections.push(Connection::new(TcpStream::connect(plan.address).await?)?);
    }
    let arrivals = Rc::new(RefCell::new(Arrivals::default()));
    let request: Rc<[u8]> = plan.request.as_slice().into();
    let tasks = LocalSet::new();
    let begin = tokio::time::Instant::now();
    let handles: Vec<_> = (0..plan.streams)
        .zip(connections)
        .map(|(number, connection)| {
            let start = begin + SPREAD * number / plan.streams;
            let (request, arrivals, chunks) = (request.clone(), arrivals.clone(), plan.chunks);
            tasks.spawn_local(async move {
                sleep_until(start).await;
                follow(connection, &request, chunks, &arrivals).await
            })
        })
        .collect();
    let all = tasks.run_until(async {
        for handle in handles {
            handle.await??;
        }
        anyhow::Ok(())
    });
    timeout(PATIENCE_PER_CHUNK * plan.chunks, all)
        .await
        .context("streams hang")??;
    let Arrivals { mut delays, tally } = arrivals.take();
    Ok(json!({
        "streams": plan.streams, "chunks": tally.received, "lost": tally.lost, "doubled": tally.doubled,
        "reordered": tally.reordered, "delay": latencies::summary(&mut delays),
        "seconds": started.elapsed().as_secs_f64(), "processor_seconds": clock::processor_seconds()? - processor,
    }))
}

/// Asks for one stream and reads it to its end.
async fn follow(
    mut connection: Connection,
    request: &[u8],
    chunks: u32,
    arrivals: &RefCell<Arrivals>,
) -> Result<()> {
    connection.write(request).await?;
    let head = connection.head().await?.context("closed without an answer")?;
    let status = head.first_line.split(' ').nth(1);
    ensure!(status == Some("200"), "{}", head.first_line);
    let (mut reader, mut broken) = (EventReader::new(chunks), Ok(()));
    connection
        .body(head.answer_body(), |content| {
            let (now, mut arrivals) = (clock::now(), arrivals.borrow_mut());
            let read = reader.take(content, |written| {
                arrivals.delays.push(now.saturating_sub(written));
            });
            if broken.is_ok() {
                broken = read;
            }
        })
        .await?;
    broken?;
    let tally = reader.finish()?;
    let total = &mut arrivals.borrow_mut().tally;
    total.received += tally.received;
    total.lost += tally.lost;
    total.doubled += tally.doubled;
    total.reordered += tally.reordered;
    Ok(())
}
