//! What a caller sees of one process: the handle to stop it and the reports that come back.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// At most this many lines of output go into [`Exit::log_tail`]: enough for a stack trace's end, and still readable
/// inside an error message of an HTTP client.
pub const LOG_TAIL_LINES: usize = 10;

/// At most this many bytes of output go into [`Exit::log_tail`], whatever the length of the lines.
pub const LOG_TAIL_BYTES: usize = 2 * 1024;

/// Something that happened to a process, in this order: `Spawned`, `Ready` at most once, `Exited` exactly once and
/// last. A command that could not be started reports only `Exited`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The command runs.
    Spawned {
        /// Process id of the direct child, which also leads its process group on Unix.
        pid: u32,
    },
    /// The health check passed, or there is none.
    Ready {
        /// Time since the command was spawned.
        after: Duration,
    },
    /// The direct child is gone and reaped, and every process left in its group or job has been killed.
    Exited(Exit),
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Whether the process ever ran.
    pub kind: ExitKind,
    /// For example `exit status 1` or `killed by signal 9 (SIGKILL)`; `None` when it never ran or the operating
    /// system could not say.
    pub status: Option<String>,
    /// The last lines that this process (not an earlier one of the same model) wrote, at most [`LOG_TAIL_LINES`]
    /// and [`LOG_TAIL_BYTES`]. Bytes that are not UTF-8 are replaced.
    pub log_tail: String,
}

/// Whether an exited process ever ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// The command could not be started.
    SpawnFailed {
        /// `empty command`, or `failed to start command '<words>': <error of the operating system>`.
        error: String,
    },
    /// It ran and ended, by itself or because it was stopped.
    Ended,
}

/// A process that was asked to start. Dropping the handle does not stop the process.
#[derive(Clone, Debug)]
pub struct Process {
    control: Arc<Control>,
}

impl Process {
    pub(crate) fn new(control: Arc<Control>) -> Self {
        Self { control }
    }

    /// Asks the process to end: by its stop command or the termination signal, then, when `grace` has passed, by
    /// killing the whole tree. Never blocks; the end is reported through [`Report::Exited`].
    ///
    /// A further call can only bring the kill nearer: the earliest deadline of all calls counts. With a grace of
    /// zero nothing is asked and the tree is killed at once.
    pub fn stop(&self, grace: Duration) {
        self.control.stop(grace);
    }

    /// Process id of the direct child; `None` until it is spawned. It stays after the exit, when the number may
    /// already belong to someone else.
    pub fn pid(&self) -> Option<u32> {
        self.control.pid.get().copied()
    }
}

/// What the handle and the task of a process share.
#[derive(Debug)]
pub(crate) struct Control {
    pid: OnceLock<u32>,
    /// `None` until somebody asks for a stop, then the moment at which the tree is killed.
    kill_at: watch::Sender<Option<Instant>>,
}

impl Control {
    pub(crate) fn new() -> Self {
        Self {
            pid: OnceLock::new(),
            kill_at: watch::Sender::new(None),
        }
    }

    pub(crate) fn set_pid(&self, pid: u32) {
        // A control serves one process, so the cell is empty; a second value would be ignored.
        let _ = self.pid.set(pid);
    }

    pub(crate) fn stops(&self) -> watch::Receiver<Option<Instant>> {
        self.kill_at.subscribe()
    }

    fn stop(&self, grace: Duration) {
        /// Stands for "no limit" when a grace is too long to be added to the clock.
        const FOREVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
        let now = Instant::now();
        let asked = now.checked_add(grace).unwrap_or_else(|| now + FOREVER);
        self.kill_at.send_if_modified(|kill_at| match kill_at {
            Some(earlier) if *earlier <= asked => false,
            Some(_) | None => {
                *kill_at = Some(asked);
                true
            }
        });
    }
}
