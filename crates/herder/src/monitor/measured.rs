//! Follows one request to a model for the counters: its turn, the first byte of its answer, its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use herder_core::ModelId;
use http_body::{Frame, SizeHint};

use super::model_metrics::{Metrics, ModelMetrics};

/// The status of a request whose client left before there was an answer, as in the access log.
const CLIENT_LEFT: u16 = 499;

/// A request. It is counted when the value is dropped, whatever the reason.
#[derive(Debug)]
pub(crate) struct Measured {
    metrics: Arc<Metrics>,
    model: ModelId,
    route: &'static str,
    began: Instant,
    status: u16,
}

impl Measured {
    /// A request that wants this model now. `route` is its pattern in the route table.
    pub(crate) fn begin(metrics: &Arc<Metrics>, model: ModelId, route: &'static str) -> Self {
        Self {
            metrics: Arc::clone(metrics),
            model,
            route,
            began: Instant::now(),
            status: CLIENT_LEFT,
        }
    }

    /// It is answered with an error of ours.
    pub(crate) fn refused(mut self, status: u16) {
        self.status = status;
    }

    /// It is answered; its end is the end of the answer.
    pub(crate) fn follow(mut self, response: Response<Body>) -> Response<Body> {
        self.status = response.status().as_u16();
        response.map(|inner| {
            Body::new(Answer {
                inner,
                measured: self,
                waits_for_bytes: true,
            })
        })
    }

    fn counters(&self) -> &ModelMetrics {
        self.metrics.model(self.model)
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.counters().answered(self.route, self.status);
    }
}

/// The body of the answer as it leaves.
struct Answer {
    inner: Body,
    measured: Measured,
    waits_for_bytes: bool,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if self.waits_for_bytes && matches!(&frame, Poll::Ready(Some(Ok(frame))) if frame.is_data()) {
            self.waits_for_bytes = false;
            let measured = &self.measured;
            measured.counters().first_byte(measured.began.elapsed());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
