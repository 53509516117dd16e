//! How long after a model is ready the first request gets through to it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::report::{Figure, Promise, Report, Row};
use super::{Settings, demo_model, start};
use crate::client;

/// Pretended load times, in milliseconds.
const LOAD_TIMES: [u64; 5] = [100, 400, 800, 2000, 5000];

/// Loads per load time; the worst counts.
const LOADS: usize = 3;

/// # Errors
/// herder does not start, or a model does not answer.
pub(super) fn run(_: &Settings) -> Result<Report> {
    let models =
        LOAD_TIMES.map(|load| format!("  load-{load}:\n    cmd: {}\n", demo_model(&format!("{load}ms"))));
    let router = start(&format!("models:\n{}", models.concat()))?;
    let (mut rows, mut promises) = (Vec::new(), Vec::new());
    for load in LOAD_TIMES {
        let mut worst = Duration::ZERO;
        for _ in 0..LOADS {
            ensure!(
                client::get(router.address, "/unload")?.status == 200,
                "/unload failed"
            );
            let started = Instant::now();
            let answer = client::get(router.address, &format!("/upstream/load-{load}/health"))?;
            let elapsed = started.elapsed();
            ensure!(
                answer.status == 200,
                "load-{load} answered {}: {}",
                answer.status,
                answer.body
            );
            worst = worst.max(elapsed.saturating_sub(Duration::from_millis(load)));
        }
        let late = worst.as_secs_f64() * 1e3;
        rows.push(Row {
            subject: format!("load of {load} ms"),
            figures: vec![Figure::new("late", "ms", late)],
        });
        promises.push(Promise::at_most(
            format!("ms late after a load of {load} ms (2 % and 10 ms)"),
            late,
            load as f64 * 0.02 + 10.0,
        ));
    }
    router.stop()?;
    Ok(Report {
        case: "readiness",
        title: format!("a ready model is noticed, the worst of {LOADS} loads"),
        rows,
        promises,
        notes: vec!["the start of the process is included".to_owned()],
    })
}
