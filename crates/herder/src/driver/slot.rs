//! What the driver keeps for one model: the start that is alive, and how the last ones ended.

use std::sync::Arc;
use std::time::Duration;

use herder_config::Model;
use herder_core::{Generation, StartFailure};
use herder_supervisor::{Exit, ExitKind, LOG_TAIL_BYTES, LOG_TAIL_LINES, LogRing, Process};

use crate::error::{FailedStart, start_failure_words};
use crate::logs::mask;
use crate::monitor::ModelMetrics;
use crate::upstream::Upstream;

/// One model's place in the driver.
pub(super) struct Slot {
    /// The model's output, over all its starts.
    pub(super) log: Arc<LogRing>,
    /// What is counted about it.
    pub(super) metrics: Arc<ModelMetrics>,
    /// What the start that has a process was started with, or what fits it as well; without a process, what counted
    /// last.
    pub(super) settings: Arc<Model>,
    /// How long the last start had to become ready.
    pub(super) start_timeout: Duration,
    /// The start that has a process.
    pub(super) current: Option<Current>,
    /// How long the last start took that became ready.
    pub(super) last_load: Option<Duration>,
    /// When the model came into its visible state; `None` as long as it has had no other.
    pub(super) since: Option<jiff::Timestamp>,
    /// What went wrong since the model was ready, or with the process that was.
    pub(super) mishap: Option<Mishap>,
    /// How the last start ended.
    ending: Option<Ending>,
    /// The last start that failed; [`herder_core::Failure::FailFast`] speaks of it.
    failure: Option<(Generation, Cause)>,
}

/// A start that has a process.
pub(super) struct Current {
    pub(super) generation: Generation,
    pub(super) upstream: Arc<Upstream>,
    pub(super) process: Process,
}

/// A start that failed, or a process that ended by itself. Without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mishap {
    /// When it was noticed.
    pub at: jiff::Timestamp,
    /// What has happened, in the words of error answers and of the log.
    pub reason: String,
    /// The exit status, if there was a process and it has ended.
    pub status: Option<String>,
    /// The last lines that it printed.
    pub log_tail: String,
}

/// What the supervisor said at the end of a start.
struct Ending {
    generation: Generation,
    /// Exit status, or why there was no process. Without secrets, as the next.
    detail: String,
    log_tail: String,
}

/// How a start failed.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) reason: StartFailure,
    /// Exit status, or why there was no process; empty when the process still has to end. Without secrets, as the next.
    pub(super) detail: String,
    /// The last lines it printed.
    log_tail: String,
    /// How long it had to become ready.
    timeout: Duration,
}

impl Slot {
    pub(super) fn new(log: Arc<LogRing>, metrics: Arc<ModelMetrics>, settings: Arc<Model>) -> Self {
        Self {
            log,
            metrics,
            start_timeout: settings.health_check_timeout,
            settings,
            current: None,
            last_load: None,
            since: None,
            mishap: None,
            ending: None,
            failure: None,
        }
    }

    /// The server of this start, while it has a process.
    pub(super) fn upstream(&self, generation: Generation) -> Option<Arc<Upstream>> {
        let current = self
            .current
            .as_ref()
            .filter(|current| current.generation == generation)?;
        Some(Arc::clone(&current.upstream))
    }

    /// These settings count from now on; the process, if there is one, fits them. Requests in flight keep their
    /// connections.
    pub(super) fn adopt(&mut self, settings: &Arc<Model>) {
        let reconnect = self.settings.timeouts != settings.timeouts
            || self.settings.preserve_host != settings.preserve_host;
        self.settings = Arc::clone(settings);
        if let Some(current) = &mut self.current
            && reconnect
        {
            current.upstream = Arc::new(current.upstream.reconnected(settings));
        }
    }

    /// Runs the stop ladder. A start that is gone already needs none.
    pub(super) fn stop(&self, generation: Generation, grace: Duration) {
        if let Some(current) = self
            .current
            .as_ref()
            .filter(|current| current.generation == generation)
        {
            current.process.stop(grace);
        }
    }

    /// The process is gone: keeps what is known and ends the connections that were taken over from HTTP.
    pub(super) fn note_exit(&mut self, generation: Generation, exit: Exit) -> herder_core::Exit {
        if let Some(current) = self.current.take_if(|current| current.generation == generation) {
            current.upstream.ended().cancel();
        }
        let (kind, detail) = match exit.kind {
            ExitKind::SpawnFailed { error } => (herder_core::Exit::SpawnFailed, error),
            ExitKind::Ended => (herder_core::Exit::Ended, exit.status.unwrap_or_default()),
        };
        self.ending = Some(Ending {
            generation,
            detail: self.masked(&detail),
            log_tail: self.masked(&exit.log_tail),
        });
        kind
    }

    /// There was never anything to spawn.
    pub(super) fn note_unstartable(&mut self, generation: Generation, error: &str) {
        self.ending = Some(Ending {
            generation,
            detail: self.masked(error),
            log_tail: String::new(),
        });
    }

    /// How the last start ended: its exit status.
    pub(super) fn last_status(&self) -> &str {
        self.ending.as_ref().map_or("", |ending| ending.detail.as_str())
    }

    /// The model has another visible state from now on. To be called when what the cause is about has been noted.
    pub(super) fn entered(&mut self, at: jiff::Timestamp, cause: herder_core::Cause) {
        use herder_core::Cause;
        self.since = Some(at);
        match cause {
            Cause::BecameReady => self.mishap = None,
            Cause::Crashed => {
                self.mishap = self.ending.as_ref().map(|ending| Mishap {
                    at,
                    reason: "upstream exited unexpectedly".to_owned(),
                    status: Some(ending.detail.clone()).filter(|status| !status.is_empty()),
                    log_tail: ending.log_tail.clone(),
                });
            }
            // A failed start has been noted when those were told who had waited for it.
            Cause::StartFailed(_)
            | Cause::Requested
            | Cause::Evicted { by: _ }
            | Cause::Idle
            | Cause::Unloaded
            | Cause::Reloaded
            | Cause::ShuttingDown
            | Cause::Stopped => {}
        }
    }

    /// Keeps the report of a failed start and returns it. The first report of a start stands: it is made before
    /// the signals of its own stop change the picture.
    pub(super) fn note_failure(&mut self, generation: Generation, reason: StartFailure) -> &Cause {
        if self
            .failure
            .as_ref()
            .is_none_or(|(known, _)| *known != generation)
        {
            let ending = self
                .ending
                .as_ref()
                .filter(|ending| ending.generation == generation);
            let (detail, log_tail) = match ending {
                Some(ending) => (ending.detail.clone(), ending.log_tail.clone()),
                None => {
                    let log_tail = self.log.tail(LOG_TAIL_LINES, LOG_TAIL_BYTES);
                    (String::new(), self.masked(&log_tail))
                }
            };
            let status = match reason {
                StartFailure::Exited => Some(detail.clone()).filter(|status| !status.is_empty()),
                StartFailure::Spawn | StartFailure::TimedOut => None,
            };
            self.mishap = Some(Mishap {
                at: jiff::Timestamp::now(),
                reason: start_failure_words(reason, &detail, Some(self.start_timeout)),
                status,
                log_tail: log_tail.clone(),
            });
            self.failure = Some((
                generation,
                Cause {
                    reason,
                    detail,
                    log_tail,
                    timeout: self.start_timeout,
                },
            ));
        }
        let (_, cause) = self.failure.as_ref().expect("it was set a moment ago");
        cause
    }

    /// The last failed start, as error answers want it.
    pub(super) fn last_failure(&self, id: &str) -> Option<FailedStart> {
        let (_, cause) = self.failure.as_ref()?;
        Some(FailedStart {
            model: id.to_owned(),
            reason: cause.reason,
            detail: cause.detail.clone(),
            log_tail: cause.log_tail.clone(),
            timeout: cause.timeout,
        })
    }

    /// Masked as soon as it is known: another configuration has other secrets.
    fn masked(&self, text: &str) -> String {
        mask(text, &self.settings.sensitive).into_owned()
    }

    /// The number of the start that ended last.
    pub(super) fn last_generation(&self) -> Option<Generation> {
        self.ending.as_ref().map(|ending| ending.generation)
    }
}
