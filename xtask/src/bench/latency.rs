//! p1 and p5: what a router adds to the time of one request, with nothing else going on.

use anyhow::Result;

use super::Settings;
use super::field::{Amount, EDITED, Field, Load, PLAIN, Requests, Role, Subject};
use super::report::{Figure, Promise, Report, Row};
use super::rounds::{interleaved, median, paired};
use super::throughput::costs;

const ROUNDS: usize = 5;

/// Length of one measurement.
const SECONDS: f64 = 1.5;

/// p1: a request of 1 KB.
///
/// # Errors
/// Somebody does not start, or answers something else than he should.
pub(super) fn small(settings: &Settings) -> Result<Report> {
    let field = Field::start(settings)?;
    let contestants = field.subjects.iter().map(|subject| Contestant {
        subject,
        model: PLAIN,
    });
    let (rows, added) = measure(&field, &contestants.collect::<Vec<_>>(), "text:1024")?;
    let added = |role| field.position(role).map(|position| added[position]);
    let ratio = added(Role::Herder)
        .zip(added(Role::Nginx))
        .map(|(herder, nginx)| over(herder, nginx));
    let mut notes = field.notes.clone();
    if ratio.is_some_and(f64::is_nan) {
        notes.push("nginx added no time in this run, so there is nothing to compare with".to_owned());
    }
    let promises = ratio.map(|ratio| Promise::at_most("added p50 over nginx's", ratio, 2.5));
    Ok(Report {
        case: "p1",
        title: format!("1 KB chat, one connection, median of {ROUNDS} rounds of {SECONDS} s"),
        rows,
        promises: promises.into_iter().collect(),
        notes,
    })
}

/// p5: a request of 64 KB with another name for the model and three parameters more. Issue 6 promises nothing of it.
///
/// # Errors
/// Somebody does not start, or answers something else than he should.
pub(super) fn edited(settings: &Settings) -> Result<Report> {
    let field = Field::start(settings)?;
    let plain = field.subjects.iter().map(|subject| Contestant {
        subject,
        model: PLAIN,
    });
    let edited = field.subjects.iter().filter(|subject| subject.edits());
    let edited = edited.map(|subject| Contestant {
        subject,
        model: EDITED,
    });
    let contestants: Vec<_> = plain.chain(edited).collect();
    let (rows, _) = measure(&field, &contestants, "text:65536")?;
    Ok(Report {
        case: "p5",
        title: format!(
            "64 KB prompt, useModelName and three setParams, one connection, median of {ROUNDS} rounds of {SECONDS} s"
        ),
        rows,
        promises: Vec::new(),
        notes: field.notes.clone(),
    })
}

/// A ratio of two added times; no number when the second is none, as it may be on a noisy machine: then whoever adds
/// anything would have a negative ratio, which is at most any limit.
fn over(added: f64, base: f64) -> f64 {
    if base > 0.0 { added / base } else { f64::NAN }
}

/// Who is asked for what. The first is the upstream itself, which the others are compared with.
struct Contestant<'a> {
    subject: &'a Subject,
    model: &'static str,
}

/// The rows, and for each what it adds to the direct p50, in microseconds.
fn measure(field: &Field, contestants: &[Contestant<'_>], body: &str) -> Result<(Vec<Row>, Vec<f64>)> {
    let results = interleaved(contestants, ROUNDS, |contestant| {
        let load = Load {
            model: contestant.model,
            body,
            connections: 1,
            amount: Amount::Seconds(SECONDS),
        };
        field.requests(contestant.subject, &load)
    })?;
    let direct = &results[0];
    let (mut rows, mut all_added) = (Vec::new(), Vec::new());
    for (contestant, results) in contestants.iter().zip(&results) {
        let middle = |figure: fn(&Requests) -> f64| median(results.iter().map(figure));
        let mut figures = vec![
            Figure::new("p50", "µs", middle(|one| one.p50)),
            Figure::new("p99", "µs", middle(|one| one.p99)),
        ];
        let added = paired(results, direct, |own, direct| own.p50 - direct.p50);
        if contestant.subject.role != Role::Direct {
            figures.push(Figure::new("added p50", "µs", added));
            let late = paired(results, direct, |own, direct| own.p99 - direct.p99);
            figures.push(Figure::new("added p99", "µs", late));
        }
        figures.extend(costs(results.iter().map(|one| one.processor)));
        rows.push(Row {
            subject: match contestant.model {
                EDITED => format!("{}, edited", contestant.subject.name),
                _ => contestant.subject.name.clone(),
            },
            figures,
        });
        all_added.push(added);
    }
    Ok((rows, all_added))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_nothing_there_is_no_ratio() {
        assert_eq!(over(50.0, 20.0), 2.5);
        for base in [0.0, -3.0, f64::NAN] {
            let promise = Promise::at_most("added p50", over(50.0, base), 2.5);
            assert!(!promise.is_met(), "{base}");
        }
    }
}
