//! A response or request body that somebody looks at as it passes, without holding it back or copying it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// The same body. Every piece of data is shown to `on_data` as it passes, and `state` lives as long as the body: what
/// must happen when the body has ended or was dropped belongs into its `Drop`.
pub(crate) fn watched<S>(inner: Body, state: S, on_data: fn(&mut S, &Bytes)) -> Body
where
    S: Send + Unpin + 'static,
{
    Body::new(Watched {
        inner,
        state,
        on_data,
    })
}

struct Watched<S> {
    inner: Body,
    state: S,
    on_data: fn(&mut S, &Bytes),
}

impl<S: Unpin> http_body::Body for Watched<S> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            (this.on_data)(&mut this.state, data);
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
