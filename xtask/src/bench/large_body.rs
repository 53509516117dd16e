//! p4: a request with an image: how long it takes, and how much memory it needs beyond its own length.
//!
//! Memory is measured with everybody freshly started and warmed up by small requests: what the first large ones add
//! is what they need. An allocator keeps some of it afterwards.

use anyhow::Result;

use super::Settings;
use super::field::{Amount, EDITED, Field, Load, PLAIN, Requests, Role, Subject};
use super::report::{Figure, Promise, Report, Row};
use super::rounds::{interleaved, median, paired};

/// A picture of 6 MB in base64, and some text: 8 MB, in units of 1,000,000 bytes.
const BODY: &str = "image:8000000";
const BODY_MEGABYTES: f64 = 8.0;

/// Megabytes that an unedited request may need besides its body (issue 6, p4).
const EXTRA_MEGABYTES: f64 = 4.0;

const ROUNDS: usize = 7;

/// Large requests in one measurement, one after the other.
const REQUESTS: u32 = 8;

/// Small requests before the memory is looked at.
const WARM_UP: u32 = 500;

/// # Errors
/// Somebody does not start, or answers something else than he should.
pub(super) fn run(settings: &Settings) -> Result<Report> {
    // Another field for each: who has seen a large body has the memory for the next.
    let plain_memory = added_memory(&Field::start(settings)?, PLAIN)?;
    let edited_memory = added_memory(&Field::start(settings)?, EDITED)?;
    let field = Field::start(settings)?;
    let unbuffered = field.unbuffered.iter();
    let plain = field
        .subjects
        .iter()
        .chain(unbuffered)
        .map(|subject| (subject, PLAIN));
    let edited = field.subjects.iter().filter(|subject| subject.edits());
    let contestants: Vec<_> = plain.chain(edited.map(|subject| (subject, EDITED))).collect();
    let results = interleaved(&contestants, ROUNDS, |(subject, model)| {
        field.requests(subject, &large(model))
    })?;
    let direct = &results[0];
    let nginx = field.position(Role::Nginx).map(|position| &results[position]);
    let ratio = |own: &Requests, nginx: &Requests| own.p50 / nginx.p50;
    let (mut rows, mut promises) = (Vec::new(), Vec::new());
    for ((subject, model), results) in contestants.iter().zip(&results) {
        let edits = if *model == EDITED { ", edited" } else { "" };
        let name = format!("{}{edits}", subject.name);
        let milliseconds = |figure: fn(&Requests) -> f64| median(results.iter().map(figure)) / 1e3;
        let mut figures = vec![Figure::new("p50", "ms", milliseconds(|one| one.p50))];
        if subject.role != Role::Direct {
            let added = paired(results, direct, |own, direct| (own.p50 - direct.p50) / 1e3);
            figures.push(Figure::new("over direct", "ms", added));
            let processor = milliseconds(|one| one.processor.router.unwrap_or(f64::NAN));
            figures.push(Figure::new("CPU", "ms", processor));
        }
        if let Some(nginx) = nginx.filter(|_| subject.role != Role::Direct) {
            let ratio = paired(results, nginx, ratio);
            figures.push(Figure::new("time over nginx's", "", ratio));
            if subject.role == Role::Herder {
                promises.push(Promise::at_most(
                    format!("time over nginx's, {name}"),
                    ratio,
                    1.15,
                ));
            }
        }
        let memory = if *model == EDITED {
            &edited_memory
        } else {
            &plain_memory
        };
        // Both ways through nginx share a process; only the usual one is measured.
        if let Some(added) = memory.iter().find(|added| added.name == subject.name) {
            figures.push(Figure::new("the first adds", "MB", added.by_first));
            figures.push(Figure::new("all add", "MB", added.by_all));
            if subject.role == Role::Herder && *model == PLAIN {
                let limit = BODY_MEGABYTES + EXTRA_MEGABYTES;
                let what = "peak MB that bodies of 8 MB add, unedited";
                promises.push(Promise::at_most(what, added.by_all, limit));
            }
        }
        rows.push(Row {
            subject: name,
            figures,
        });
    }
    Ok(Report {
        case: "p4",
        title: format!("8 MB chat with an image, one connection, median of {ROUNDS} rounds of {REQUESTS}"),
        rows,
        promises,
        notes: field.notes.clone(),
    })
}

fn large(model: &str) -> Load<'_> {
    Load {
        model,
        body: BODY,
        connections: 1,
        amount: Amount::Requests(REQUESTS),
    }
}

/// What large requests add at most to the memory of a router, in units of 1,000,000 bytes.
struct AddedMemory {
    name: String,
    by_first: f64,
    /// By `REQUESTS` and the first, one after the other.
    by_all: f64,
}

/// Asks each router that can serve the model.
fn added_memory(field: &Field, model: &'static str) -> Result<Vec<AddedMemory>> {
    let can = |subject: &&Subject| subject.role != Role::Direct && (model == PLAIN || subject.edits());
    let measure = |subject: &Subject| {
        let small = Load {
            body: "text:1024",
            amount: Amount::Requests(WARM_UP),
            ..large(model)
        };
        let first = Load {
            amount: Amount::Requests(1),
            ..large(model)
        };
        field.requests(subject, &small)?;
        let before = field.forget_peak(subject)?;
        field.requests(subject, &first)?;
        let by_first = field.peak(subject)? - before;
        field.requests(subject, &large(model))?;
        Ok(AddedMemory {
            name: subject.name.clone(),
            by_first,
            by_all: field.peak(subject)? - before,
        })
    };
    field.subjects.iter().filter(can).map(measure).collect()
}
