//! What the world must now do, and why.

use std::time::Duration;

use crate::planner::Explanation;
use crate::{CommandId, Generation, ModelId, RequestId, Timestamp};

/// One thing the world must do or may want to know. Drained in order through [`crate::Herd::poll_output`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To the supervisor: spawn the model's server and probe it until ready.
    Start {
        /// Which model.
        model: ModelId,
        /// The number of this start; every report about it carries it.
        generation: Generation,
    },
    /// To the supervisor: run the stop ladder, then report the exit.
    Stop {
        /// Which model.
        model: ModelId,
        /// Which start of it.
        generation: Generation,
        /// Time between the stop signal and the kill. A second `Stop` for the same generation shortens it.
        grace: Duration,
    },
    /// To the waiting request: go ahead; the lease must end in `handle_done`.
    Grant {
        /// Whose turn it is.
        request: RequestId,
        /// Which model.
        model: ModelId,
        /// The start whose server answers.
        generation: Generation,
    },
    /// To the request: not admitted.
    Reject {
        /// Which request.
        request: RequestId,
        /// Why not.
        refusal: Refusal,
    },
    /// To the request: admitted, but it will not be served.
    Fail {
        /// Which request.
        request: RequestId,
        /// Why not.
        failure: Failure,
    },
    /// To those who show places in the queue: somebody may have another one. [`crate::Herd::position`] says which; it is not said here,
    /// because then every event would cost time for each who waits.
    Moved,
    /// For the log: a load has begun; its victims leave first.
    Load {
        /// What is being loaded.
        model: ModelId,
        /// Who leaves for it, as the planner named them (also those that do not run).
        victims: Vec<ModelId>,
        /// Why these.
        explanation: Explanation,
    },
    /// For events, logs and metrics: the visible state of a model has changed.
    Changed {
        /// Which model.
        model: ModelId,
        /// Before.
        from: ModelState,
        /// After.
        to: ModelState,
        /// Why.
        cause: Cause,
    },
    /// To the supervisor: from now on read the files of this model ahead and of no other; `None`: of none. Comes last after
    /// an event, and only when it is another model than before (issue 6, build 3).
    Prefetch {
        /// Which model, if any.
        model: Option<ModelId>,
    },
    /// To the operator: every model the command named is gone.
    Unloaded {
        /// Which command.
        command: CommandId,
    },
    /// To the driver: shutdown was asked for and no process is left. Nothing will run again; requests and unloads
    /// that still come are refused or completed on the spot.
    Finished,
}

/// Why a request was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The plan has no such model.
    UnknownModel,
    /// The model's `concurrency_limit` is reached.
    ConcurrencyLimit,
    /// More requests wait than [`crate::MAX_WAITING`]; reached with [`crate::Limit::Grant`], or with
    /// very high concurrency limits.
    QueueFull,
    /// The last starts failed; nobody tries again before `retry_at`.
    FailFast {
        /// Failed starts in a row.
        failures: u32,
        /// The next start is allowed from here on.
        retry_at: Timestamp,
    },
    /// herder is shutting down.
    ShuttingDown,
}

/// Why an admitted request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The plan has no such model (only with [`crate::Limit::Grant`], which admits everybody).
    UnknownModel,
    /// The start it waited for failed.
    Start {
        /// Which start; the edge keeps its exit status and last log lines under this number.
        generation: Generation,
        /// How.
        reason: StartFailure,
    },
    /// The start it waited for failed earlier, too often.
    FailFast {
        /// Failed starts in a row.
        failures: u32,
        /// The next start is allowed from here on.
        retry_at: Timestamp,
    },
    /// An operator unloaded the model.
    Unloaded,
    /// Another configuration, which came while it waited, does not have the model.
    Removed,
    /// The model serves as many requests as it may (only with [`crate::Limit::Grant`]).
    ConcurrencyLimit,
    /// herder is shutting down.
    ShuttingDown,
}

/// How a start failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFailure {
    /// The command could not be run at all.
    Spawn,
    /// The process ended before it was ready.
    Exited,
    /// It was not ready within `start_timeout`.
    TimedOut,
}

/// What the supervisor says about an ended process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// There never was a process.
    SpawnFailed,
    /// The process has ended and its whole tree is gone.
    Ended,
}

/// The state of a model as clients see it (runtime.md 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelState {
    /// No process.
    Stopped,
    /// A process that is not ready yet, or is being given up before it was.
    Starting,
    /// Serving.
    Ready,
    /// Was ready, is being stopped.
    Stopping,
}

/// Why a model changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A request wanted it.
    Requested,
    /// Its readiness probe succeeded.
    BecameReady,
    /// It leaves for another model.
    Evicted {
        /// Who wanted its place.
        by: ModelId,
    },
    /// Nobody used it for its `ttl`.
    Idle,
    /// An operator unloaded it.
    Unloaded,
    /// It does not fit the configuration that was loaded while it ran.
    Reloaded,
    /// herder is shutting down.
    ShuttingDown,
    /// Its start failed.
    StartFailed(StartFailure),
    /// It ended by itself.
    Crashed,
    /// It ended as it was told to.
    Stopped,
}
