//! `routing.scheduler`: the strategy of the wait queue and its settings (spec/config.md 2.6; scheduling.md section 4 for
//! `fair`). The settings of the strategy that does not count are not looked at.

use std::time::Duration;

use indexmap::IndexMap;

use super::{Scope, integer, place, span, text};
use crate::diagnostic::{ErrorClass, Report};
use crate::suggest::did_you_mean;
use crate::tree::{Entry, Node};
use crate::typed::{FairSettings, FifoLimit, Linger, Scheduler, SchedulerStrategy};

/// Reads `routing.scheduler`.
pub(super) fn read(root: &Node, scope: &Scope<'_>, report: &mut Report) -> Scheduler {
    let fifo = SchedulerStrategy::Fifo {
        limit: FifoLimit::Arrival,
    };
    let Some(scheduler) = root.descend(&["routing", "scheduler"]) else {
        return Scheduler {
            strategy: fifo,
            priority: IndexMap::new(),
        };
    };
    let settings = |name: &str| scheduler.descend(&["settings", name]);
    match text(scheduler, "use").unwrap_or_default() {
        "fair" => {
            warn_of_lost_priorities(settings("fifo"), settings("fair"), report);
            Scheduler {
                strategy: SchedulerStrategy::Fair(read_fair(settings("fair"), report)),
                priority: read_priorities(settings("fair"), "fair", scope, report),
            }
        }
        choice @ ("" | "fifo") => {
            if let Some(fair) = settings("fair").filter(|_| choice.is_empty()) {
                report
                    .warning(
                        ErrorClass::Route,
                        "routing.scheduler.settings.fair has no effect, because the scheduler is fifo",
                    )
                    .at(fair.origin)
                    .hint("set routing.scheduler.use to fair, or to fifo if that is meant");
            }
            Scheduler {
                strategy: SchedulerStrategy::Fifo {
                    limit: read_limit(settings("fifo"), report),
                },
                priority: read_priorities(settings("fifo"), "fifo", scope, report),
            }
        }
        other => {
            report
                .error(ErrorClass::Route, format!("unknown scheduler \"{other}\""))
                .at(place(scheduler, "use", scheduler.origin))
                .hint("one of fifo, fair");
            Scheduler {
                strategy: fifo,
                priority: IndexMap::new(),
            }
        }
    }
}

fn read_limit(fifo: Option<&Node>, report: &mut Report) -> FifoLimit {
    let Some(fifo) = fifo else {
        return FifoLimit::Arrival;
    };
    match text(fifo, "limit").unwrap_or_default() {
        "" | "arrival" => FifoLimit::Arrival,
        "grant" => FifoLimit::Grant,
        other => {
            report
                .error(
                    ErrorClass::Value,
                    format!("routing.scheduler.settings.fifo.limit: unknown limit \"{other}\""),
                )
                .at(place(fifo, "limit", fifo.origin))
                .hint("one of arrival, grant");
            FifoLimit::Arrival
        }
    }
}

/// The settings of `fair`. Types and ranges are those of the table of keys.
fn read_fair(fair: Option<&Node>, report: &mut Report) -> FairSettings {
    let default = FairSettings::default();
    let Some(fair) = fair else {
        return default;
    };
    let max_turn = span(fair, "maxTurn").unwrap_or(default.max_turn);
    // As a number, `turn` may be as high as the seconds of `maxTurn`: above, no swap of a second or more gets what it
    // asks for.
    let most_turn = u32::try_from(max_turn.as_millis()).unwrap_or(u32::MAX);
    let turn = thousandths(fair, "turn");
    if let Some(turn) = turn.filter(|turn| *turn > most_turn) {
        reject_turn(fair, turn, max_turn, report);
    }
    let queue_limit = integer(fair, "queueLimit").and_then(|limit| u32::try_from(limit).ok());
    FairSettings {
        price_thousandths: thousandths(fair, "price").unwrap_or(default.price_thousandths),
        max_wait: span(fair, "maxWait").unwrap_or(default.max_wait),
        turn_thousandths: turn.unwrap_or_else(|| default.turn_thousandths.min(most_turn)),
        max_turn,
        linger: span(fair, "linger").map_or(default.linger, Linger::Fixed),
        aging: span(fair, "aging").unwrap_or(default.aging),
        queue_limit: queue_limit.unwrap_or(default.queue_limit),
        drain_timeout: span(fair, "drainTimeout").filter(|time| !time.is_zero()),
    }
}

fn reject_turn(fair: &Node, turn: u32, max_turn: Duration, report: &mut Report) {
    let (turn, most) = (f64::from(turn) / 1000.0, max_turn.as_secs_f64());
    report
        .error(
            ErrorClass::Value,
            format!("routing.scheduler.settings.fair.turn: {turn} is over maxTurn, which is {max_turn:?}"),
        )
        .at(place(fair, "turn", fair.origin))
        .hint(format!(
            "even a swap of a second would ask for a longer turn than that; a number from 0 to {most}, or a longer maxTurn"
        ));
}

fn thousandths(section: &Node, key: &str) -> Option<u32> {
    let number = section.child(key)?.number()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the table of keys allows nothing below 0 and nothing above 1000"
    )]
    Some((number * 1000.0).round() as u32)
}

/// Priorities that counted until somebody changed one word elsewhere.
fn warn_of_lost_priorities(fifo: Option<&Node>, fair: Option<&Node>, report: &mut Report) {
    if fair.and_then(|fair| fair.child("priority")).is_some() {
        return;
    }
    if let Some(priority) = fifo.and_then(|fifo| fifo.entry("priority"))
        && !priority.value.entries().is_empty()
    {
        report
            .warning(
                ErrorClass::Route,
                "routing.scheduler.settings.fifo.priority has no effect, because the scheduler is fair",
            )
            .at(priority.key_origin)
            .hint("write it as routing.scheduler.settings.fair.priority");
    }
}

fn read_priorities(
    settings: Option<&Node>,
    strategy: &str,
    scope: &Scope<'_>,
    report: &mut Report,
) -> IndexMap<String, i64> {
    let mut priorities = IndexMap::new();
    let entries = settings.and_then(|settings| settings.child("priority"));
    for entry in entries.map_or(&[][..], Node::entries) {
        read_priority(entry, strategy, scope, &mut priorities, report);
    }
    priorities
}

/// One priority; the key may be an alias (quirk N2, mended).
fn read_priority(
    entry: &Entry,
    strategy: &str,
    scope: &Scope<'_>,
    priorities: &mut IndexMap<String, i64>,
    report: &mut Report,
) {
    let name = &entry.key.text;
    let Some(id) = scope.local(name) else {
        if scope.complete {
            let message =
                format!("routing.scheduler.settings.{strategy}.priority references unknown model \"{name}\"");
            report
                .error(ErrorClass::Route, message)
                .at(entry.key_origin)
                .advise(|| did_you_mean(name, scope.names.all()).or_else(|| known_models(scope)));
        }
        return;
    };
    let priority = entry.value.integer().unwrap_or(0);
    let first = priorities.insert(id.to_owned(), priority);
    if first.is_some_and(|first| first != priority) {
        report
            .error(
                ErrorClass::Route,
                format!("two priorities are given for model {id}"),
            )
            .at(entry.key_origin)
            .hint("an alias and its model share one priority");
    }
}

/// What may be written where no known name is near; the first few of many.
fn known_models(scope: &Scope<'_>) -> Option<String> {
    /// More would hide the message.
    const SHOWN: usize = 8;
    let mut names: Vec<&str> = scope.names.local_names().take(SHOWN + 1).collect();
    if names.is_empty() {
        return None;
    }
    if names.len() > SHOWN {
        names[SHOWN] = "…";
    }
    Some(format!("models and aliases are {}", names.join(", ")))
}
