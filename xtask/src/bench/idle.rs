//! p8: what a herder costs that nobody asks anything.

use std::time::Duration;

use anyhow::Result;

use super::report::{Figure, Promise, Report, Row};
use super::{Settings, demo_model, resident_megabytes, start};

/// Configured models (issue 2, "Measured").
const MODELS: usize = 10;

/// Time for allocations of the start to settle before the memory is read.
const SETTLING_TIME: Duration = Duration::from_secs(3);

/// # Errors
/// herder does not start, or its memory cannot be read.
pub(super) fn run(_: &Settings) -> Result<Report> {
    let models = (0..MODELS).map(|number| format!("  model-{number}:\n    cmd: {}\n", demo_model("1s")));
    let router = start(&format!("models:\n{}", models.collect::<String>()))?;
    std::thread::sleep(SETTLING_TIME);
    let resident = resident_megabytes(&router)?;
    router.stop()?;
    Ok(Report {
        case: "p8",
        title: format!("idle with {MODELS} configured models"),
        rows: vec![Row {
            subject: "herder".to_owned(),
            figures: vec![Figure::new("resident", "MB", resident)],
        }],
        promises: vec![Promise {
            what: "resident MB".to_owned(),
            measured: resident,
            limit: 15.0,
            at_least: false,
        }],
        notes: Vec::new(),
    })
}
