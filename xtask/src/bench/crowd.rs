//! p7: a thousand models, and ten thousand requests that wait.
//!
//! The strategy is `fair`: `fifo` lets 4096 requests wait and no more. Everybody wants one of twenty models, which are as few as
//! ten thousand can wait for within the default `queueLimit`; the first of them is loaded as long as the crowd is there, because
//! its command never answers. What an event costs is asked of core's own bench; what a request costs that comes and
//! leaves, with its connection, of the whole program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::micro;
use super::processes::{Process, seconds_between};
use super::report::{Figure, Promise, Report, Row};
use super::rounds::median;
use super::{Settings, bench_folder, release_program};
use crate::client;
use crate::programs;
use crate::router::{self, Router};

const MODELS: usize = 1000;

/// Models that somebody waits for.
const WANTED: usize = 20;

/// Requests that wait, if so many connections can be had.
const REQUESTS: usize = 10_000;

/// Resident memory that is promised with all of them (issue 6, p7).
const MEGABYTES: f64 = 120.0;

/// Time for an event that is promised (issue 6, p7).
const EVENT_MICROSECONDS: f64 = 5.0;

/// Files that herder keeps for itself and for connections that idle, and the connections that ask it for its counters: more
/// than it takes, so that the crowd never has the last place.
const SPARE_FILES: usize = 1024;

/// Files that herder needs open for so many connections with a second one behind each, and room for its own.
const OPEN_FILES: usize = 2 * REQUESTS + SPARE_FILES;

/// Starts of which the median counts.
const STARTS: usize = 5;

/// Something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks. Each look costs herder a millisecond.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// # Errors
/// herder does not start, somebody does not wait, or the costs cannot be read.
pub(super) fn run(_: &Settings) -> Result<Report> {
    let program = with_open_files()?;
    let mut starts = Vec::new();
    for _ in 1..STARTS {
        let (router, took) = start(&program)?;
        starts.push(took);
        router.stop()?;
    }
    let (router, took) = start(&program)?;
    starts.push(took);
    let herder = Process::with_id(router.process_id())?;
    let before = herder.resident()?;
    let requests = room(&herder)?.min(REQUESTS);

    let mut time = vec![herder.processor_time()?];
    let mut crowd = Crowd::gather(&router, requests)?;
    await_waiting(&router, requests)?;
    time.push(herder.processor_time()?);
    let full = herder.resident()?;
    crowd.leave()?;
    await_waiting(&router, 0)?;
    time.push(herder.processor_time()?);
    router.stop()?;

    let each = |from: usize| seconds_between(&time[from], &time[from + 1]) * 1e6 / requests as f64;
    let bench = micro::built(&[("herder-core".to_owned(), "crowd".to_owned())])?
        .executable("crowd")?
        .to_owned();
    let (fair, fair_all) = (
        event(&bench, &format!("fair::{WANTED}"))?,
        event(&bench, "fair::999")?,
    );
    let (fifo, start_up) = (event(&bench, "fifo")?, median(starts));
    let each_kilobytes = (full - before) * 1e3 / requests as f64;
    let mut notes = vec![format!(
        "strategy fair, {requests} requests of 1 KB for {WANTED} of the models, each on a connection of its own; \
         an event is one that comes or leaves, in core's bench crowd"
    )];
    if requests < REQUESTS {
        notes.push(format!(
            "only {requests} requests could wait: herder may not open more files"
        ));
    }
    let memory = if requests < REQUESTS {
        let all = before + each_kilobytes * REQUESTS as f64 / 1e3;
        let what = format!("resident MB with {REQUESTS} waiting, extrapolated from {requests}");
        Promise::at_most(what, all, MEGABYTES)
    } else {
        Promise::at_most(format!("resident MB with {REQUESTS} waiting"), full, MEGABYTES)
    };
    Ok(Report {
        case: "p7",
        title: format!("{MODELS} models configured, {requests} requests waiting"),
        rows: vec![Row {
            subject: "herder".to_owned(),
            figures: vec![
                Figure::new("start-up", "ms", start_up),
                Figure::new("resident before", "MB", before),
                Figure::new("resident", "MB", full),
                Figure::new("each", "kB", each_kilobytes),
                Figure::new("event, fair, 20 wanted", "µs", fair),
                Figure::new("event, fair, 999 wanted", "µs", fair_all),
                Figure::new("event, fifo", "µs", fifo),
                Figure::new("CPU of coming", "µs", each(0)),
                Figure::new("CPU of leaving", "µs", each(1)),
            ],
        }],
        promises: vec![
            memory,
            Promise::at_most(
                format!("µs for an event, fair, {WANTED} wanted"),
                fair,
                EVENT_MICROSECONDS,
            ),
            Promise::at_most("µs for an event, fifo", fifo, EVENT_MICROSECONDS),
            Promise::at_most("ms of start-up", start_up, 300.0),
        ],
        notes,
    })
}

/// A program that gives herder as many open files as it may have here, which only root can raise.
fn with_open_files() -> Result<std::path::PathBuf> {
    let folder = bench_folder();
    std::fs::create_dir_all(&folder)?;
    let script = folder.join("herder-with-files.sh");
    let herder = release_program("herder");
    let text = format!(
        "#!/bin/sh\nulimit -n {OPEN_FILES} 2>/dev/null\nexec '{}' \"$@\"\n",
        herder.display()
    );
    std::fs::write(&script, text)?;
    programs::output(Command::new("chmod").arg("+x").arg(&script))?;
    Ok(script)
}

/// Starts herder, and how many milliseconds it took until `/health` was answered, a little too many by the pause between two
/// looks.
fn start(program: &Path) -> Result<(Router, f64)> {
    let model = |number: usize| {
        format!(
            "  model-{number}:\n    cmd: sleep 1000\n    proxy: http://127.0.0.1:9\n    aliases: [alias-{number}]\n"
        )
    };
    let configuration = format!(
        "healthCheckTimeout: 3600\nlogLevel: warn\nrouting: {{scheduler: {{use: fair}}}}\nmodels:\n{}",
        (0..MODELS).map(model).collect::<String>()
    );
    let (port, started) = (router::free_port()?, Instant::now());
    let router = Router::start(program, &bench_folder(), &configuration, port, &[])?;
    Ok((router, started.elapsed().as_secs_f64() * 1e3))
}

/// Connections that herder takes with the open files that it has.
fn room(herder: &Process) -> Result<usize> {
    let limits = herder.file("limits")?;
    let soft = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = soft.and_then(|rest| rest.split_whitespace().next());
    let soft: usize = soft.context("no limit of open files")?.parse()?;
    Ok(soft.saturating_sub(SPARE_FILES) / 2)
}

/// Clients that wait, in a process of their own.
struct Crowd(Child);

impl Crowd {
    fn gather(router: &Router, requests: usize) -> Result<Self> {
        let mut command = Command::new("sh");
        // It needs one file for each connection and a few more.
        command.args([
            "-c",
            "ulimit -n \"$0\"; exec \"$@\"",
            &(requests + 64).to_string(),
        ]);
        command.arg(release_program("load")).arg("crowd");
        for (flag, value) in [
            ("--address", router.address.to_string()),
            ("--models", WANTED.to_string()),
            ("--body", "text:1024".to_owned()),
            ("--connections", requests.to_string()),
        ] {
            command.args([flag, &value]);
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut crowd = Self(child);
        let output = crowd.0.stdout.take().context("the crowd has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        ensure!(line.contains("sent"), "the crowd could not be gathered");
        Ok(crowd)
    }

    /// Lets everybody go, and makes sure that nobody was answered.
    fn leave(&mut self) -> Result<()> {
        drop(self.0.stdin.take());
        ensure!(self.0.wait()?.success(), "somebody did not wait");
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // One that has left is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until exactly so many requests wait.
fn await_waiting(router: &Router, requests: usize) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metrics = client::get(router.address, "/metrics")?.body;
        let waiting = waiting(&metrics);
        if waiting == requests {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!(
                "{waiting} requests wait instead of {requests}\n{}",
                router.log_tail()
            );
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

fn waiting(metrics: &str) -> usize {
    let samples = metrics
        .lines()
        .filter(|line| line.starts_with("herder_requests_waiting{"));
    samples
        .filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok())
        .sum()
}

/// Microseconds for each event, as core's bench measures it: an iteration is two events.
fn event(executable: &Path, name: &str) -> Result<f64> {
    let mut bench = Command::new(executable);
    bench.args(["--bench", &format!("crowd::{name}"), "--exact"]);
    let said = programs::output(&mut bench)?;
    let median = said.lines().rev().find_map(median_column);
    Ok(median.with_context(|| format!("no median in\n{said}"))? / 2.0)
}

/// The third column of a row of divan's, in microseconds.
fn median_column(line: &str) -> Option<f64> {
    let mut words = line.split('│').nth_back(3)?.split_whitespace();
    let (number, unit) = (words.next()?.parse::<f64>().ok()?, words.next()?);
    let factor = match unit {
        "ns" => 1e-3,
        "µs" => 1.0,
        "ms" => 1e3,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divans_median_is_found() {
        let line = "│  ├─ 20   7.13 µs       │ 15.32 µs      │ 7.601 µs      │ 7.875 µs      │ 30      │ 30";
        assert_eq!(median_column(line), Some(7.601));
        let head =
            "crowd      fastest       │ slowest       │ median        │ mean          │ samples │ iters";
        assert_eq!(median_column(head), None);
        let items = "│  │       280.4 Kitem/s │ 130.5 Kitem/s │ 263.1 Kitem/s │ 253.9 Kitem/s │         │";
        assert_eq!(median_column(items), None);
    }

    #[test]
    fn those_who_wait_are_added_up() {
        let metrics = "# TYPE herder_requests_waiting gauge\nherder_requests_waiting{model=\"a\"} 3\n\
                       herder_requests_waiting{model=\"b\"} 4\nherder_requests_total{model=\"a\"} 9\n";
        assert_eq!(waiting(metrics), 7);
    }
}
