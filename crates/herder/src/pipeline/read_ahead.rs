//! Reads a streamed request body while the request waits for its model.
//!
//! A connection whose body nobody reads does not tell when its client has left; the model would be loaded, and others
//! evicted, for nobody. What has been read ahead is sent first, then the rest streams as before.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// The most that is held of one body. Chats with pictures fit, so their clients may leave at any time; the client of a
/// larger upload is missed when the model is ready. The number of waiting requests is bounded by the core.
const AHEAD_BYTES: u64 = 8 * 1024 * 1024;

/// A body of which the beginning may have been read.
pub(super) struct ReadAhead {
    held: VecDeque<Frame<Bytes>>,
    held_bytes: u64,
    rest: Body,
    /// The rest has ended.
    ended: bool,
}

impl ReadAhead {
    pub(super) fn new(body: Body) -> Self {
        Self {
            held: VecDeque::new(),
            held_bytes: 0,
            rest: body,
            ended: false,
        }
    }

    /// Reads ahead until `waiting` is over, and returns what it gives.
    ///
    /// # Errors
    ///
    /// The body broke off before that: its client has left.
    pub(super) async fn until<T>(&mut self, waiting: impl Future<Output = T>) -> Result<T, axum::Error> {
        let mut waiting = std::pin::pin!(waiting);
        std::future::poll_fn(|context| {
            if let Poll::Ready(output) = waiting.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            match self.fill(context) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            }
        })
        .await
    }

    /// The whole body, from its first byte.
    pub(super) fn into_body(self) -> Body {
        if self.held.is_empty() && !self.ended {
            self.rest
        } else {
            Body::new(self)
        }
    }

    fn fill(&mut self, context: &mut Context<'_>) -> Result<(), axum::Error> {
        while !self.ended && self.held_bytes < AHEAD_BYTES {
            match http_body::Body::poll_frame(Pin::new(&mut self.rest), context) {
                Poll::Ready(Some(frame)) => {
                    let frame = frame?;
                    self.held_bytes += length(&frame);
                    self.held.push_back(frame);
                }
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => break,
            }
        }
        Ok(())
    }
}

impl http_body::Body for ReadAhead {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(frame) = self.held.pop_front() {
            self.held_bytes -= length(&frame);
            return Poll::Ready(Some(Ok(frame)));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && (self.ended || self.rest.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        // The upper bound first: a lower one must never be above it.
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + self.held_bytes);
        }
        hint.set_lower(rest.lower() + self.held_bytes);
        hint
    }
}

fn length(frame: &Frame<Bytes>) -> u64 {
    frame.data_ref().map_or(0, |data| data.len() as u64)
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;
    use http_body_util::{BodyExt, Channel, Full};

    use super::*;

    #[tokio::test]
    async fn nothing_is_lost_and_the_length_stays_known() {
        let mut ahead = ReadAhead::new(Body::new(Full::new(Bytes::from_static(b"abc"))));
        ahead.until(tokio::task::yield_now()).await.unwrap();
        assert_eq!(ahead.held_bytes, 3);
        let body = ahead.into_body();
        assert_eq!(body.size_hint().exact(), Some(3));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "abc");
    }

    #[tokio::test]
    async fn what_comes_later_follows_and_an_untouched_body_stays_as_it_is() {
        for early in [true, false] {
            let (mut sender, body) = Channel::<Bytes, axum::Error>::new(2);
            let mut ahead = ReadAhead::new(Body::new(body));
            if early {
                sender.send_data(Bytes::from_static(b"first ")).await.unwrap();
                ahead.until(tokio::task::yield_now()).await.unwrap();
            } else {
                ahead.until(std::future::ready(())).await.unwrap();
                sender.send_data(Bytes::from_static(b"first ")).await.unwrap();
            }
            assert_eq!(ahead.held.len(), usize::from(early));
            sender.send_data(Bytes::from_static(b"second")).await.unwrap();
            drop(sender);
            let body = ahead.into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes(), "first second");
        }
    }

    #[tokio::test]
    async fn no_more_than_the_limit_is_held() {
        let (mut sender, body) = Channel::<Bytes, axum::Error>::new(32);
        let piece = Bytes::from(vec![0; 1024 * 1024]);
        for _ in 0..20 {
            sender.send_data(piece.clone()).await.unwrap();
        }
        let mut ahead = ReadAhead::new(Body::new(body));
        ahead.until(tokio::task::yield_now()).await.unwrap();
        assert_eq!(ahead.held_bytes, AHEAD_BYTES);
    }

    #[tokio::test]
    async fn a_break_ends_the_wait() {
        let (mut sender, body) = Channel::<Bytes, axum::Error>::new(2);
        sender.send_data(Bytes::from_static(b"half")).await.unwrap();
        let mut ahead = ReadAhead::new(Body::new(body));
        sender.abort(axum::Error::new(std::io::Error::other("gone")));
        assert!(ahead.until(std::future::pending::<()>()).await.is_err());
    }
}
