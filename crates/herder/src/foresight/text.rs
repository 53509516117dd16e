//! A foresight in lines, for people.

use std::fmt::Write as _;

use super::reasons::requests;
use super::{Busy, Foresight};

/// Each line ends with a line feed.
pub(super) fn of(foresight: &Foresight) -> String {
    let mut lines = vec![headline(foresight)];
    let waits_or_loads = foresight.outcome == "wait" || foresight.outcome == "load";
    for victim in &foresight.victims {
        lines.push(format!("  stops {}: {}", describe(&victim.model), victim.why));
    }
    let stays: Vec<String> = foresight
        .running
        .iter()
        .filter(|busy| busy.model != foresight.model)
        .filter(|busy| {
            foresight
                .victims
                .iter()
                .all(|victim| victim.model.model != busy.model)
        })
        .map(describe)
        .collect();
    if waits_or_loads && !stays.is_empty() {
        lines.push(format!("  keeps {}", stays.join(", ")));
    }
    if let Some(set) = &foresight.set {
        let cost = foresight.cost.unwrap_or_default();
        lines.push(format!(
            "  set \"{}\" ({}): cost {cost}",
            set.name, set.expression
        ));
    }
    for alternative in &foresight.alternatives {
        let victims = match alternative.victims.as_slice() {
            [] => "nobody".to_owned(),
            victims => victims.join(", "),
        };
        let (set, cost) = (&alternative.set, alternative.cost);
        lines.push(format!(
            "  not set \"{}\" ({}): it would stop {victims}, cost {cost}",
            set.name, set.expression
        ));
    }
    if let Some(seconds) = foresight.swap_seconds {
        lines.push(format!("  stops and load take about {seconds:.1} s"));
    }
    if let Some(seconds) = foresight.decides_again_in_seconds {
        lines.push(format!(
            "  looked at again in {seconds:.1} s if nothing happens before"
        ));
    }
    lines.join("\n") + "\n"
}

fn headline(foresight: &Foresight) -> String {
    let Foresight { model, state, .. } = foresight;
    let reasons = foresight.reasons.join(", and ");
    let names: Vec<&str> = foresight
        .victims
        .iter()
        .map(|victim| victim.model.model.as_str())
        .collect();
    let names = names.join(", ");
    match (foresight.outcome, names.as_str()) {
        ("serve", _) => format!("{model} is ready: a request is served at once"),
        ("join", _) => format!("{model} is being loaded: a request is served when it is ready"),
        ("refuse", _) => format!("{model} is {state}: a request is refused, because {reasons}"),
        ("wait", "") => format!("{model} is {state}: a request waits, because {reasons}"),
        ("wait", names) => {
            format!("{model} is {state}: loading it stops {names}; a request waits, because {reasons}")
        }
        (_, "") => format!("{model} is {state}: it is loaded at once, and nobody has to leave"),
        (_, names) if *state == "ready" => {
            format!("{model} is ready: a request is served at once when {names} has stopped")
        }
        (_, names) => format!("{model} is {state}: loading it stops {names}"),
    }
}

/// `b (ready, serves 1 request, 2 wait)`
fn describe(busy: &Busy) -> String {
    let mut text = format!("{} ({}", busy.model, busy.state);
    if busy.in_flight > 0 {
        text += ", serves ";
        text += &requests(busy.in_flight);
    }
    if busy.waiting > 0 {
        let verb = if busy.waiting == 1 { "waits" } else { "wait" };
        write!(text, ", {} {verb}", requests(busy.waiting)).expect("a text takes everything");
    }
    text + ")"
}
