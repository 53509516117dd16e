//! The record of residency: what the process of each model did lately, and why. Fed with every change of a visible state,
//! kept in memory, shown by `GET /api/residency`. Who leaves for whom is decided by the core; what a swap took is in
//! `swaps`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use herder_core::{Cause, ModelId, ModelState, StartFailure};
use jiff::Timestamp;
use serde::Serialize;

use super::slot::Slot;
use super::swaps::{Purpose, failed_start};
use super::{Driver, State};
use crate::roster::Roster;
use crate::state_word::state_word;

/// Spans that are remembered after their end, over all models; the oldest go first. A swap makes some four, so this is
/// a swap every 40 s for twelve hours, in one MiB.
const KEPT: usize = 4096;

/// What a model's process did lately.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ModelResidency"))]
pub struct ModelSpans {
    /// The model. It need not be configured any more.
    id: String,
    /// In order of time. Where there is none, the model had no process.
    spans: Vec<Span>,
}

/// A time in which a model's process was in one state.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ResidencySpan"))]
pub struct Span {
    /// What it was doing.
    #[cfg_attr(test, schemars(extend("enum" = ["starting", "ready", "stopping"])))]
    state: &'static str,
    /// When it began.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    from: String,
    /// When it ended; `null` while it lasts.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    until: Option<String>,
    /// Why it began, for people.
    cause: String,
    /// The model for which this one leaves; `null` unless it does.
    by: Option<String>,
    /// Why it ended, for people; `null` while it lasts.
    ended: Option<String>,
}

/// A model has changed its visible state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) model: ModelId,
    pub(super) to: ModelState,
    pub(super) cause: Cause,
}

/// What the processes did.
#[derive(Debug, Default)]
pub(super) struct Residency {
    /// One for each model that has a process.
    open: BTreeMap<ModelId, Kept>,
    /// At most [`KEPT`], in order of their ends.
    ended: VecDeque<Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    model: ModelId,
    state: ModelState,
    from: Timestamp,
    cause: Reason,
    end: Option<(Timestamp, Reason)>,
}

/// Why a model changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reason {
    text: Arc<str>,
    /// Who wanted its place.
    by: Option<ModelId>,
}

impl Driver {
    /// What each model's process did from this moment on, by ascending id; models that had none are left out.
    #[must_use]
    pub fn residency(&self, since: Timestamp) -> Vec<ModelSpans> {
        let (lasting, snapshot) = {
            let state = self.state.lock();
            (state.residency.since(since), Arc::clone(&state.snapshot))
        };
        // Requests need not wait until thousands of times are written out.
        by_model(&lasting, snapshot.roster())
    }
}

impl State {
    /// To be called when the end of the process is noted and before its swap is over.
    pub(super) fn note_change(&mut self, change: Change) {
        let at = Timestamp::now();
        let purpose = self.swaps.purpose(change.model);
        let slot = &mut self.slots[change.model.index()];
        slot.entered(at, change.cause);
        let reason = reason(change.cause, purpose, slot, self.snapshot.roster());
        self.residency.change(at, change, reason);
    }
}

impl Residency {
    fn change(&mut self, at: Timestamp, change: Change, reason: Reason) {
        let Change { model, to, cause: _ } = change;
        if let Some(mut before) = self.open.remove(&model) {
            before.end = Some((at, reason.clone()));
            if self.ended.len() == KEPT {
                self.ended.pop_front();
            }
            self.ended.push_back(before);
        }
        match to {
            ModelState::Stopped => {}
            ModelState::Starting | ModelState::Ready | ModelState::Stopping => {
                let begun = Kept {
                    model,
                    state: to,
                    from: at,
                    cause: reason,
                    end: None,
                };
                self.open.insert(model, begun);
            }
        }
    }

    /// What lasted at this moment or later. Of each model in order of time.
    fn since(&self, since: Timestamp) -> Vec<Kept> {
        let lasting = self
            .ended
            .iter()
            .filter(|span| span.end.as_ref().is_some_and(|(until, _)| *until >= since));
        lasting.chain(self.open.values()).cloned().collect()
    }
}

/// By ascending id.
fn by_model(spans: &[Kept], roster: &Roster) -> Vec<ModelSpans> {
    let mut models: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for span in spans {
        let spans = models.entry(roster.name(span.model)).or_default();
        spans.push(span.shown(roster));
    }
    let listed = models.into_iter().map(|(id, spans)| ModelSpans {
        id: id.to_owned(),
        spans,
    });
    listed.collect()
}

impl Kept {
    fn shown(&self, roster: &Roster) -> Span {
        let end = self.end.as_ref();
        Span {
            state: state_word(self.state),
            from: format!("{:.3}", self.from),
            until: end.map(|(until, _)| format!("{until:.3}")),
            cause: self.cause.text.to_string(),
            by: self.cause.by.map(|by| roster.name(by).to_owned()),
            ended: end.map(|(_, reason)| reason.text.to_string()),
        }
    }
}

/// The words for a change. `purpose` says for whom the model is being loaded.
fn reason(cause: Cause, purpose: Option<Purpose>, slot: &Slot, roster: &Roster) -> Reason {
    let with_status = |text: &str| match slot.last_status() {
        "" => text.to_owned(),
        status => format!("{text}: {status}"),
    };
    let mut by = None;
    let text = match cause {
        Cause::Requested => match purpose {
            Some(Purpose::Request) | None => "requested".to_owned(),
            Some(Purpose::Preload) => "preloaded".to_owned(),
            Some(Purpose::Operator) => "loaded by an operator".to_owned(),
        },
        Cause::BecameReady => "became ready".to_owned(),
        Cause::Evicted { by: other } => {
            by = Some(other);
            format!("evicted for {}", roster.name(other))
        }
        Cause::Idle => format!("idle for {} s", slot.settings.ttl.unwrap_or_default().as_secs()),
        Cause::Unloaded => "unloaded by an operator".to_owned(),
        Cause::Reloaded => "the configuration changed".to_owned(),
        Cause::ShuttingDown => "herder ends".to_owned(),
        Cause::StartFailed(reason @ StartFailure::Exited) => with_status(failed_start(reason)),
        Cause::StartFailed(reason @ (StartFailure::Spawn | StartFailure::TimedOut)) => {
            failed_start(reason).to_owned()
        }
        Cause::Crashed => with_status("crashed"),
        Cause::Stopped => "its process has ended".to_owned(),
    };
    Reason {
        text: text.into(),
        by,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use herder_core::Generation;
    use herder_supervisor::{Exit, ExitKind, LogRing};

    use super::*;
    use crate::fixtures::{config, model};
    use crate::monitor::Metrics;

    const A: ModelId = ModelId(0);
    const B: ModelId = ModelId(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn roster() -> Roster {
        Roster::new(&config([("a", model("", "")), ("b", model("", ""))]))
    }

    fn enter(residency: &mut Residency, seconds: i64, model: ModelId, to: ModelState, text: &str) {
        let reason = Reason {
            text: text.into(),
            by: None,
        };
        let cause = Cause::Requested;
        residency.change(at(seconds), Change { model, to, cause }, reason);
    }

    #[test]
    fn each_change_has_its_words() {
        let settings = herder_config::Model {
            ttl: Some(Duration::from_secs(600)),
            ..model("", "")
        };
        let metrics = Metrics::default();
        metrics.grow(1);
        let mut slot = Slot::new(Arc::new(LogRing::new()), metrics.model(A), Arc::new(settings));
        let words = |slot: &Slot, cause, purpose| reason(cause, purpose, slot, &roster());
        let table = [
            (Cause::Requested, None, "requested"),
            (Cause::Requested, Some(Purpose::Request), "requested"),
            (Cause::Requested, Some(Purpose::Preload), "preloaded"),
            (Cause::Requested, Some(Purpose::Operator), "loaded by an operator"),
            (Cause::BecameReady, Some(Purpose::Operator), "became ready"),
            (Cause::Idle, None, "idle for 600 s"),
            (Cause::Unloaded, None, "unloaded by an operator"),
            (Cause::Reloaded, None, "the configuration changed"),
            (Cause::ShuttingDown, None, "herder ends"),
            (
                Cause::StartFailed(StartFailure::Spawn),
                None,
                "its command could not be run",
            ),
            (
                Cause::StartFailed(StartFailure::Exited),
                None,
                "its process ended before it was ready",
            ),
            (
                Cause::StartFailed(StartFailure::TimedOut),
                None,
                "it was not ready in time",
            ),
            (Cause::Crashed, None, "crashed"),
            (Cause::Stopped, None, "its process has ended"),
        ];
        for (cause, purpose, expected) in table {
            let expected = Reason {
                text: expected.into(),
                by: None,
            };
            assert_eq!(words(&slot, cause, purpose), expected, "{cause:?}");
        }
        let evicted = words(&slot, Cause::Evicted { by: B }, None);
        assert_eq!((&*evicted.text, evicted.by), ("evicted for b", Some(B)));

        let exit = Exit {
            kind: ExitKind::Ended,
            status: Some("exit status 137".to_owned()),
            log_tail: String::new(),
        };
        slot.note_exit(Generation(1), exit);
        for (cause, expected) in [
            (Cause::Crashed, "crashed: exit status 137"),
            (
                Cause::StartFailed(StartFailure::Exited),
                "its process ended before it was ready: exit status 137",
            ),
            // Its process was killed after that.
            (
                Cause::StartFailed(StartFailure::TimedOut),
                "it was not ready in time",
            ),
        ] {
            assert_eq!(&*words(&slot, cause, None).text, expected);
        }
    }

    #[test]
    fn one_span_ends_where_the_next_begins() {
        let mut residency = Residency::default();
        enter(&mut residency, 10, B, ModelState::Starting, "asked");
        enter(&mut residency, 12, B, ModelState::Ready, "up");
        enter(&mut residency, 15, A, ModelState::Starting, "asked too");
        enter(&mut residency, 20, B, ModelState::Stopped, "crashed");
        let shown = serde_json::to_value(by_model(&residency.since(at(0)), &roster())).unwrap();
        assert_eq!(
            shown,
            serde_json::json!([
                { "id": "a", "spans": [{
                    "state": "starting", "from": "1970-01-01T00:00:15.000Z", "until": null,
                    "cause": "asked too", "by": null, "ended": null,
                }] },
                { "id": "b", "spans": [{
                    "state": "starting", "from": "1970-01-01T00:00:10.000Z", "until": "1970-01-01T00:00:12.000Z",
                    "cause": "asked", "by": null, "ended": "up",
                }, {
                    "state": "ready", "from": "1970-01-01T00:00:12.000Z", "until": "1970-01-01T00:00:20.000Z",
                    "cause": "up", "by": null, "ended": "crashed",
                }] },
            ])
        );
    }

    #[test]
    fn what_ended_before_is_left_out() {
        let mut residency = Residency::default();
        enter(&mut residency, 10, A, ModelState::Starting, "");
        enter(&mut residency, 20, A, ModelState::Stopped, "");
        enter(&mut residency, 30, B, ModelState::Starting, "");
        let listed = |since| {
            let models = by_model(&residency.since(at(since)), &roster());
            models.into_iter().map(|model| model.id).collect::<String>()
        };
        assert_eq!(listed(20), "ab");
        assert_eq!(listed(21), "b");
        assert_eq!(listed(99), "b", "it lasts");
    }

    #[test]
    fn only_the_last_spans_are_kept() {
        let mut residency = Residency::default();
        let last = i64::try_from(KEPT).unwrap() + 3;
        for second in 0..last {
            enter(&mut residency, second, A, ModelState::Starting, "");
            enter(&mut residency, second, A, ModelState::Stopped, "");
        }
        enter(&mut residency, last, A, ModelState::Starting, "");
        assert_eq!(residency.ended.len(), KEPT);
        let kept = by_model(&residency.since(at(0)), &roster()).remove(0).spans;
        assert_eq!(kept.len(), KEPT + 1, "those that last come on top");
        assert_eq!(kept[0].from, "1970-01-01T00:00:03.000Z");
    }
}
