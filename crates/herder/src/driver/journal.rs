//! The driver's log lines: every load and every change of a model's state, once each. Scripts search for the texts
//! of spec/runtime.md 2 and spec/config.md 5.4.

use std::sync::Arc;

use herder_config::{Model, Router};
use herder_core::planner::Explanation;
use herder_core::{Cause, ModelId, ModelState, StartFailure};
use herder_supervisor::{PrefetchEnd, Prefetched};

use super::slot::Slot;
use crate::app::Snapshot;
use crate::go_duration::GoDuration;
use crate::logs::{Logger, mask};
use crate::state_word::state_word;

/// Writes what happens to models into herder's own log.
pub(super) struct Journal<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) logger: &'a Logger,
}

impl Journal<'_> {
    /// A command is about to run.
    pub(super) fn start(&self, model: ModelId, settings: &Model) {
        let id = self.name(model);
        self.logger.debug(format_args!(
            "{id} starting: {}",
            mask(&settings.cmd, &settings.sensitive)
        ));
    }

    /// A process runs.
    pub(super) fn spawned(&self, model: ModelId, pid: u32) {
        self.logger
            .debug(format_args!("{} has process {pid}", self.name(model)));
    }

    /// A request for this model has come and has a place in the queue.
    pub(super) fn queued(&self, model: ModelId, position: usize) {
        let id = self.name(model);
        self.logger
            .debug(format_args!("{id} waits at position {position}"));
    }

    /// A load has begun.
    pub(super) fn load(&self, model: ModelId, victims: &[ModelId], explanation: &Explanation) {
        let id = self.name(model);
        let victims_text = self.names(victims);
        let Explanation::Matrix {
            set,
            combination,
            cost,
        } = explanation
        else {
            if victims.is_empty() {
                self.logger.info(format_args!("{id} loading"));
            } else {
                self.logger
                    .info(format_args!("{id} loading, evicting {victims_text}"));
            }
            return;
        };
        let alone = combination.iter().all(|&member| member == model) && victims.is_empty();
        if alone {
            self.logger
                .info(format_args!("{id} starting (no models running)"));
            return;
        }
        let (name, expression) = self.set(*set);
        let target = self.names(combination);
        let line = format!(
            "{id} matrix set={name} expression=\"{expression}\" evict={victims_text} target={target} cost={cost}"
        );
        // A load that evicts nothing beside running models is no swap (spec/runtime.md 1.5).
        if victims.is_empty() {
            self.logger.debug(line);
        } else {
            self.logger.info(line);
        }
    }

    /// The files of a model have been read ahead, or some of them.
    pub(super) fn prefetched(&self, model: ModelId, prefetched: &Prefetched) {
        let mebibytes = |bytes: u64| bytes / (1024 * 1024);
        let end = match &prefetched.end {
            PrefetchEnd::Complete => "all".to_owned(),
            PrefetchEnd::Stopped => "not wanted any more".to_owned(),
            PrefetchEnd::MemoryShort => "memory is short".to_owned(),
            PrefetchEnd::Failed(error) => error.clone(),
        };
        self.logger.debug(format_args!(
            "{} read ahead: {} of {} MiB, file {}, in {} ms ({end})",
            self.name(model),
            mebibytes(prefetched.bytes),
            mebibytes(prefetched.wanted_bytes),
            prefetched.files,
            prefetched.elapsed.as_millis(),
        ));
    }

    /// Swaps have ended.
    pub(super) fn swaps(&self, lines: &[String]) {
        for line in lines {
            self.logger.info(format_args!("{line}"));
        }
    }

    /// A model's process does not fit the configuration any more, and serves so many requests.
    pub(super) fn drains(&self, model: ModelId, requests: u32) {
        self.logger.info(format_args!(
            "{} ends with its requests, {requests} now: the configuration has changed",
            self.name(model)
        ));
    }

    /// A model has changed its visible state.
    pub(super) fn change(
        &self,
        slot: &mut Slot,
        model: ModelId,
        from: ModelState,
        to: ModelState,
        cause: Cause,
    ) {
        let id = self.name(model);
        let settings = Arc::clone(&slot.settings);
        self.logger
            .debug(format_args!("{id} {} -> {}", state_word(from), state_word(to)));
        match cause {
            Cause::BecameReady => {
                if let Some(endpoint) = &settings.check_endpoint {
                    let proxy = settings.proxy.trim_end_matches('/');
                    self.logger
                        .info(format_args!("{id} Health check passed on {proxy}{endpoint}"));
                } else {
                    self.logger.info(format_args!("{id} is ready (no health check)"));
                }
            }
            Cause::Idle => {
                let seconds = settings.ttl.unwrap_or_default().as_secs();
                self.logger
                    .info(format_args!("{id} Unloading model, TTL of {seconds}s reached"));
            }
            Cause::Crashed => {
                let status = slot.last_status();
                self.logger
                    .warn(format_args!("{id} upstream exited unexpectedly ({status})"));
            }
            Cause::StartFailed(reason) => {
                let Some(generation) = slot.last_generation() else {
                    return;
                };
                let detail = &slot.note_failure(generation, reason).detail;
                match reason {
                    StartFailure::Spawn => self.logger.warn(format_args!("{id} {detail}")),
                    StartFailure::Exited => self.logger.warn(format_args!(
                        "{id} upstream command exited prematurely ({detail})"
                    )),
                    StartFailure::TimedOut => {
                        let budget = GoDuration(slot.start_timeout);
                        self.logger
                            .warn(format_args!("{id} health check timed out after {budget}"));
                    }
                }
            }
            Cause::Evicted { by } => {
                self.logger
                    .debug(format_args!("{id} leaves for {}", self.name(by)));
            }
            Cause::Reloaded => self
                .logger
                .info(format_args!("{id} leaves: the configuration has changed")),
            Cause::Unloaded => self.logger.info(format_args!("{id} unloading")),
            Cause::Requested | Cause::ShuttingDown | Cause::Stopped => {}
        }
    }

    fn names(&self, models: &[ModelId]) -> String {
        let mut names: Vec<&str> = models.iter().map(|&model| self.name(model)).collect();
        names.sort_unstable();
        format!("[{}]", names.join(" "))
    }

    fn name(&self, model: ModelId) -> &str {
        self.snapshot.roster().name(model)
    }

    fn set(&self, index: Option<usize>) -> (&str, &str) {
        let set = match &self.snapshot.config.router {
            Router::Group(_) => None,
            Router::Matrix(matrix) => index.and_then(|index| matrix.sets.get_index(index)),
        };
        set.map_or(("(none)", ""), |(name, expression)| (name, expression))
    }
}

#[cfg(test)]
mod tests {
    use herder_config::{LogLevel, LogTimeFormat, Matrix};
    use herder_supervisor::LogRing;
    use indexmap::IndexMap;

    use super::*;
    use crate::fixtures::{config, model};
    use crate::roster::Roster;

    const A: ModelId = ModelId(0);
    const B: ModelId = ModelId(1);

    #[test]
    fn config_5_4_each_load_is_one_line() {
        let models = [("a", model("", "")), ("b", model("", "")), ("c", model("", ""))];
        let mut config = config(models);
        config.router = Router::Matrix(Matrix {
            vars: IndexMap::new(),
            evict_costs: IndexMap::new(),
            sets: IndexMap::from([("talk".to_owned(), "a & c".to_owned())]),
        });
        let roster = Roster::new(&config);
        let snapshot = Snapshot::new(config, roster).unwrap();
        let matrix = |set, combination: &[ModelId], cost| Explanation::Matrix {
            set,
            combination: combination.to_vec(),
            cost,
        };
        let cases = [
            (&[][..], Explanation::Groups, "[INFO] a loading\n"),
            (&[B], Explanation::Groups, "[INFO] a loading, evicting [b]\n"),
            (
                &[],
                matrix(Some(0), &[A], 0),
                "[INFO] a starting (no models running)\n",
            ),
            (
                &[B],
                matrix(Some(0), &[A, ModelId(2)], 7),
                "[INFO] a matrix set=talk expression=\"a & c\" evict=[b] target=[a c] cost=7\n",
            ),
            (
                &[],
                matrix(Some(0), &[A, ModelId(2)], 0),
                "[DEBUG] a matrix set=talk expression=\"a & c\" evict=[] target=[a c] cost=0\n",
            ),
            (
                &[B],
                matrix(None, &[A], 1),
                "[INFO] a matrix set=(none) expression=\"\" evict=[b] target=[a] cost=1\n",
            ),
        ];
        for (victims, explanation, expected) in cases {
            let ring = Arc::new(LogRing::new());
            let logger = Logger::new(Arc::clone(&ring), LogLevel::Debug, LogTimeFormat::None);
            Journal {
                snapshot: &snapshot,
                logger: &logger,
            }
            .load(A, victims, &explanation);
            assert_eq!(String::from_utf8_lossy(&ring.history()), expected);
        }
    }
}
