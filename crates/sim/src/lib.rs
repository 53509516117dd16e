//! An imagined world around herder's real brain.
//!
//! [`World`] is a discrete-event simulation: a virtual clock, processes that load, crash, hang and ignore stops,
//! clients that wait, leave and hold requests, operators that unload, configurations that change, and reports that
//! arrive too late. It drives
//! the real [`herder_core::Herd`]; everything that happens follows from one seed, so a run that failed can be
//! run again.
//!
//! [`Trial`] is the examination bench: it feeds one [`Input`] at a time and compares what the herd says with the
//! [`mod@reference`] (the same strategy, written down naively) and with the [`audit`] (what must hold whatever the
//! strategy is: the invariants of architecture section 5).
//!
//! The crate has no clock and no I/O. It does not judge strategies; it finds states that must not be.

mod agenda;
pub mod audit;
mod digest;
mod input;
mod random;
pub mod reference;
mod scenario;
mod setting;
mod trial;
mod world;

pub use digest::Digest;
pub use input::Input;
pub use random::Random;
pub use scenario::{Behaviour, Ending, Scenario};
pub use setting::{Rules, Setting};
pub use trial::{Checks, Record, Trial, Violation};
pub use world::{Summary, World};
