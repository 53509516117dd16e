//! An hour of traffic in minutes: does the record of requests keep memory flat? (issue 3, "Done when")
//!
//! 100 requests a second for an hour, sent as fast as this machine goes: whole answers, streams and embeddings of a
//! demo model, with usage, captures and readers of `/api/events`, one of which stops reading. Once with the record in
//! memory, once in a file.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::processes::Process;
use super::report::{Figure, Promise, Report, Row};
use super::{Settings, bench_folder, demo_model, start};
use crate::client::{self, Connection};

/// 100 requests a second for an hour.
const REQUESTS: u64 = 360_000;

/// Connections that send, one request after the other. The demo model takes 25 ms for a token, so the rate grows with
/// them until the machine is busy.
const CONNECTIONS: usize = 128;

/// Readers of `/api/events` that read.
const READERS: usize = 3;

/// Looks at the memory between the first and the last request.
const LOOKS: u64 = 10;

/// Pause between two looks at how far the load is.
const PAUSE: Duration = Duration::from_millis(20);

/// Growth of the second half above the first that is still flat: allocators do not return every page.
const FLAT: f64 = 0.05;

/// The store's queue when it is full: 2048 requests with the prompts and answers of their captures. It fills when the
/// disk stalls, which may be late; then requests go unrecorded.
const QUEUE_MEGABYTES: f64 = 16.0;

/// Characters of a prompt, so that captures have something to keep.
const PROMPT_CHARACTERS: usize = 2000;

/// Measures the default store, in memory, and one in a file.
///
/// # Errors
/// herder does not start, refuses a request of the load, or its memory cannot be read.
pub(super) fn run(_: &Settings) -> Result<Report> {
    let file = bench_folder().join("activity.db");
    for path in ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", file.display())) {
        if fs::exists(&path)? {
            fs::remove_file(&path)?;
        }
    }
    let in_memory = measure("in memory", "")?;
    let in_a_file = measure("in a file", &format!("store: {{path: '{}'}}\n", file.display()))?;
    Ok(Report {
        case: "activity",
        title: format!("{REQUESTS} requests, an hour of 100 a second, the record in memory and in a file"),
        promises: vec![in_memory.promise(), in_a_file.promise()],
        notes: vec![
            format!(
                "a full queue of the store may hold {QUEUE_MEGABYTES} MB more; then requests go unrecorded"
            ),
            "the course of the memory is printed above".to_owned(),
        ],
        rows: vec![in_memory.into_row(), in_a_file.into_row()],
    })
}

/// What became of one herder's memory, in units of 1,000,000 bytes.
struct Course {
    place: &'static str,
    /// Requests a second.
    rate: f64,
    /// Most in the first half, from 10 % on.
    first: f64,
    /// Most in the second half.
    second: f64,
    /// Requests that went unrecorded.
    lost: u64,
}

impl Course {
    fn promise(&self) -> Promise {
        let queue = if self.lost > 0 { QUEUE_MEGABYTES } else { 0.0 };
        Promise::at_most(
            format!("MB in the second half, {}", self.place),
            self.second,
            (self.first * (1.0 + FLAT)).max(self.first + queue),
        )
    }

    fn into_row(self) -> Row {
        let figures = vec![
            Figure::new("rate", "1/s", self.rate),
            Figure::new("most from 10 to 50 %", "MB", self.first),
            Figure::new("most from 50 to 100 %", "MB", self.second),
            Figure::new("not recorded", "", self.lost as f64),
        ];
        Row {
            subject: format!("herder, {}", self.place),
            figures,
        }
    }
}

/// Loads a herder whose record is kept as `store` says, and prints what became of its memory.
fn measure(place: &'static str, store: &str) -> Result<Course> {
    let limit = CONNECTIONS * 2;
    let model = format!(
        "models:\n  demo:\n    cmd: {}\n    concurrencyLimit: {limit}\n",
        demo_model("0s")
    );
    let router = start(&format!("{store}{model}"))?;
    let address = router.address;
    // The model is loaded before the first look.
    client::post(address, CHAT, &body(1))?.json()?;
    let herder = Process::with_id(router.process_id())?;
    let start = herder.resident()?;
    let load = Load::default();
    let begin = Instant::now();
    // It is not dropped before the end: a client that went away would not wait to be dropped.
    let silent = subscribe(address)?;
    let samples = thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| scope.spawn(|| read_events(address, &load)))
            .collect();
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|_| scope.spawn(|| send(address, &load)))
            .collect();
        let samples = watch(&herder, &load);
        load.over.store(true, Ordering::Relaxed);
        for thread in senders.into_iter().chain(readers) {
            thread.join().expect("no thread of the load panics")?;
        }
        samples
    })?;
    drop(silent);
    let seconds = begin.elapsed().as_secs_f64();
    let rate = REQUESTS as f64 / seconds;
    println!("\n{place}: {REQUESTS} requests in {seconds:.0} s, {rate:.0} a second");
    println!("  resident at the start   {start:>6.1} MB");
    for (percent, megabytes) in &samples {
        println!("  resident after {percent:>3} %    {megabytes:>6.1} MB");
    }
    let most = |range: std::ops::RangeInclusive<u64>| {
        let inside = samples.iter().filter(|(percent, _)| range.contains(percent));
        inside.map(|(_, megabytes)| *megabytes).fold(0.0, f64::max)
    };
    let (first, second) = (most(10..=50), most(51..=100));
    let log = fs::read_to_string(router.log())?;
    let lost = unrecorded(&log);
    let page = client::get(address, "/api/metrics/activity?limit=1")?.json()?;
    println!(
        "  {} rows kept, the newest has id {}",
        page["total"], page["data"][0]["id"]
    );
    let events = load.events.load(Ordering::Relaxed) as f64 / 1e6;
    let dropped = log
        .lines()
        .filter(|line| line.contains("has not read for"))
        .count();
    println!("  {READERS} event readers took {events:.0} MB; dropped for not reading: {dropped}");
    router.stop()?;
    Ok(Course {
        place,
        rate,
        first,
        second,
        lost,
    })
}

/// Requests that the log says went unrecorded.
fn unrecorded(log: &str) -> u64 {
    let lines = log
        .lines()
        .filter(|line| line.contains("went unrecorded because"));
    lines
        .filter_map(|line| line.split(' ').find_map(|word| word.parse::<u64>().ok()))
        .sum()
}

/// How far the load is.
#[derive(Default)]
struct Load {
    /// Requests given out.
    begun: AtomicU64,
    /// Requests answered.
    done: AtomicU64,
    /// Bytes that the event readers took.
    events: AtomicU64,
    /// Readers may go, and senders have nothing left.
    over: AtomicBool,
}

/// Percent of the load and resident megabytes then, at each look.
fn watch(herder: &Process, load: &Load) -> Result<Vec<(u64, f64)>> {
    let mut samples = Vec::new();
    for look in 1..=LOOKS {
        while load.done.load(Ordering::Relaxed) < REQUESTS * look / LOOKS {
            if load.over.load(Ordering::Relaxed) {
                return Ok(samples);
            }
            thread::sleep(PAUSE);
        }
        samples.push((100 * look / LOOKS, herder.resident()?));
    }
    Ok(samples)
}

/// Sends requests over one connection until enough are begun. Whatever goes wrong ends the whole load.
fn send(address: SocketAddr, load: &Load) -> Result<()> {
    let send_all = || -> Result<()> {
        let mut connection = Connection::open(address)?;
        loop {
            let number = load.begun.fetch_add(1, Ordering::Relaxed);
            if number >= REQUESTS || load.over.load(Ordering::Relaxed) {
                return Ok(());
            }
            let path = if number % 10 == 1 { "/v1/embeddings" } else { CHAT };
            let answer = connection.post(path, &body(number))?;
            ensure!(answer.status == 200, "request {number}: {answer:?}");
            load.done.fetch_add(1, Ordering::Relaxed);
        }
    };
    let sent = send_all();
    if sent.is_err() {
        load.over.store(true, Ordering::Relaxed);
    }
    sent
}

const CHAT: &str = "/v1/chat/completions";

/// Every tenth request is a stream. Prompts differ.
fn body(number: u64) -> Value {
    let mut prompt = format!("request {number} ");
    while prompt.len() < PROMPT_CHARACTERS {
        prompt.push_str(&format!(
            "{} ",
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ prompt.len() as u64
        ));
    }
    json!({
        "model": "demo", "input": "sheep", "max_tokens": 1, "stream": number.is_multiple_of(10),
        "messages": [{"role": "user", "content": prompt}],
    })
}

fn subscribe(address: SocketAddr) -> Result<TcpStream> {
    let mut events = TcpStream::connect(address)?;
    let request = format!("GET /api/events HTTP/1.1\r\nhost: {address}\r\n\r\n");
    events.write_all(request.as_bytes()).context("/api/events")?;
    Ok(events)
}

/// Takes events until the load is over.
fn read_events(address: SocketAddr, load: &Load) -> Result<()> {
    let mut events = subscribe(address)?;
    events.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut buffer = vec![0; 64 * 1024];
    while !load.over.load(Ordering::Relaxed) {
        // A timeout only means that there is no news.
        if let Ok(length) = events.read(&mut buffer) {
            ensure!(length > 0, "herder ended an event stream that was read");
            load.events.fetch_add(length as u64, Ordering::Relaxed);
        }
    }
    Ok(())
}
