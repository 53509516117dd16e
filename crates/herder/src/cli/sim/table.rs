//! A comparison as a table for people.

use std::fmt::Write as _;
use std::time::Duration;

use herder_sim::{Comparison, Contestant, Figures};

/// Above each column of figures.
const HEADINGS: [&str; 13] = [
    "model", "loads", "requests", "served", "per s", "refused", "failed", "waiting", "mean", "p50", "p95",
    "p99", "max",
];

/// The figures of each strategy, then what must come out.
pub(super) fn table(comparison: &Comparison) -> String {
    let mut text = format!(
        "{}: {} (seed {})\n",
        comparison.workload.name, comparison.workload.description, comparison.seed
    );
    for contestant in &comparison.contestants {
        let _ = writeln!(text, "\n  {}", summary(contestant));
        let mut rows = vec![HEADINGS.map(str::to_owned).to_vec()];
        for model in &contestant.report.models {
            rows.push(row(&model.name, &model.figures));
        }
        rows.push(row("all", &contestant.report.overall));
        text.push_str(&aligned(&rows));
    }
    if !comparison.findings.is_empty() {
        text.push_str("\n  must come out:\n");
    }
    for finding in &comparison.findings {
        let mark = if finding.holds { "pass" } else { "FAIL" };
        let _ = writeln!(text, "    {mark}  {}", finding.demand);
    }
    text
}

fn summary(contestant: &Contestant) -> String {
    let report = &contestant.report;
    let mut parts = vec![
        counted(report.overall.loads, "load"),
        format!(
            "{:.1} % of {} swapping",
            report.swapping * 100.0,
            span(report.lasted)
        ),
    ];
    if let Some(jain) = report.jain {
        parts.push(format!("Jain's index {jain:.2}"));
    }
    if let Some(mean) = report.mean_task {
        parts.push(format!(
            "{} of {} on average",
            counted(report.tasks as u64, "task"),
            span(mean)
        ));
    }
    if let Some(bound) = report.bound {
        parts.push(format!("bound {}", span(bound)));
    }
    parts.push(counted(u64::from(report.violation.is_some()), "violation"));
    format!("{}: {}", contestant.name.text(), parts.join(", "))
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    let mut cells = vec![
        name.to_owned(),
        figures.loads.to_string(),
        figures.requests.to_string(),
        figures.served.to_string(),
        format!("{:.3}", figures.per_second),
        figures.refused.to_string(),
        figures.failed.to_string(),
        figures.waiting.to_string(),
    ];
    match figures.wait {
        Some(wait) => {
            let waits = [wait.mean, wait.p50, wait.p95, wait.p99, wait.longest];
            cells.extend(waits.map(span));
        }
        None => cells.extend(std::iter::repeat_n("-".to_owned(), 5)),
    }
    cells
}

fn counted(count: u64, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {word}{ending}")
}

fn span(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

/// Names to the left, figures to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let mut text = String::new();
    for row in rows {
        text.push_str("   ");
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            let _ = match column {
                0 => write!(text, " {cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.push('\n');
    }
    text
}
