//! Follows one request to a model for the counters: the first byte of its answer, its status, its end.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::Response;

use super::request_metrics::RequestMetrics;
use crate::access_log::CLIENT_LEFT;
use crate::watched_body::watched;

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

    /// It is answered with an error of ours.
    pub(crate) fn refused(mut self, status: u16) {
        self.status = status;
    }

    /// It is answered; its end is the end of the answer.
    pub(crate) fn follow(mut self, response: Response<Body>) -> Response<Body> {
        self.status = response.status().as_u16();
        response.map(|inner| watched(inner, self, |measured, _| measured.first_byte()))
    }

    /// Data of the answer leaves; only the first time counts.
    fn first_byte(&mut self) {
        if std::mem::take(&mut self.waits_for_bytes) {
            self.counters.first_byte(self.began.elapsed());
        }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.counters.answered(self.route, self.status);
    }
}
