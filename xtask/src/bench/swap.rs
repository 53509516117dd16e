//! p6: what a swap costs over stopping one model server and starting the other by hand; and what reading ahead saves when
//! the newcomer's file is not in the page cache.
//!
//! Real `llama-server`, two models that exclude each other. By hand is: SIGTERM, wait for the end, start, ask `/health`
//! every few milliseconds until it says 200, ask the question. The rounds are interleaved, so that both have the same
//! weather.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::report::{Figure, Promise, Report, Row};
use super::rounds;
use super::{Settings, start};
use crate::client::{self, Answer};
use crate::llama::{self, Llama};
use crate::programs::output;
use crate::router::{self, Router};

/// Swaps by hand, and as many by herder (issue 6, p6).
const ROUNDS: usize = 20;

/// Swaps to a cold file with reading ahead, and as many without.
const COLD_ROUNDS: usize = 3;

/// Pause between two looks at `/health`, and at other conditions. More often would hold up the server that is asked.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Until a server must be ready, or another condition true. It takes a second or two on an idle machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Tokens of the answer that holds the victim while files are read ahead: some seconds.
const LONG_ANSWER: u32 = 200;

/// What herder's time may be over that by hand (issue 6, p6).
const LIMIT: f64 = 1.06;

/// What both ways start, but for the model file and the port. One thread, because several wait for each other by spinning:
/// one busy neighbour on two cores made a start take five seconds in place of two.
const FLAGS: [&str; 9] = [
    "--host",
    "127.0.0.1",
    "--threads",
    "1",
    "--parallel",
    "1",
    "--no-webui",
    "--ctx-size",
    "1024",
];

/// # Errors
/// A model server that does not start or answer. Without one there are no figures, and a note says so: the install takes as
/// long as all cases together may.
pub(super) fn run(_: &Settings) -> Result<Report> {
    let title = "a swap between two models of llama-server".to_owned();
    let Some(llama) = llama::installed()? else {
        return Ok(Report {
            case: "p6",
            title,
            rows: Vec::new(),
            promises: Vec::new(),
            notes: vec!["llama-server is not installed yet: run `cargo xtask llama` first".to_owned()],
        });
    };
    let copy = ModelCopy::of(&llama.model)?;
    let copy = copy.0.as_path();
    let herder = start(&configuration(&llama, copy))?;
    let (by_hand, by_herder) = warm(&llama, &herder)?;
    let mut rows = vec![by_hand.row("by hand"), by_herder.row("herder")];
    let ratio = by_herder.total() / by_hand.total();
    let mut notes = vec![format!(
        "medians of {ROUNDS} swaps each, interleaved; a part of herder's is what /api/swaps says, the request is what is left"
    )];
    if cfg!(target_os = "linux") {
        cold(&herder, copy, &mut rows, &mut notes)?;
    } else {
        notes.push("a cold page cache is made with posix_fadvise, which only Linux has".to_owned());
    }
    herder.stop()?;
    Ok(Report {
        case: "p6",
        title,
        rows,
        promises: vec![Promise::at_most(
            "time of a swapping request over stop, start and request by hand",
            ratio,
            LIMIT,
        )],
        notes,
    })
}

/// Two models of the same file that take turns, and two of a copy of it, which differ in reading ahead.
fn configuration(llama: &Llama, copy: &Path) -> String {
    let models = [
        ("first", llama.model.as_path(), true),
        ("second", llama.model.as_path(), true),
        ("ahead", copy, true),
        ("plain", copy, false),
    ];
    let model = |(name, file, prefetch): (&str, &Path, bool)| {
        let (server, flags) = (llama.server.display(), FLAGS.join(" "));
        let command = format!("'{server}' --model '{}' {flags} --port ${{PORT}}", file.display());
        format!(
            "  {name}:\n    cmd: {}\n    prefetch: {prefetch}\n",
            json!(command)
        )
    };
    format!("models:\n{}", models.map(model).concat())
}

/// The parts of a swap, for each round, in seconds.
#[derive(Default)]
struct Swaps {
    stop: Vec<f64>,
    start: Vec<f64>,
    total: Vec<f64>,
}

impl Swaps {
    fn add(&mut self, stop: f64, start: f64, total: f64) {
        self.stop.push(stop);
        self.start.push(start);
        self.total.push(total);
    }

    fn total(&self) -> f64 {
        median(&self.total)
    }

    fn row(&self, subject: &str) -> Row {
        let parts = self.stop.iter().zip(&self.start).zip(&self.total);
        let rest: Vec<f64> = parts.map(|((stop, start), total)| total - stop - start).collect();
        let milliseconds = |seconds: &[f64]| median(seconds) * 1e3;
        Row {
            subject: subject.to_owned(),
            figures: vec![
                Figure::new("stop", "ms", milliseconds(&self.stop)),
                Figure::new("start", "ms", milliseconds(&self.start)),
                Figure::new("request", "ms", milliseconds(&rest)),
                Figure::new("all", "ms", milliseconds(&self.total)),
            ],
        }
    }
}

/// Swaps back and forth, by hand and by herder in turn.
fn warm(llama: &Llama, herder: &Router) -> Result<(Swaps, Swaps)> {
    let (mut by_hand, mut by_herder) = (Swaps::default(), Swaps::default());
    let mut server = Server::start(llama)?;
    ask(server.address, "first", 1)?;
    ask(herder.address, "first", 1)?;
    for round in 0..ROUNDS {
        let began = Instant::now();
        server.stop()?;
        let stopped = began.elapsed();
        server = Server::start(llama)?;
        let started = began.elapsed();
        ask(server.address, "other", 1)?;
        let all = began.elapsed();
        by_hand.add(
            stopped.as_secs_f64(),
            (started - stopped).as_secs_f64(),
            all.as_secs_f64(),
        );

        let model = if round % 2 == 0 { "second" } else { "first" };
        let began = Instant::now();
        ask(herder.address, model, 1)?;
        let all = began.elapsed();
        let swap = last_swap(herder, model)?;
        let part = |name: &str| {
            swap[name]
                .as_f64()
                .with_context(|| format!("no {name} in {swap}"))
        };
        by_herder.add(part("stop_seconds")?, part("load_seconds")?, all.as_secs_f64());
    }
    server.stop()?;
    Ok((by_hand, by_herder))
}

/// Swaps from a victim that is still answering to a model whose file is not in the page cache.
fn cold(herder: &Router, copy: &Path, rows: &mut Vec<Row>, notes: &mut Vec<String>) -> Result<()> {
    let mut cases = [
        ("ahead", Vec::new(), Vec::new()),
        ("plain", Vec::new(), Vec::new()),
    ];
    for _ in 0..COLD_ROUNDS {
        for (model, times, residents) in &mut cases {
            let (time, resident) = cold_swap(herder, copy, model)?;
            times.push(time);
            residents.extend(resident);
        }
    }
    // The last newcomer has it mapped.
    ensure!(
        client::get(herder.address, "/unload")?.status == 200,
        "/unload failed"
    );
    await_condition("nothing runs", || Ok(herder.running()?.is_empty()))?;
    drop_from_page_cache(copy)?;
    let began = Instant::now();
    let bytes = std::io::copy(&mut File::open(copy)?, &mut std::io::sink())?;
    let megabytes_a_second = bytes as f64 / 1e6 / began.elapsed().as_secs_f64();
    let [(_, ahead, _), (_, plain, _)] = &cases;
    notes.push(format!(
        "cold: the file of {:.0} MB is not in the page cache, and the victim goes on answering for some seconds; \
         {:.3} of the time with reading ahead (medians of {COLD_ROUNDS}); this disk reads {megabytes_a_second:.0} MB/s",
        bytes as f64 / 1e6,
        median(ahead) / median(plain),
    ));
    for (subject, (_, times, residents)) in ["cold, read ahead", "cold, prefetch: false"]
        .into_iter()
        .zip(&cases)
    {
        let mut figures = vec![Figure::new(
            "after the victim's last word",
            "ms",
            median(times) * 1e3,
        )];
        if !residents.is_empty() {
            let share = median(residents) / bytes as f64 * 100.0;
            figures.push(Figure::new("in the page cache by then", "%", share));
        }
        rows.push(Row {
            subject: subject.to_owned(),
            figures,
        });
    }
    if cases.iter().any(|(_, _, residents)| residents.is_empty()) {
        notes.push("without fincore (util-linux) nobody knows what is in the page cache".to_owned());
    }
    Ok(())
}

/// Seconds from the end of the victim's answer to that of the newcomer's, and how many bytes of the file were in the page
/// cache at the former, if that can be known.
fn cold_swap(herder: &Router, file: &Path, newcomer: &str) -> Result<(f64, Option<f64>)> {
    let address = herder.address;
    ask(address, "first", 1)?;
    drop_from_page_cache(file)?;
    thread::scope(|scope| {
        let victim = scope.spawn(|| -> Result<(Instant, Option<f64>)> {
            ask(address, "first", LONG_ANSWER)?;
            let ended = Instant::now();
            Ok((ended, resident_bytes(file)))
        });
        await_condition("the victim is busy", || {
            let plan = client::get(address, &format!("/api/plan?model={newcomer}"))?.json()?;
            Ok(plan["outcome"] == "wait" || victim.is_finished())
        })?;
        ensure!(
            !victim.is_finished(),
            "the victim has answered before the newcomer was asked"
        );
        let asked = Instant::now();
        ask(address, newcomer, 1)?;
        let answered = Instant::now();
        let victim = victim
            .join()
            .map_err(|_| anyhow::anyhow!("the victim's client panicked"))?;
        let (ended, resident) = victim?;
        ensure!(
            asked < ended,
            "the victim's answer ended before {newcomer} was asked"
        );
        Ok((answered.duration_since(ended).as_secs_f64(), resident))
    })
}

/// A model server of our own. Dropping it kills it.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Returns when it is healthy.
    fn start(llama: &Llama) -> Result<Self> {
        let port = router::free_port()?;
        let mut command = Command::new(&llama.server);
        command.arg("--model").arg(&llama.model).args(FLAGS);
        command.args(["--port", &port.to_string()]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().context("cannot start llama-server")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Self { child, address };
        await_condition("llama-server is healthy", || {
            let ended = server.child.try_wait()?;
            ensure!(ended.is_none(), "llama-server ended: {ended:?}");
            Ok(client::get(address, "/health").is_ok_and(|answer| answer.status == 200))
        })?;
        Ok(server)
    }

    /// Returns when it is gone.
    fn stop(&mut self) -> Result<()> {
        router::request_end(&mut self.child)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: SocketAddr, model: &str, tokens: u32) -> Result<Answer> {
    let body = json!({"model": model, "prompt": "One, two,", "max_tokens": tokens, "ignore_eos": true});
    let answer = client::post(address, "/v1/completions", &body)?;
    ensure!(answer.status == 200, "{model}: {} {}", answer.status, answer.body);
    Ok(answer)
}

/// The last swap that herder speaks of, which must be that to this model.
fn last_swap(herder: &Router, model: &str) -> Result<Value> {
    let list = client::get(herder.address, "/api/swaps?limit=1")?.json()?;
    let swap = list["swaps"][0].clone();
    ensure!(swap["model"] == model, "the last swap is another one: {swap}");
    Ok(swap)
}

fn await_condition(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + DEADLINE;
    while !holds()? {
        ensure!(Instant::now() < deadline, "too late: {what}");
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// A second file with the same content, which goes with this value. The page cache goes by file, so the two have no pages in
/// common, even where the file system lets them share their blocks.
struct ModelCopy(PathBuf);

impl ModelCopy {
    fn of(model: &Path) -> Result<Self> {
        let folder = super::bench_folder();
        fs::create_dir_all(&folder)?;
        // From here on half a copy goes too.
        let copy = Self(folder.join("copy.gguf"));
        let mut target = File::create(&copy.0)?;
        std::io::copy(&mut File::open(model)?, &mut target)?;
        // Only what is on the disk leaves the page cache.
        target.sync_all()?;
        Ok(copy)
    }
}

impl Drop for ModelCopy {
    fn drop(&mut self) {
        // It may not have been made.
        let _ = fs::remove_file(&self.0);
    }
}

/// Only pages that no process has mapped go.
fn drop_from_page_cache(file: &Path) -> Result<()> {
    let mut of = std::ffi::OsString::from("of=");
    of.push(file);
    let mut command = Command::new("dd");
    command.arg(of).args([
        "oflag=nocache",
        "conv=notrunc,fdatasync",
        "count=0",
        "status=none",
    ]);
    output(&mut command).context("the page cache is emptied with dd of GNU coreutils")?;
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    rounds::median(values.iter().copied())
}

fn resident_bytes(file: &Path) -> Option<f64> {
    let mut command = Command::new("fincore");
    command
        .args(["--bytes", "--noheadings", "--output", "RES"])
        .arg(file);
    output(&mut command).ok()?.parse().ok()
}
