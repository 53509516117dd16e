//! The residency chart: one row per model, time to the right, the strategies one below the other, as SVG.

use std::fmt::Write as _;
use std::time::Duration;

use herder_core::{ModelId, ModelState, Timestamp};

use crate::comparison::{Comparison, Contestant};
use crate::simulation::{Outcome, Run};

/// Width of the time axis.
const PLOT_WIDTH: f64 = 1_000.0;
/// Room for the names of models.
const LEFT: f64 = 140.0;
/// Room on the right for the last number of the axis.
const RIGHT: f64 = 40.0;
const ROW_HEIGHT: f64 = 22.0;
const BAR_HEIGHT: f64 = 12.0;
/// The strip below the bar that shows that somebody waits.
const STRIP_HEIGHT: f64 = 4.0;
const HEADING_HEIGHT: f64 = 30.0;
const LEGEND_HEIGHT: f64 = 50.0;
const AXIS_HEIGHT: f64 = 30.0;
/// What is closer together than this is drawn as one, so that a row never has more than ten thousand pieces of a kind.
const FINEST: f64 = 0.1;
/// What is shorter is drawn so wide, or nobody would see it.
const NARROWEST: f64 = 0.4;

/// What a piece of a row shows, in the order in which they are drawn over each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ready,
    Serving,
    Starting,
    Stopping,
    Waiting,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Ready,
        Self::Serving,
        Self::Starting,
        Self::Stopping,
        Self::Waiting,
    ];

    fn colour(self) -> &'static str {
        match self {
            Self::Ready => "#b7e0bd",
            Self::Serving => "#2f8f46",
            Self::Starting => "#e3a02c",
            Self::Stopping => "#b5483f",
            Self::Waiting => "#6a55c2",
        }
    }

    fn legend(self) -> &'static str {
        match self {
            Self::Ready => "ready, idle",
            Self::Serving => "ready, serving",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Waiting => "somebody waits (strip below)",
        }
    }
}

/// Draws a comparison.
#[must_use]
pub fn svg(comparison: &Comparison) -> String {
    let models = &comparison.workload.house.models;
    let longest = comparison.contestants.iter().map(|one| one.run.lasted).max();
    // A run that has not lasted has no pieces either.
    let scale = PLOT_WIDTH / longest.unwrap_or_default().as_secs_f64().max(f64::MIN_POSITIVE);
    let block = HEADING_HEIGHT + ROW_HEIGHT * models.len() as f64;
    let axis = LEGEND_HEIGHT + block * comparison.contestants.len() as f64;
    let (width, height) = (LEFT + PLOT_WIDTH + RIGHT, axis + AXIS_HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    let title = format!(
        "{}: {} (seed {})",
        comparison.workload.name, comparison.workload.description, comparison.seed
    );
    text(&mut svg, 10.0, 18.0, "start", &title);
    legend(&mut svg);
    for (number, contestant) in comparison.contestants.iter().enumerate() {
        let top = LEGEND_HEIGHT + block * number as f64;
        text(&mut svg, 10.0, top + 20.0, "start", &heading(contestant));
        for (index, model) in models.iter().enumerate() {
            let row = top + HEADING_HEIGHT + ROW_HEIGHT * index as f64;
            text(&mut svg, LEFT - 8.0, row + BAR_HEIGHT - 2.0, "end", &model.name);
            draw_row(&mut svg, &contestant.run, ModelId(index as u32), row, scale);
        }
    }
    draw_axis(&mut svg, axis, longest.unwrap_or_default(), scale);
    svg.push_str("</svg>\n");
    svg
}

fn heading(contestant: &Contestant) -> String {
    let longest = contestant
        .report
        .overall
        .wait
        .map_or(Duration::ZERO, |wait| wait.longest);
    format!(
        "{}: {} loads, {:.1} % of the time swapping, longest wait {:.1} s",
        contestant.name.text(),
        contestant.report.overall.loads,
        contestant.report.swapping * 100.0,
        longest.as_secs_f64()
    )
}

fn legend(svg: &mut String) {
    let mut left = LEFT;
    for kind in Kind::ALL {
        let colour = kind.colour();
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"30\" width=\"12\" height=\"10\" fill=\"{colour}\"/>"
        );
        text(svg, left + 16.0, 39.0, "start", kind.legend());
        left += 40.0 + 7.0 * kind.legend().len() as f64;
    }
}

fn draw_row(svg: &mut String, run: &Run, model: ModelId, top: f64, scale: f64) {
    for kind in Kind::ALL {
        let (top, height) = match kind {
            Kind::Ready | Kind::Serving | Kind::Starting | Kind::Stopping => (top, BAR_HEIGHT),
            Kind::Waiting => (top + BAR_HEIGHT + 1.0, STRIP_HEIGHT),
        };
        let pieces = merged(pieces(run, model, kind), scale);
        if pieces.is_empty() {
            continue;
        }
        let _ = write!(svg, "<path fill=\"{}\" d=\"", kind.colour());
        for (from, until) in pieces {
            let (left, width) = (LEFT + from, (until - from).max(NARROWEST));
            let _ = write!(svg, "M{left:.2} {top}h{width:.2}v{height}h-{width:.2}z");
        }
        svg.push_str("\"/>\n");
    }
}

/// When the row shows this, by beginning; pieces may overlap.
fn pieces(run: &Run, model: ModelId, kind: Kind) -> Vec<(Timestamp, Timestamp)> {
    let end = Timestamp(run.lasted);
    let in_state = |state| {
        let spans = run.spans.iter();
        let own = spans.filter(move |span| span.model == model && span.state == state);
        own.map(|span| (span.from, span.until)).collect()
    };
    let requests = run.passages.iter().filter(|passage| passage.model == model);
    let mut pieces: Vec<(Timestamp, Timestamp)> = match kind {
        Kind::Ready => in_state(ModelState::Ready),
        Kind::Starting => in_state(ModelState::Starting),
        Kind::Stopping => in_state(ModelState::Stopping),
        Kind::Serving => requests
            .filter_map(|passage| match passage.outcome {
                Outcome::Serving { granted } => Some((granted, end)),
                Outcome::Served { granted, ended } => Some((granted, ended)),
                Outcome::Waiting | Outcome::Refused | Outcome::Failed { .. } => None,
            })
            .collect(),
        Kind::Waiting => requests
            .filter_map(|passage| match passage.outcome {
                Outcome::Waiting => Some((passage.arrived, end)),
                Outcome::Serving { granted } | Outcome::Served { granted, .. } => {
                    Some((passage.arrived, granted))
                }
                Outcome::Failed { at } => Some((passage.arrived, at)),
                Outcome::Refused => None,
            })
            .filter(|(from, until)| from < until)
            .collect(),
    };
    pieces.sort_unstable();
    pieces
}

/// In units of the chart, with everything joined that no eye could keep apart.
fn merged(pieces: Vec<(Timestamp, Timestamp)>, scale: f64) -> Vec<(f64, f64)> {
    let mut drawn: Vec<(f64, f64)> = Vec::new();
    for (from, until) in pieces {
        let (from, until) = (from.0.as_secs_f64() * scale, until.0.as_secs_f64() * scale);
        match drawn.last_mut() {
            Some(last) if from < last.1 + FINEST => last.1 = last.1.max(until),
            Some(_) | None => drawn.push((from, until)),
        }
    }
    drawn
}

/// Ten or so marks at round times.
fn draw_axis(svg: &mut String, top: f64, lasted: Duration, scale: f64) {
    let steps = [
        1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400,
    ];
    let fits = |&&step: &&u64| lasted.as_secs() / step <= 12;
    let step = steps.iter().find(fits).copied().unwrap_or(lasted.as_secs() / 10);
    for mark in 0..=lasted.as_secs() / step {
        let seconds = mark * step;
        let left = LEFT + seconds as f64 * scale;
        let _ = writeln!(
            svg,
            "<line x1=\"{left:.2}\" y1=\"{LEGEND_HEIGHT}\" x2=\"{left:.2}\" y2=\"{top}\" stroke=\"#000000\" \
             stroke-opacity=\"0.08\"/>"
        );
        text(svg, left, top + 16.0, "middle", &clock(seconds, step));
    }
}

fn clock(seconds: u64, step: u64) -> String {
    match step {
        60.. => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

fn text(svg: &mut String, left: f64, top: f64, anchor: &str, text: &str) {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{left:.2}\" y=\"{top:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}
