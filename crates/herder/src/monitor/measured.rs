//! Follows one request to a model for the counters: the first byte of its answer, its status, its end.

use std::sync::Arc;
use std::time::Instant;

use super::request_metrics::RequestMetrics;
use crate::access_log::CLIENT_LEFT;

/// A request. It is counted when the value is dropped, whatever the reason.
#[derive(Debug)]
pub(crate) struct Measured {
    counters: Arc<RequestMetrics>,
    route: &'static str,
    began: Instant,
    status: u16,
    waits_for_bytes: bool,
}

impl Measured {
    /// A request that wants the model of these counters now. `route` is its pattern in the route table.
    pub(crate) fn begin(counters: Arc<RequestMetrics>, route: &'static str) -> Self {
        Self {
            counters,
            route,
            began: Instant::now(),
            status: CLIENT_LEFT,
            waits_for_bytes: true,
        }
    }

    /// It is answered with this status.
    pub(crate) fn answered(&mut self, status: u16) {
        self.status = status;
    }

    /// Data of the answer leaves. Whether it is the first: only that counts.
    pub(crate) fn passed(&mut self) -> bool {
        let is_first = std::mem::take(&mut self.waits_for_bytes);
        if is_first {
            self.counters.first_byte(self.began.elapsed());
        }
        is_first
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.counters.answered(self.route, self.status);
    }
}
