//! p3: many event streams at once: what a chunk costs, how much later it comes, and whether all come.

use anyhow::Result;

use super::Settings;
use super::field::{Field, Role, Streams};
use super::report::{Figure, Promise, Report, Row};
use super::rounds::{interleaved, median, paired};
use super::throughput::costs;

/// Streams side by side. The upstream writes 50 chunks a second to each.
const STREAMS: u32 = 200;

/// Chunks of each stream: four seconds.
const CHUNKS: u32 = 200;

const ROUNDS: usize = 3;

/// # Errors
/// Somebody does not start, or a stream breaks off. A chunk that is missing is counted, and breaks a promise.
pub(super) fn run(settings: &Settings) -> Result<Report> {
    let field = Field::start(settings)?;
    let results = interleaved(&field.subjects, ROUNDS, |subject| {
        field.streams(subject, STREAMS, CHUNKS)
    })?;
    let of = |role| field.position(role).map(|position| &results[position]);
    let direct = &results[0];
    let cost_ratio = |own: &Streams, nginx: &Streams| {
        own.processor.router.unwrap_or(f64::NAN) / nginx.processor.router.unwrap_or(f64::NAN)
    };
    let extra = |own: &Streams, direct: &Streams| (own.p99 - direct.p99) / 1e3;
    let wrong = |results: &[Streams]| results.iter().map(|one| one.wrong).sum::<f64>();
    let mut rows = Vec::new();
    for (subject, results) in field.subjects.iter().zip(&results) {
        let mut figures = vec![
            Figure::new("p50 delay", "µs", median(results.iter().map(|one| one.p50))),
            Figure::new("p99 delay", "µs", median(results.iter().map(|one| one.p99))),
            Figure::new("lost, doubled, reordered", "", wrong(results)),
        ];
        figures.extend(costs(results.iter().map(|one| one.processor)));
        if subject.role != Role::Direct {
            figures.push(Figure::new("extra p99", "ms", paired(results, direct, extra)));
            if let Some(nginx) = of(Role::Nginx) {
                let cost = paired(results, nginx, cost_ratio);
                figures.push(Figure::new("CPU over nginx's", "", cost));
            }
        }
        rows.push(Row {
            subject: subject.name.clone(),
            figures,
        });
    }
    let mut promises = Vec::new();
    if let Some(herder) = of(Role::Herder) {
        let mut promise = |what: &str, measured, limit| {
            promises.push(Promise::at_most(what, measured, limit));
        };
        if let Some(nginx) = of(Role::Nginx) {
            promise(
                "CPU per chunk over nginx's",
                paired(herder, nginx, cost_ratio),
                1.5,
            );
        }
        promise(
            "p99 extra delay of a chunk, in ms",
            paired(herder, direct, extra),
            3.0,
        );
        promise("chunks lost, doubled or out of order", wrong(herder), 0.0);
    }
    Ok(Report {
        case: "p3",
        title: format!("{STREAMS} streams of 50 chunks a second, {CHUNKS} each, median of {ROUNDS} rounds"),
        rows,
        promises,
        notes: field.notes.clone(),
    })
}
