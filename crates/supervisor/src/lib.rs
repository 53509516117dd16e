//! Runs model servers as child processes and reports what happens to them.
//!
//! The supervisor decides nothing. It starts a command when told to, says when the server behind it answers its
//! health check, ends the whole process tree when told to, and reports the exit with the status and the last log
//! lines. When to start, how long a start may take, whether to try again: all of that belongs to `herder-core`.
//! The HTTP client of the health check belongs to `herder`, which passes one attempt as a closure.
//!
//! Source of the behaviour: spec/runtime.md 2 and 4.1-4.2, spec/config.md 4, with design/decisions.md on top.
//!
//! The way of one process: [`Supervisor::start`] -> [`command`] splits the words -> the spawner thread finds the
//! executable and forks -> the guard learns of the new group -> output flows into a [`LogRing`] -> the probe says
//! when it is ready -> an exit, or [`Process::stop`] and its ladder -> the whole group is killed -> [`Report::Exited`].
//! Before it starts, its files may be read ahead: [`Supervisor::prefetch`].

pub mod command;
mod executable;
mod guard;
mod life;
mod log_ring;
mod os;
mod prefetch;
mod probe;
mod process;
mod spawner;
mod stop;
mod supervisor;

pub use guard::{GuardCommand, guard_main};
pub use log_ring::{HISTORY_BYTES, LogRing, Piece, SUBSCRIBER_BACKLOG_BYTES, Subscription};
pub use prefetch::{PrefetchEnd, Prefetched};
pub use probe::{Probe, Readiness};
pub use process::{Exit, ExitKind, LOG_TAIL_BYTES, LOG_TAIL_LINES, Process, Report};
pub use supervisor::{Options, Specification, Supervisor};
