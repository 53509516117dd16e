//! Where events leave herder: a place for one event that the connection takes when it has room.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::logs::Logs;
use crate::serve::HangUp;

/// How long an event may wait for a client that does not read. Before that, the connection and the system have taken
/// more than a megabyte for it; `EventSource` comes back by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// The inner end.
pub(super) struct Outlet {
    frames: mpsc::Sender<Bytes>,
    logs: Arc<Logs>,
    /// Whose stream this is, for the log.
    client: Arc<str>,
    /// Ends the connection, where one stream has one for itself.
    hang_up: Option<HangUp>,
}

/// The outer end: a body. The task that fills it goes with it.
pub(super) struct EventBody {
    frames: mpsc::Receiver<Bytes>,
    _feed: AbortOnDropHandle<()>,
}

/// Nobody takes events any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gone;

impl Outlet {
    /// An outlet, and where its frames come out.
    pub(super) fn new(
        logs: Arc<Logs>,
        client: Arc<str>,
        hang_up: Option<HangUp>,
    ) -> (Self, mpsc::Receiver<Bytes>) {
        // What waits beyond one event waits in the sources, which know how to make it less.
        let (frames, receiver) = mpsc::channel(1);
        let outlet = Self {
            frames,
            logs,
            client,
            hang_up,
        };
        (outlet, receiver)
    }

    /// Hands over an event. A client that does not read for [`PATIENCE`] loses its connection.
    pub(super) async fn send(&self, frame: Bytes) -> Result<(), Gone> {
        use mpsc::error::SendTimeoutError::{Closed, Timeout};
        match self.frames.send_timeout(frame, PATIENCE).await {
            Ok(()) => Ok(()),
            Err(Closed(_)) => Err(Gone),
            Err(Timeout(_)) => {
                self.logs.logger().warn(format_args!(
                    "events: {} has not read for {} s and is dropped",
                    self.client,
                    PATIENCE.as_secs()
                ));
                if let Some(hang_up) = &self.hang_up {
                    hang_up.hang_up();
                }
                Err(Gone)
            }
        }
    }
}

impl EventBody {
    /// The body that `feed` fills.
    pub(super) fn new(frames: mpsc::Receiver<Bytes>, feed: AbortOnDropHandle<()>) -> Self {
        Self { frames, _feed: feed }
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.frames
            .poll_recv(context)
            .map(|frame| frame.map(|frame| Ok(Frame::data(frame))))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::logs::tests::logs;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_dropped_with_a_line() {
        let logs = Arc::new(logs());
        let (hang_up, _) = HangUp::new();
        let (outlet, mut frames) = Outlet::new(Arc::clone(&logs), "10.1.2.3".into(), Some(hang_up.clone()));
        let begin = Instant::now();
        assert_eq!(outlet.send(Bytes::from_static(b"1")).await, Ok(()));
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert!(logs.proxy().history().is_empty());
        assert_eq!(outlet.send(Bytes::from_static(b"2")).await, Err(Gone));
        assert_eq!(begin.elapsed(), PATIENCE);
        assert_eq!(
            logs.proxy().history(),
            "[WARN] events: 10.1.2.3 has not read for 10 s and is dropped\n"
        );
        assert!(hang_up.is_hung_up());
        drop(outlet);
        assert_eq!(frames.recv().await.as_deref(), Some(&b"1"[..]));
        assert_eq!(frames.recv().await, None);
    }

    #[tokio::test]
    async fn a_client_that_leaves_is_no_news() {
        let logs = Arc::new(logs());
        let (outlet, frames) = Outlet::new(Arc::clone(&logs), "10.1.2.3".into(), None);
        drop(frames);
        assert_eq!(outlet.send(Bytes::from_static(b"1")).await, Err(Gone));
        assert!(logs.proxy().history().is_empty());
    }
}
