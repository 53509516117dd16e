//! A comparison for programs. Times are seconds, shares lie between 0 and 1, what is unknown is `null`.

use std::time::Duration;

use herder_sim::{Comparison, Contestant, Figures, Waits};
use serde_json::{Value, json};

/// All figures of the table, with the same names for each strategy and model.
pub(super) fn json(comparison: &Comparison) -> Value {
    let findings = comparison
        .findings
        .iter()
        .map(|finding| json!({"demand": finding.demand, "holds": finding.holds}));
    json!({
        "workload": comparison.workload.name,
        "description": comparison.workload.description,
        "seed": comparison.seed,
        "strategies": comparison.contestants.iter().map(contestant).collect::<Vec<_>>(),
        "must_come_out": findings.collect::<Vec<_>>(),
    })
}

fn contestant(contestant: &Contestant) -> Value {
    let report = &contestant.report;
    let models = report.models.iter().map(|model| {
        let mut value = figures(&model.figures);
        value["model"] = json!(model.name);
        value
    });
    json!({
        "strategy": contestant.name.text(),
        "lasted": seconds(report.lasted),
        "swapping": report.swapping,
        "jain": report.jain,
        "bound": report.bound.map(seconds),
        "tasks": report.tasks,
        "mean_task": report.mean_task.map(seconds),
        "violations": usize::from(report.violation.is_some()),
        "violation": report.violation,
        "overall": figures(&report.overall),
        "models": models.collect::<Vec<_>>(),
    })
}

fn figures(figures: &Figures) -> Value {
    json!({
        "loads": figures.loads,
        "requests": figures.requests,
        "granted": figures.granted,
        "served": figures.served,
        "per_second": figures.per_second,
        "refused": figures.refused,
        "failed": figures.failed,
        "waiting": figures.waiting,
        "wait": figures.wait.as_ref().map(waits),
    })
}

fn waits(waits: &Waits) -> Value {
    json!({
        "shortest": seconds(waits.shortest),
        "mean": seconds(waits.mean),
        "p50": seconds(waits.p50),
        "p95": seconds(waits.p95),
        "p99": seconds(waits.p99),
        "longest": seconds(waits.longest),
    })
}

fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}
