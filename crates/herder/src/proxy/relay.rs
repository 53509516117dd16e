//! The body of an answer on its way to the client: the model server's own body, wrapped once.
//!
//! It holds the lease. When it ends or is dropped the lease ends, and with a body that has not ended the connection
//! to the model server is closed, which cancels the request there.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::Access;
use crate::cancellation::Cancelled;
use crate::upstream::{Answer, with_causes};

/// Time between the last bytes of a broken body and the break. The server writes bytes out only when the body has
/// nothing more at the moment; without this pause the break would overtake them.
const BREAK_DELAY: Duration = Duration::from_millis(20);

/// An answer's body.
pub(super) struct Relay {
    state: State,
    /// Comes when somebody cancels the request.
    cancelled: Cancelled,
    events: Option<Events>,
}

enum State {
    /// Next: `Breaking`, `Ended`.
    Flowing {
        body: Answer,
        access: Access,
    },
    /// The body broke; what has been passed on gets time to leave. Next: `Ended`.
    Breaking {
        delay: Pin<Box<Sleep>>,
        error: BodyBroken,
    },
    Ended,
}

/// What is known of an event stream that herder may write to: whether a new event can begin where it stands.
#[derive(Debug, Default)]
struct Events {
    /// The last two bytes.
    tail: [u8; 2],
}

/// Why an answer does not end as it should. hyper breaks off the client's connection when it sees this.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyBroken {
    /// The model server's body broke.
    #[error("{0}")]
    Upstream(String),
    /// Somebody cancelled the request through the API.
    #[error("request was cancelled")]
    Cancelled,
}

impl Relay {
    /// `headers` are those of the answer.
    pub(super) fn new(
        body: Answer,
        headers: &HeaderMap,
        streams_events: bool,
        access: Access,
        cancelled: Cancelled,
    ) -> Self {
        // Text appended to a compressed or counted body would only add damage.
        let plain = !headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(CONTENT_LENGTH);
        Self {
            cancelled,
            events: (streams_events && plain).then(Events::default),
            state: State::Flowing { body, access },
        }
    }

    /// Lets go of the model server and the lease.
    fn breaks(&mut self, error: BodyBroken) {
        self.state = State::Breaking {
            delay: Box::pin(sleep(BREAK_DELAY)),
            error,
        };
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        let this = &mut *self;
        if let State::Flowing { body, access } = &mut this.state {
            if Pin::new(&mut this.cancelled).poll(context).is_ready() {
                this.breaks(BodyBroken::Cancelled);
            } else {
                match ready!(Pin::new(body).poll_frame(context)) {
                    Some(Ok(frame)) => {
                        if let (Some(events), Some(data)) = (&mut this.events, frame.data_ref()) {
                            events.observe(data);
                        }
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    Some(Err(error)) => {
                        let text = access.fault(&with_causes(&error));
                        let event = this.events.take().map(|events| events.last_event(&text));
                        this.breaks(BodyBroken::Upstream(text));
                        if let Some(event) = event {
                            return Poll::Ready(Some(Ok(Frame::data(event))));
                        }
                    }
                    None => this.state = State::Ended,
                }
            }
        }
        match &mut this.state {
            State::Breaking { delay, .. } => ready!(delay.as_mut().poll(context)),
            State::Flowing { .. } | State::Ended => return Poll::Ready(None),
        }
        match std::mem::replace(&mut this.state, State::Ended) {
            State::Breaking { error, .. } => Poll::Ready(Some(Err(error))),
            State::Flowing { .. } | State::Ended => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Flowing { body, .. } => body.is_end_stream(),
            State::Breaking { .. } => false,
            State::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Flowing { body, .. } => body.size_hint(),
            State::Breaking { .. } => SizeHint::default(),
            State::Ended => SizeHint::with_exact(0),
        }
    }
}

impl Events {
    fn observe(&mut self, data: &[u8]) {
        match data {
            [] => {}
            [last] => self.tail = [self.tail[1], *last],
            [.., before, last] => self.tail = [*before, *last],
        }
    }

    /// The event that tells the client of the break (decisions.md, Q22). An event that was cut in the middle is
    /// closed first.
    fn last_event(&self, message: &str) -> Bytes {
        let start = if matches!(self.tail, [0, 0] | [b'\n', b'\n']) {
            ""
        } else {
            "\n\n"
        };
        let envelope = serde_json::json!({
            "error": {
                "message": message,
                "type": "server_error",
                "param": null,
                "code": "bad_gateway",
            },
            "src": "llama-swap",
        });
        Bytes::from(format!("{start}data: {envelope}\n\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_starts_on_a_line_of_its_own() {
        for (sent, start) in [
            (&[][..], "data: {"),
            (&[b"data: 1\n\n"], "data: {"),
            (&[b"data: 1\n", b"\n"], "data: {"),
            (&[b"data: 1\n"], "\n\ndata: {"),
            (&[b"data: {\"a\":"], "\n\ndata: {"),
        ] as [(&[&[u8]], &str); 5]
        {
            let mut events = Events::default();
            for data in sent {
                events.observe(data);
            }
            let event = events.last_event("it went away");
            let text = std::str::from_utf8(&event).unwrap();
            assert!(text.starts_with(start), "{text:?} after {sent:?}");
            assert!(text.ends_with("}\n\n"), "{text:?}");
        }
    }
}
