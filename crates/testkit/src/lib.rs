//! What the tests of several crates share: a controllable model server, the real router as a child process, and ways
//! to wait for conditions instead of sleeping. Unpublished; Unix only, as the process tests are.

pub mod fake_upstream;

mod client;
mod event_log;
mod ports;
mod processes;
mod programs;
mod router;
mod waiting;

pub use client::{Client, Response, Streaming};
pub use event_log::{Event, EventLog};
pub use ports::free_port_block;
pub use processes::{Signal, alive, children_of, processes_with_argument, send_signal};
pub use programs::fake_upstream;
pub use router::{Builder, FailedStart, Router};
pub use waiting::{PATIENCE, poll_until, wait_until, wait_until_blocking};
