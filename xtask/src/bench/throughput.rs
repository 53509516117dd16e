//! p2: requests per second, and what each costs, with few and with many connections.

use anyhow::Result;

use super::Settings;
use super::field::{Amount, Field, Load, PLAIN, Processor, Requests, Role};
use super::report::{Figure, Promise, Report, Row};
use super::rounds::{interleaved, median, paired};

const CONNECTIONS: [usize; 2] = [32, 256];

const ROUNDS: usize = 5;

/// Length of one measurement.
const SECONDS: f64 = 1.5;

/// # Errors
/// Somebody does not start, or answers something else than he should.
pub(super) fn run(settings: &Settings) -> Result<Report> {
    let field = Field::start(settings)?;
    let (mut rows, mut promises) = (Vec::new(), Vec::new());
    for connections in CONNECTIONS {
        measure(&field, connections, &mut rows, &mut promises)?;
    }
    Ok(Report {
        case: "p2",
        title: format!("1 KB chat, closed loop, median of {ROUNDS} rounds of {SECONDS} s"),
        rows,
        promises,
        notes: field.notes.clone(),
    })
}

fn measure(
    field: &Field,
    connections: usize,
    rows: &mut Vec<Row>,
    promises: &mut Vec<Promise>,
) -> Result<()> {
    let load = Load {
        model: PLAIN,
        body: "text:1024",
        connections,
        amount: Amount::Seconds(SECONDS),
    };
    for subject in &field.subjects {
        field.forget_peak(subject)?;
    }
    let results = interleaved(&field.subjects, ROUNDS, |subject| field.requests(subject, &load))?;
    let nginx = field.position(Role::Nginx).map(|position| &results[position]);
    let rate_ratio = |own: &Requests, nginx: &Requests| own.rate / nginx.rate;
    let cost_ratio = |own: &Requests, nginx: &Requests| {
        own.processor.router.unwrap_or(f64::NAN) / nginx.processor.router.unwrap_or(f64::NAN)
    };
    for (subject, results) in field.subjects.iter().zip(&results) {
        let mut figures = vec![Figure::new(
            "rate",
            "1/s",
            median(results.iter().map(|one| one.rate)),
        )];
        figures.extend(costs(results.iter().map(|one| one.processor)));
        if subject.role != Role::Direct {
            figures.push(Figure::new("peak memory", "MB", field.peak(subject)?));
            if let Some(nginx) = nginx {
                let rate = paired(results, nginx, rate_ratio);
                figures.push(Figure::new("rate over nginx's", "", rate));
                let cost = paired(results, nginx, cost_ratio);
                figures.push(Figure::new("CPU over nginx's", "", cost));
            }
        }
        rows.push(Row {
            subject: format!("{}, {connections} connections", subject.name),
            figures,
        });
    }
    let herder = field.position(Role::Herder).map(|position| &results[position]);
    if let (Some(herder), Some(nginx)) = (herder, nginx) {
        promises.push(Promise::at_least(
            format!("requests per second over nginx's, {connections} connections"),
            paired(herder, nginx, rate_ratio),
            0.7,
        ));
        promises.push(Promise::at_most(
            format!("CPU per request over nginx's, {connections} connections"),
            paired(herder, nginx, cost_ratio),
            1.6,
        ));
    }
    Ok(())
}

/// Processor time per request or chunk of everybody who has a part in it, medians over the rounds.
pub(super) fn costs(rounds: impl Iterator<Item = Processor>) -> Vec<Figure> {
    let rounds: Vec<Processor> = rounds.collect();
    let mut figures = Vec::new();
    let router: Vec<f64> = rounds.iter().filter_map(|round| round.router).collect();
    if !router.is_empty() {
        figures.push(Figure::new("CPU", "µs", median(router)));
    }
    let upstream = median(rounds.iter().map(|round| round.upstream));
    figures.push(Figure::new("upstream's CPU", "µs", upstream));
    let client = median(rounds.iter().map(|round| round.client));
    figures.push(Figure::new("client's CPU", "µs", client));
    figures
}
