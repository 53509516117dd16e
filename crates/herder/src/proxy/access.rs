//! The right to send one request, and what is held until its answer has ended.

use std::fmt::Display;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::peer::Exchange;
use crate::driver::Lease;
use crate::pipeline::Reservation;
use crate::upstream::{Server, Upstream};

/// The right to send a request. It travels with the response body, or with the tunnel of an upgraded connection, and
/// goes with it.
#[derive(Debug)]
pub enum Access {
    /// The request holds the model until its answer has ended.
    Leased {
        /// The model.
        lease: Lease,
        /// The count of the selector that chose it.
        reservation: Option<Reservation>,
    },
    /// An ignored websocket: it holds nothing (spec/http-api.md 6.4).
    Unleased(Arc<Upstream>),
    /// The request goes to a peer, which decides for itself.
    Peer {
        /// The place among the requests at peers.
        exchange: Exchange,
        /// The count of the selector that chose it.
        reservation: Option<Reservation>,
    },
}

impl Access {
    /// The server to send to.
    #[must_use]
    pub fn server(&self) -> &Server {
        match self {
            Self::Leased { lease, .. } => lease.upstream().server(),
            Self::Unleased(upstream) => upstream.server(),
            Self::Peer { exchange, .. } => exchange.server(),
        }
    }

    /// Owns the tasks of upgraded connections.
    pub(super) fn tunnels(&self) -> &TaskTracker {
        match self {
            Self::Leased { lease, .. } => lease.upstream().tunnels(),
            Self::Unleased(upstream) => upstream.tunnels(),
            Self::Peer { exchange, .. } => exchange.tunnels(),
        }
    }

    /// Ends upgraded connections.
    pub(super) fn ended(&self) -> &CancellationToken {
        match self {
            Self::Leased { lease, .. } => lease.upstream().ended(),
            Self::Unleased(upstream) => upstream.ended(),
            Self::Peer { exchange, .. } => exchange.ended(),
        }
    }

    /// What the client is told when the server, and not herder, has failed.
    pub(super) fn fault(&self, error: &impl Display) -> String {
        match self {
            Self::Leased { lease, .. } => fault_of_model(lease.upstream(), error),
            Self::Unleased(upstream) => fault_of_model(upstream, error),
            Self::Peer { .. } => super::peer::fault(error),
        }
    }
}

fn fault_of_model(upstream: &Upstream, error: &impl Display) -> String {
    format!("upstream error: model {}: {error}", upstream.model())
}
