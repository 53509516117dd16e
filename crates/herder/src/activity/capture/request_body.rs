//! The body of a request, collected for its capture without a copy.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;

use super::Reservation;
use crate::proxy::Payload;

/// What has passed.
#[derive(Debug)]
pub(super) struct Collected {
    /// `None` when it was too much.
    parts: Option<(Vec<Bytes>, Reservation)>,
}

impl Collected {
    fn push(&mut self, part: &Bytes) {
        if let Some((parts, reserved)) = &mut self.parts {
            if reserved.grow(part.len()) {
                parts.push(part.clone());
            } else {
                self.parts = None;
            }
        }
    }

    /// All of it; `None` when it was too much.
    pub(super) fn take(&mut self) -> Option<(Vec<Bytes>, Reservation)> {
        self.parts.take()
    }
}

/// Returns the payload to send and what is, or will be, collected of it.
pub(super) fn collect(payload: Payload, reserved: Reservation) -> (Payload, Arc<Mutex<Collected>>) {
    let collected = Arc::new(Mutex::new(Collected {
        parts: Some((Vec::new(), reserved)),
    }));
    let payload = match payload {
        Payload::Pieces(pieces) => {
            for part in pieces.clone() {
                collected.lock().push(&part);
            }
            Payload::Pieces(pieces)
        }
        Payload::Unread(inner) => Payload::Unread(Body::new(Passing {
            inner,
            collected: Arc::clone(&collected),
        })),
    };
    (payload, collected)
}

/// A body whose parts are noted as they pass.
struct Passing {
    inner: Body,
    collected: Arc<Mutex<Collected>>,
}

impl http_body::Body for Passing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.collected.lock().push(data);
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
