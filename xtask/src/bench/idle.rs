//! p8: what a herder costs that nobody asks anything.

use std::fmt::Write as _;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use super::processes::{self, Process};
use super::report::{Figure, Promise, Report, Row};
use super::{Settings, demo_model, start};

/// Configured models (issue 2, "Measured").
const MODELS: usize = 10;

/// Time for the start to settle before anything is read: allocations, and the first two looks for GPUs. Those that find none
/// come after 0, 10, 30 and 70 seconds and then less and less often (herder's monitor/gpu/mod.rs).
const SETTLING_TIME: Duration = Duration::from_secs(12);

/// Time over which wake-ups are counted: three samples of the machine. It ends before the third look for GPUs.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// # Errors
/// herder does not start, or what it costs cannot be read.
pub(super) fn run(_: &Settings) -> Result<Report> {
    let mut models = "models:\n".to_owned();
    for number in 0..MODELS {
        let _ = write!(models, "  model-{number}:\n    cmd: {}\n", demo_model("1s"));
    }
    let router = start(&models)?;
    sleep(SETTLING_TIME);
    let herder = Process::with_id(router.process_id())?;
    let guard = processes::below(router.process_id())?;
    let guard = guard.iter().find(|process| process.runs("herder"));
    let guard = guard.context("herder has no guard")?;
    let before = herder.wakeups()?;
    sleep(IDLE_TIME);
    let wakeups = processes::counted_between(&before, &herder.wakeups()?) as f64 / IDLE_TIME.as_secs_f64();
    let rows = [("herder", &herder), ("its guard", guard)].map(|(subject, process)| {
        let rollup = process.file("smaps_rollup")?;
        let megabytes = |field: &str| processes::megabytes(&rollup, field);
        let mut figures = vec![
            Figure::new("resident", "MB", process.resident()?),
            Figure::new("proportional", "MB", megabytes("Pss:")?),
            Figure::new("anonymous", "MB", megabytes("Anonymous:")?),
        ];
        if subject == "herder" {
            figures.push(Figure::new("wake-ups", "1/s", wakeups));
        }
        anyhow::Ok(Row {
            subject: subject.to_owned(),
            figures,
        })
    });
    let rows = rows.into_iter().collect::<Result<Vec<_>>>()?;
    let resident = herder.resident()?;
    router.stop()?;
    Ok(Report {
        case: "p8",
        title: format!("idle with {MODELS} configured models"),
        rows,
        promises: vec![
            Promise::at_most("resident MB", resident, 15.0),
            Promise::at_most("wake-ups per second", wakeups, 2.0),
        ],
        notes: vec![
            "resident is mostly the program's own file, which the system shares and may drop; anonymous is what it \
             has written"
                .to_owned(),
        ],
    })
}
