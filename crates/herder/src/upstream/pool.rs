//! The connections to one server: requests that end leave theirs to the next.
//!
//! A connection runs as a task of its own, which is hyper's way and ends with it: also one on which a client goes on sending
//! its request after the answer. A request that finds a connection idle costs no task, no timer and no search. Whether a request may be sent, and what becomes of its answer, is decided elsewhere.

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tower::BoxError;

use super::connector::Connector;

/// Idle connections kept per server: a burst of requests must find those of the burst before. They live for a second or
/// two, and the limit of herder's own clients leaves room for those of one server that is asked no more.
pub(crate) const IDLE_CONNECTIONS: usize = 256;

/// A server's connections.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Scheme, host and port.
    origin: Uri,
    connector: Connector,
    /// How long an idle connection is kept.
    idle_time: Duration,
    idle: Mutex<Idle>,
}

/// A connection, and since when it is idle.
type Parked = (SendRequest<Body>, Instant);

#[derive(Debug, Default)]
struct Idle {
    /// The one that has been idle for the shortest time is the last.
    connections: Vec<Parked>,
    /// A task closes those whose time is over.
    is_watched: bool,
}

impl Pool {
    /// Opens no connection. `origin` is scheme, host and port; idle connections are closed after `idle_time`.
    pub(super) fn new(origin: Uri, connector: Connector, idle_time: Duration) -> Self {
        let shared = Shared {
            origin,
            connector,
            idle_time,
            idle: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Sends a request, whose URI is path and query and which has a `Host`, and waits for the head of the answer. A request
    /// that meets an idle connection which has just been closed is sent on another one, provided that none of its bytes
    /// had left. Dropping the future, or the answer before its end, closes the connection.
    ///
    /// # Errors
    ///
    /// When no connection can be made, or it breaks before the head is complete.
    pub(super) async fn send(&self, mut request: Box<Request<Body>>) -> Result<Response<Answer>, BoxError> {
        // Each round takes a connection out of the pool.
        while let Some(mut sender) = self.shared.take() {
            match sender.try_send_request(*request).await {
                Ok(response) => return Ok(self.answer(response, sender)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => *request = unsent,
                    None => return Err(error.into_error().into()),
                },
            }
        }
        // Boxed, because it is rare and its state is large: every request would carry room for it.
        let mut sender = Box::pin(self.open()).await?;
        let response = sender.send_request(*request).await?;
        Ok(self.answer(response, sender))
    }

    async fn open(&self) -> Result<SendRequest<Body>, BoxError> {
        let stream = self
            .shared
            .connector
            .clone()
            .connect(self.shared.origin.clone())
            .await?;
        let (sender, connection) = http1::handshake(stream).await?;
        // It ends when the sender has been dropped; what breaks it is told to the request.
        tokio::spawn(connection.with_upgrades());
        Ok(sender)
    }

    fn answer(&self, response: Response<Incoming>, sender: SendRequest<Body>) -> Response<Answer> {
        response.map(|body| {
            let mut answer = Answer {
                body,
                connection: Some((sender, Arc::clone(&self.shared))),
            };
            answer.settle();
            answer
        })
    }
}

impl Shared {
    /// The connection that has been idle for the shortest time. Those that are closed, or too old, are dropped; one that is
    /// still at the end of its last request is left for later.
    fn take(&self) -> Option<SendRequest<Body>> {
        let mut idle = self.idle.lock();
        // Dropped at the end, without the lock: it wakes their tasks.
        let _old = idle.take_old(self.idle_time);
        let connections = &mut idle.connections;
        let mut taken = None;
        for place in (0..connections.len()).rev() {
            let (sender, _) = &connections[place];
            if sender.is_closed() {
                connections.remove(place);
            } else if sender.is_ready() {
                taken = Some(connections.remove(place).0);
                break;
            }
        }
        drop(idle);
        taken
    }

    /// Keeps a connection for the next request.
    fn keep(self: &Arc<Self>, sender: SendRequest<Body>) {
        if sender.is_closed() {
            return;
        }
        // Answers are dropped within the runtime, but for those that are left when it ends.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut idle = self.idle.lock();
        if idle.connections.len() >= IDLE_CONNECTIONS {
            return;
        }
        idle.connections.push((sender, Instant::now()));
        if !idle.is_watched {
            idle.is_watched = true;
            runtime.spawn(close_idle(Arc::downgrade(self), self.idle_time));
        }
    }

    /// Closes what has been idle for too long. `false` when nothing is left to watch.
    fn close_old(&self) -> bool {
        let mut idle = self.idle.lock();
        let _old = idle.take_old(self.idle_time);
        idle.is_watched = !idle.connections.is_empty();
        let is_watched = idle.is_watched;
        drop(idle);
        is_watched
    }
}

impl Idle {
    /// Those that have been idle for so long.
    fn take_old(&mut self, idle_time: Duration) -> Vec<Parked> {
        let now = Instant::now();
        let is_old = |(_, since): &Parked| now.saturating_duration_since(*since) >= idle_time;
        let young = self.connections.partition_point(is_old);
        self.connections.drain(..young).collect()
    }
}

/// Runs while there are idle connections, so that a herder at rest is not woken. One that nobody takes is closed within
/// twice its time.
async fn close_idle(shared: Weak<Shared>, period: Duration) {
    loop {
        tokio::time::sleep(period).await;
        if !shared.upgrade().is_some_and(|shared| shared.close_old()) {
            return;
        }
    }
}

/// The body of an answer. It holds the connection that it comes on: the next request gets it when the body has ended, and it
/// is closed when the body is dropped before that, which cancels the request at the server.
#[derive(Debug)]
pub struct Answer {
    body: Incoming,
    connection: Option<(SendRequest<Body>, Arc<Shared>)>,
}

impl Answer {
    /// Hands the connection on when the body is known to have ended.
    fn settle(&mut self) {
        if self.body.is_end_stream() {
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        if let Some((sender, shared)) = self.connection.take() {
            shared.keep(sender);
        }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            // Nothing follows trailers, and hyper asks for no end after them.
            Some(Ok(frame)) if frame.is_trailers() => self.hand_on(),
            Some(Ok(_)) => self.settle(),
            Some(Err(_)) => self.connection = None,
            None => self.hand_on(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
