//! Strategies side by side on the same traffic, and whether what scheduling.md section 6 demands has come out.

use std::time::Duration;

use herder_core::planner::matrix::MatrixError;
use herder_core::{FairPlan, ModelId, Strategy};

use crate::measure::{Figures, Report};
use crate::simulation::{Run, simulate};
use crate::workload::{Shape, StartBehaviour, Workload};

/// How much longer than the longest stream, stop and load of w4 the first of the crowd may wait: the crowd comes
/// within a second, and its rent reaches any price within another.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A strategy as the command line and tables call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrategyName {
    /// The seed's.
    Fifo,
    /// Bounded waits.
    Fair,
}

/// There is no such strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStrategy(pub String);

/// A workload under several strategies.
#[derive(Debug)]
pub struct Comparison {
    /// What happened.
    pub workload: Workload,
    /// The seed of all that was drawn.
    pub seed: u64,
    /// In the order in which they were asked for.
    pub contestants: Vec<Contestant>,
    /// What must come out; empty unless the workload is a built-in one in its own house and both strategies took part.
    pub findings: Vec<Finding>,
}

/// A strategy and how it did.
#[derive(Debug)]
pub struct Contestant {
    /// Its name.
    pub name: StrategyName,
    /// What was seen.
    pub run: Run,
    /// Its figures.
    pub report: Report,
}

/// One demand of the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is demanded, with the figures.
    pub demand: String,
    /// Whether it is so.
    pub holds: bool,
}

impl StrategyName {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Fifo, Self::Fair];

    /// As the configuration writes it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Fair => "fair",
        }
    }

    /// The strategy of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(text: &str) -> Result<Self, UnknownStrategy> {
        let found = Self::ALL.into_iter().find(|name| name.text() == text);
        found.ok_or_else(|| UnknownStrategy(text.to_owned()))
    }

    /// Which one it is.
    #[must_use]
    pub fn of(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Fifo { .. } => Self::Fifo,
            Strategy::Fair(_) => Self::Fair,
        }
    }
}

impl std::fmt::Display for UnknownStrategy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "there is no strategy {:?}; there are fifo and fair",
            self.0
        )
    }
}

impl std::error::Error for UnknownStrategy {}

/// Runs the workload under each strategy. With `judged` it must be a built-in one in its own house.
///
/// # Errors
/// When the rules of the house contradict themselves.
pub fn compare(
    workload: Workload,
    strategies: &[Strategy],
    seed: u64,
    judged: bool,
) -> Result<Comparison, Vec<MatrixError>> {
    let mut contestants = Vec::new();
    for &strategy in strategies {
        let run = simulate(&workload, strategy, seed)?;
        let promised = match strategy {
            Strategy::Fifo { .. } => None,
            Strategy::Fair(plan) => bound(&workload, &plan),
        };
        contestants.push(Contestant {
            name: StrategyName::of(strategy),
            report: Report::new(&workload.house, &run, promised),
            run,
        });
    }
    let mut findings = Vec::new();
    if let Some(shape) = workload.shape.filter(|_| judged) {
        findings.extend(contestants.iter().map(obeys_the_audit));
        let figures = |name| {
            let found = contestants.iter().find(|contestant| contestant.name == name);
            found.map(|contestant| &contestant.report)
        };
        let fair_strategy = strategies
            .iter()
            .find(|strategy| matches!(strategy, Strategy::Fair(_)));
        if let (Some(fifo), Some(fair), Some(&strategy)) = (
            figures(StrategyName::Fifo),
            figures(StrategyName::Fair),
            fair_strategy,
        ) {
            findings.extend(demands(shape, &workload, fifo, fair));
            match shape {
                Shape::Flapping => findings.extend(undisturbed(&workload, fair, strategy, seed)?),
                Shape::Starve | Shape::Agents | Shape::Zipf | Shape::Burst | Shape::Big | Shape::Priority => {
                }
            }
        }
    }
    Ok(Comparison {
        workload,
        seed,
        contestants,
        findings,
    })
}

/// The longest wait that `fair` promises (scheduling.md section 5); `None` when a model of the workload cannot be
/// loaded, for then it promises nothing. It holds while no more requests come than may be served at once.
#[must_use]
pub fn bound(workload: &Workload, plan: &FairPlan) -> Option<Duration> {
    let models = &workload.house.models;
    if models.iter().any(|model| model.start == StartBehaviour::Fails) {
        return None;
    }
    let service = workload.longest_service();
    let swap = workload.house.longest_swap();
    let rivals = u32::try_from(models.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let priorities = || models.iter().map(|model| model.plan.priority);
    let steps = priorities().max()?.abs_diff(priorities().min()?);
    let head_start = plan
        .aging
        .saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
    let rounds = (plan.max_turn + service + swap).saturating_mul(rivals);
    Some(plan.max_wait + rounds + service + swap + head_start)
}

fn obeys_the_audit(contestant: &Contestant) -> Finding {
    let name = contestant.name.text();
    Finding {
        demand: match &contestant.report.violation {
            None => format!("{name}: no rule of the audit is broken"),
            Some(violation) => format!("{name}: no rule of the audit is broken, but one is: {violation}"),
        },
        holds: contestant.report.violation.is_none(),
    }
}

/// The table of scheduling.md section 6.
fn demands(shape: Shape, workload: &Workload, fifo: &Report, fair: &Report) -> Vec<Finding> {
    match shape {
        Shape::Starve => vec![
            within_bound(fair, 1),
            at_least(
                &format!("fair serves {} as often as fifo", fair.models[0].name),
                fair.models[0].figures.per_second,
                fifo.models[0].figures.per_second,
                0.95,
            ),
        ],
        Shape::Agents => vec![
            at_most(
                "fair's loads",
                fair.overall.loads as f64,
                fifo.overall.loads as f64,
                0.6,
            ),
            shorter("fair's mean task", fair.mean_task, fifo.mean_task),
        ],
        Shape::Zipf => vec![
            at_most(
                "fair's p99 wait in seconds",
                p99(&fair.overall),
                p99(&fifo.overall),
                0.5,
            ),
            at_most(
                "fair's loads",
                fair.overall.loads as f64,
                fifo.overall.loads as f64,
                1.0,
            ),
        ],
        Shape::Burst => {
            let limit = workload.longest_service() + workload.house.longest_swap() + AT_ONCE;
            let crowd = &fair.models[1];
            let first = crowd.figures.wait.map(|wait| wait.shortest);
            vec![
                Finding {
                    demand: format!(
                        "fair: {} is due at once: its first wait {} <= longest stream and swap {}",
                        crowd.name,
                        text(first),
                        text(Some(limit))
                    ),
                    holds: crowd.figures.granted > 0 && first.is_some_and(|first| first <= limit),
                },
                Finding {
                    demand: format!(
                        "fair: nobody below queueLimit is refused, refused {}",
                        fair.overall.refused
                    ),
                    holds: fair.overall.refused == 0,
                },
            ]
        }
        Shape::Big => vec![
            within_bound(fair, 0),
            Finding {
                demand: format!(
                    "fifo never serves {}, served {}",
                    fifo.models[0].name, fifo.models[0].figures.granted
                ),
                holds: fifo.models[0].figures.granted == 0,
            },
        ],
        Shape::Priority => vec![
            within_bound(fair, 2),
            at_most(
                &format!("fair's median wait of {} in seconds", fair.models[0].name),
                median(&fair.models[0].figures),
                median(&fifo.models[0].figures),
                1.1,
            ),
        ],
        // Its demand needs one more run: see `undisturbed`.
        Shape::Flapping => Vec::new(),
    }
}

/// w7: the models that are well are served nearly as often as if nobody asked for the one that is ill.
fn undisturbed(
    workload: &Workload,
    fair: &Report,
    strategy: Strategy,
    seed: u64,
) -> Result<Vec<Finding>, Vec<MatrixError>> {
    let ill = |index: usize| workload.house.models[index].start == StartBehaviour::Fails;
    let mut calm = workload.clone();
    for index in (0..workload.house.models.len()).filter(|&index| ill(index)) {
        calm = calm.without(ModelId(index as u32));
    }
    let calm = Report::new(&workload.house, &simulate(&calm, strategy, seed)?, None);
    let well = (0..workload.house.models.len()).filter(|&index| !ill(index));
    Ok(well
        .filter(|&index| calm.models[index].figures.requests > 0)
        .map(|index| {
            let name = &workload.house.models[index].name;
            at_least(
                &format!("fair serves {name} as often as if nobody asked for the ill model"),
                fair.models[index].figures.per_second,
                calm.models[index].figures.per_second,
                0.95,
            )
        })
        .collect())
}

fn within_bound(fair: &Report, model: usize) -> Finding {
    let model = &fair.models[model];
    let longest = model.figures.wait.map(|wait| wait.longest);
    Finding {
        demand: format!(
            "fair: longest wait of {} {} <= bound {}",
            model.name,
            text(longest),
            text(fair.bound)
        ),
        holds: longest.is_some() && fair.bound.is_some() && longest <= fair.bound,
    }
}

fn at_least(what: &str, value: f64, reference: f64, share: f64) -> Finding {
    Finding {
        demand: format!("{what}: {} >= {share} x {}", number(value), number(reference)),
        holds: value >= share * reference,
    }
}

fn at_most(what: &str, value: f64, reference: f64, share: f64) -> Finding {
    Finding {
        demand: format!(
            "{what}: {} <= {share} x fifo's {}",
            number(value),
            number(reference)
        ),
        holds: value <= share * reference,
    }
}

fn shorter(what: &str, value: Option<Duration>, reference: Option<Duration>) -> Finding {
    Finding {
        demand: format!("{what} {} < fifo's {}", text(value), text(reference)),
        holds: matches!((value, reference), (Some(value), Some(reference)) if value < reference),
    }
}

fn p99(figures: &Figures) -> f64 {
    figures.wait.map_or(0.0, |wait| wait.p99.as_secs_f64())
}

fn median(figures: &Figures) -> f64 {
    figures.wait.map_or(0.0, |wait| wait.p50.as_secs_f64())
}

/// With three places behind the point at most.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn text(span: Option<Duration>) -> String {
    span.map_or_else(
        || "unknown".to_owned(),
        |span| format!("{:.1} s", span.as_secs_f64()),
    )
}
