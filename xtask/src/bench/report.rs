//! What the cases hand over, as a table for people and as JSON for programs.
//!
//! A report only holds and shows figures: what is measured and promised is the business of the case.

use std::cmp::Reverse;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// What one case has measured.
#[derive(Debug)]
pub(super) struct Report {
    /// The name that `cargo xtask bench` takes: `p1`.
    pub(super) case: &'static str,
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    pub(super) promises: Vec<Promise>,
    /// What a reader of the figures has to know: what is missing, and why.
    pub(super) notes: Vec<String>,
}

/// One line of the table: who was measured (direct, nginx, herder, a peer), and figures by name with their unit.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) subject: String,
    pub(super) figures: Vec<Figure>,
}

#[derive(Debug)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: f64,
}

/// What issue 6 promises of this case, and whether it holds in this run.
#[derive(Debug)]
pub(super) struct Promise {
    pub(super) what: String,
    pub(super) measured: f64,
    pub(super) limit: f64,
    /// The limit is the least that is promised; otherwise it is the most.
    pub(super) at_least: bool,
}

impl Figure {
    pub(super) fn new(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, value }
    }

    fn heading(&self) -> String {
        if self.unit.is_empty() {
            self.name.to_owned()
        } else {
            format!("{} [{}]", self.name, self.unit)
        }
    }
}

impl Promise {
    pub(super) fn at_most(what: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self {
            what: what.into(),
            measured,
            limit,
            at_least: false,
        }
    }

    pub(super) fn at_least(what: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self {
            what: what.into(),
            measured,
            limit,
            at_least: true,
        }
    }

    pub(super) fn is_met(&self) -> bool {
        // A figure that is no number meets nothing.
        if self.at_least {
            self.measured >= self.limit
        } else {
            self.measured <= self.limit
        }
    }

    fn line(&self) -> String {
        let verdict = if self.is_met() { "met   " } else { "MISSED" };
        let bound = if self.at_least { "at least" } else { "at most" };
        let (measured, limit) = (number(self.measured), number(self.limit));
        format!("{verdict}  {}: {measured} ({bound} {limit})", self.what)
    }
}

impl Report {
    /// The table, the promises and the notes, each line with its end.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![format!("{}  {}", self.case, self.title)];
        lines.extend(self.table());
        lines.extend(self.promises.iter().map(Promise::line));
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// One column for each figure, in the order of the row that has most of them.
    fn table(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| Reverse(row.figures.len()));
        for figure in rows.iter().flat_map(|row| &row.figures) {
            let heading = figure.heading();
            if !columns.contains(&heading) {
                columns.push(heading);
            }
        }
        let Some(first) = self.rows.iter().map(|row| row.subject.chars().count()).max() else {
            return Vec::new();
        };
        let mut lines = vec![format!("{:first$}  {}", "", columns.join("  "))];
        for row in &self.rows {
            let cells = columns.iter().map(|heading| {
                let figure = row.figures.iter().find(|figure| figure.heading() == *heading);
                let cell = figure.map_or_else(String::new, |figure| number(figure.value));
                format!("  {cell:>width$}", width = heading.chars().count())
            });
            let cells: String = cells.collect();
            lines.push(format!("{:first$}{cells}", row.subject).trim_end().to_owned());
        }
        lines
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let figures = row.figures.iter().map(|figure| {
                let value = json!({"unit": figure.unit, "value": figure.value});
                (figure.name.to_owned(), value)
            });
            json!({"subject": row.subject, "figures": figures.collect::<Map<_, _>>()})
        });
        let promises = self.promises.iter().map(|promise| {
            let bound = if promise.at_least { "at_least" } else { "at_most" };
            json!({
                "what": promise.what, "measured": promise.measured, bound: promise.limit, "met": promise.is_met(),
            })
        });
        json!({
            "case": self.case, "title": self.title, "notes": self.notes,
            "rows": rows.collect::<Vec<_>>(), "promises": promises.collect::<Vec<_>>(),
        })
    }
}

/// Writes all reports to a file.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write_json(path: &Path, reports: &[Report]) -> Result<()> {
    let cases: Vec<Value> = reports.iter().map(Report::json).collect();
    let text = format!("{:#}\n", json!({"cases": cases}));
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Three digits that say something, and no exponent.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size < 0.1 => 4,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Report {
        let row = |subject: &str, figures| Row {
            subject: subject.to_owned(),
            figures,
        };
        Report {
            case: "p0",
            title: "a sample".to_owned(),
            rows: vec![
                row("direct", vec![Figure::new("p50", "µs", 41.26)]),
                row(
                    "herder",
                    vec![Figure::new("p50", "µs", 120.4), Figure::new("ratio", "", 0.0312)],
                ),
            ],
            promises: vec![
                Promise::at_most("added p50 over nginx's", 2.0, 2.5),
                Promise::at_least("requests per second over nginx's", 0.5, 0.7),
            ],
            notes: vec!["no peer".to_owned()],
        }
    }

    #[test]
    fn the_table_has_a_column_for_each_figure() {
        let expected = "\
p0  a sample
        p50 [µs]  ratio
direct      41.3
herder       120  0.0312
met     added p50 over nginx's: 2.00 (at most 2.50)
MISSED  requests per second over nginx's: 0.50 (at least 0.70)
note: no peer
";
        assert_eq!(sample().text(), expected);
    }

    #[test]
    fn json_names_figures_and_promises() {
        let value = sample().json();
        assert_eq!(
            value["rows"][1]["figures"]["p50"],
            json!({"unit": "µs", "value": 120.4})
        );
        assert_eq!(
            value["promises"][1],
            json!({"what": "requests per second over nginx's", "measured": 0.5, "at_least": 0.7, "met": false})
        );
        assert_eq!(value["case"], "p0");
        assert_eq!(value["notes"], json!(["no peer"]));
    }

    #[test]
    fn a_figure_that_is_no_number_meets_no_promise() {
        for bound in [Promise::at_most, Promise::at_least] {
            assert!(!bound("", f64::NAN, 1.0).is_met());
        }
    }
}
