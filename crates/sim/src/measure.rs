//! Figures from what was seen: waits, loads, fairness. Everything is counted the same way for each strategy.

use std::time::Duration;

use herder_core::{ModelId, ModelState, Timestamp};

use crate::simulation::{Outcome, Passage, Run, Span};
use crate::workload::House;

/// The figures of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How long the run was watched.
    pub lasted: Duration,
    /// Share of that time during which at least one model was starting or stopping.
    pub swapping: f64,
    /// All models together.
    pub overall: Figures,
    /// One entry per model, in the order of the house.
    pub models: Vec<ModelFigures>,
    /// Jain's index over the models that were wanted: of the time that requests of a model spent here, the share in
    /// which they were served. 1 when all models are treated alike, 1/n when one has everything; `None` when nobody
    /// wanted anything or nobody was served.
    pub jain: Option<f64>,
    /// Finished tasks of agents.
    pub tasks: usize,
    /// Mean time of those tasks.
    pub mean_task: Option<Duration>,
    /// Longest wait that the strategy promises, where it promises one.
    pub bound: Option<Duration>,
    /// The first rule of the audit that was broken; there must be none.
    pub violation: Option<String>,
}

/// The figures of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFigures {
    /// What people call it.
    pub name: String,
    /// Its requests.
    pub figures: Figures,
}

/// What became of some requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Processes started for them.
    pub loads: u64,
    /// How many there were.
    pub requests: usize,
    /// How many have been granted.
    pub granted: usize,
    /// How many have been granted and completed.
    pub served: usize,
    /// Completed per second of the run.
    pub per_second: f64,
    /// Not admitted.
    pub refused: usize,
    /// Admitted, but the model did not start.
    pub failed: usize,
    /// Still waiting at the end.
    pub waiting: usize,
    /// From arrival to grant. Who still waited at the end counts with the time waited so far, so a starved model
    /// shows. `None` when there is no such request.
    pub wait: Option<Waits>,
}

/// A distribution of waits; percentiles by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Waits {
    pub shortest: Duration,
    pub mean: Duration,
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
    pub longest: Duration,
}

impl Report {
    /// The figures of a run in this house.
    #[must_use]
    pub fn new(house: &House, run: &Run, bound: Option<Duration>) -> Self {
        let models: Vec<ModelFigures> = house
            .models
            .iter()
            .zip(0..)
            .map(|(model, id)| ModelFigures {
                name: model.name.clone(),
                figures: Figures::of(run, |wanted| wanted == ModelId(id), run.starts[id as usize]),
            })
            .collect();
        let tasks = run.tasks.len();
        Self {
            lasted: run.lasted,
            swapping: swapping(&run.spans, run.lasted),
            overall: Figures::of(run, |_| true, run.starts.iter().sum()),
            jain: jain(run, house.models.len()),
            models,
            tasks,
            mean_task: mean(&run.tasks),
            bound,
            violation: run.violation.clone(),
        }
    }
}

impl Figures {
    fn of(run: &Run, concerns: impl Fn(ModelId) -> bool, loads: u64) -> Self {
        let mut figures = Self {
            loads,
            requests: 0,
            granted: 0,
            served: 0,
            per_second: 0.0,
            refused: 0,
            failed: 0,
            waiting: 0,
            wait: None,
        };
        let mut waits = Vec::new();
        let end = Timestamp(run.lasted);
        for passage in run.passages.iter().filter(|passage| concerns(passage.model)) {
            figures.requests += 1;
            match passage.outcome {
                Outcome::Waiting => figures.waiting += 1,
                Outcome::Serving { .. } => figures.granted += 1,
                Outcome::Served { .. } => {
                    figures.granted += 1;
                    figures.served += 1;
                }
                Outcome::Refused => figures.refused += 1,
                Outcome::Failed { .. } => figures.failed += 1,
            }
            waits.extend(wait_of(passage, end));
        }
        if run.lasted > Duration::ZERO {
            figures.per_second = figures.served as f64 / run.lasted.as_secs_f64();
        }
        figures.wait = Waits::of(waits);
        figures
    }
}

impl Waits {
    fn of(mut waits: Vec<Duration>) -> Option<Self> {
        waits.sort_unstable();
        let rank = |percent: usize| waits[(waits.len() * percent).div_ceil(100).max(1) - 1];
        Some(Self {
            shortest: *waits.first()?,
            mean: mean(&waits)?,
            p50: rank(50),
            p95: rank(95),
            p99: rank(99),
            longest: *waits.last()?,
        })
    }
}

/// What a request has waited for its turn; nothing is known of those that were turned away.
fn wait_of(passage: &Passage, end: Timestamp) -> Option<Duration> {
    match passage.outcome {
        Outcome::Waiting => Some(end.since(passage.arrived)),
        Outcome::Serving { granted } | Outcome::Served { granted, .. } => {
            Some(granted.since(passage.arrived))
        }
        Outcome::Refused | Outcome::Failed { .. } => None,
    }
}

fn mean(spans: &[Duration]) -> Option<Duration> {
    let total: Duration = spans.iter().sum();
    u32::try_from(spans.len())
        .ok()
        .and_then(|count| total.checked_div(count))
}

/// The union of all times in which something starts or stops.
fn swapping(spans: &[Span], lasted: Duration) -> f64 {
    let mut total = Duration::ZERO;
    let mut covered = Timestamp::default();
    // They are in order of their beginnings.
    for span in spans {
        match span.state {
            ModelState::Starting | ModelState::Stopping => {
                total += span.until.since(covered.max(span.from));
                covered = covered.max(span.until);
            }
            ModelState::Ready | ModelState::Stopped => {}
        }
    }
    if lasted.is_zero() {
        return 0.0;
    }
    total.as_secs_f64() / lasted.as_secs_f64()
}

/// Jain, Chiu, Hawe: "A quantitative measure of fairness and discrimination" (1984).
fn jain(run: &Run, models: usize) -> Option<f64> {
    let end = Timestamp(run.lasted);
    let mut served = vec![Duration::ZERO; models];
    let mut waited = vec![Duration::ZERO; models];
    for passage in &run.passages {
        let index = passage.model.index();
        waited[index] += wait_of(passage, end).unwrap_or_default();
        served[index] += match passage.outcome {
            Outcome::Served { granted, ended } => ended.since(granted),
            Outcome::Serving { granted } => end.since(granted),
            Outcome::Waiting | Outcome::Refused | Outcome::Failed { .. } => Duration::ZERO,
        };
    }
    let shares: Vec<f64> = served
        .iter()
        .zip(&waited)
        .filter(|&(&served, &waited)| served + waited > Duration::ZERO)
        .map(|(&served, &waited)| served.as_secs_f64() / (served + waited).as_secs_f64())
        .collect();
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    (squares > 0.0).then(|| sum * sum / (shares.len() as f64 * squares))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(moment: u64) -> Timestamp {
        Timestamp(seconds(moment))
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let waits = Waits::of((1..=200).map(seconds).rev().collect()).unwrap();
        assert_eq!(
            waits,
            Waits {
                shortest: seconds(1),
                mean: Duration::from_millis(100_500),
                p50: seconds(100),
                p95: seconds(190),
                p99: seconds(198),
                longest: seconds(200),
            }
        );
        let single = Waits::of(vec![seconds(3)]).unwrap();
        assert_eq!((single.p50, single.p99), (seconds(3), seconds(3)));
        assert_eq!(Waits::of(Vec::new()), None);
    }

    #[test]
    fn swaps_that_overlap_count_once() {
        let span = |state, from, until| Span {
            model: ModelId(0),
            state,
            from: at(from),
            until: at(until),
        };
        let spans = [
            span(ModelState::Starting, 0, 10),
            span(ModelState::Stopping, 2, 4),
            span(ModelState::Starting, 8, 15),
            span(ModelState::Ready, 15, 90),
            span(ModelState::Stopping, 90, 95),
        ];
        assert!((swapping(&spans, seconds(100)) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn jains_index_is_one_for_equals_and_one_nth_for_a_monopoly() {
        let passage = |model, granted: Option<u64>| Passage {
            model: ModelId(model),
            arrived: at(0),
            outcome: granted.map_or(Outcome::Waiting, |granted| Outcome::Served {
                granted: at(granted),
                ended: at(granted + 10),
            }),
        };
        let run = |passages: Vec<Passage>| Run {
            lasted: seconds(100),
            passages,
            spans: Vec::new(),
            starts: vec![0; 3],
            tasks: Vec::new(),
            violation: None,
        };
        let alike = run(vec![passage(0, Some(10)), passage(1, Some(10))]);
        assert!((jain(&alike, 3).unwrap() - 1.0).abs() < 1e-12);
        let monopoly = run(vec![passage(0, Some(0)), passage(1, None)]);
        assert!((jain(&monopoly, 3).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(jain(&run(Vec::new()), 3), None);
    }
}
