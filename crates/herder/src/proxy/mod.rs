//! Carries one request to a model server and its answer back.
//!
//! Bodies flow as they come: no task and no channel in between, no copy. Which model serves, and what is edited in
//! the request, has been decided before.

mod access;
mod forward;
mod peer;
mod pieces;
mod relay;
#[cfg(test)]
mod tests;
mod upgrade;

pub use access::Access;
pub use forward::{Client, Payload, forward};
pub use peer::{Exchange, Peer, PeerError, Peers};
