//! An answer's body on its way to the client, with all that follows a request to its end. No frame is held back, copied or
//! changed.
//!
//! One body for all of them: each further one between the model server and the client costs every piece of an answer two
//! calls and some more memory to touch (docs/performance.md, "Why p3 is close").

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use crate::activity::tap::Tap;
use crate::in_flight::{Entry, Follower};
use crate::monitor::Measured;

/// The body.
pub(super) struct AccountedBody {
    /// Holds the model until it has ended.
    pub(super) inner: Body,
    /// The request's record, unless it is not recorded.
    pub(super) tap: Option<Tap>,
    /// The place in the list of open requests, unless somebody else keeps it.
    pub(super) entry: Option<Entry>,
    /// Is told of the first data.
    pub(super) listed: Option<Follower>,
    /// The counters.
    pub(super) measured: Measured,
}

impl AccountedBody {
    fn pass(&mut self, data: &Bytes) {
        if let Some(entry) = &self.entry {
            entry.passed(data.len() as u64);
        }
        if let Some(tap) = &mut self.tap {
            tap.read(data);
        }
        let is_first = self.measured.passed();
        if let Some(follower) = self.listed.as_ref().filter(|_| is_first) {
            follower.begun();
        }
    }

    fn complete(&mut self) {
        if let Some(tap) = self.tap.take() {
            tap.complete();
        }
    }
}

impl http_body::Body for AccountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.inner).poll_frame(context);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => match frame.data_ref() {
                Some(data) => this.pass(data),
                // Behind trailers nothing comes, and hyper asks for no end.
                None => this.complete(),
            },
            Poll::Ready(Some(Err(error))) => {
                if let Some(tap) = this.tap.take() {
                    tap.broken(&error.to_string());
                }
            }
            Poll::Ready(None) => this.complete(),
            Poll::Pending => {}
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

impl Drop for AccountedBody {
    fn drop(&mut self) {
        // hyper asks for no end after a body whose length is known.
        if self.inner.is_end_stream() {
            self.complete();
        }
    }
}
