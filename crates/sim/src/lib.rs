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
//! Both find states that must not be. Which strategy is better is another question: [`simulate`] runs a [`Workload`]
//! under one of them, [`Report`] measures what happened, [`compare`] puts strategies side by side and says whether
//! what the design demands has come out, [`chart`] draws it.
//!
//! The crate has no clock and no I/O.

mod agenda;
pub mod audit;
pub mod chart;
mod comparison;
mod digest;
mod input;
mod measure;
mod random;
pub mod reference;
mod scenario;
mod setting;
mod simulation;
mod trial;
pub mod workload;
mod world;

pub use comparison::{Comparison, Contestant, Finding, StrategyName, UnknownStrategy, bound, compare};
pub use digest::Digest;
pub use input::Input;
pub use measure::{Figures, ModelFigures, Report, Waits};
pub use random::Random;
pub use scenario::{Behaviour, Ending, Scenario};
pub use setting::{Rules, Setting};
pub use simulation::{Outcome, Passage, Run, Span, simulate};
pub use trial::{Checks, Record, Trial, Violation};
pub use workload::Workload;
pub use world::{Summary, World};
