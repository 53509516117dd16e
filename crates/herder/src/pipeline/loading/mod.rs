//! The loading-state stream: a chat that streams is answered at once, and hears what happens until its model is ready
//! (spec/http-api.md 4.3, spec/runtime.md 3.5; decisions.md, Q23 to Q27).
//!
//! The answer's body waits for the lease itself. Talking is what it does besides, so it delays no grant, and a client
//! that does not read holds up nobody but itself. What is said is in `narration`, with `remarks` in between; how a
//! failure looks in a stream that has begun is in `ending`.

mod ending;
mod narration;
mod remarks;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{self, HeaderName, HeaderValue};
use bytes::Bytes;
use http_body::Frame;

use super::Reservation;
use super::account::Account;
use super::dispatch::Onward;
use crate::driver::Waiting;
use crate::error::ApiError;
use crate::proxy::Access;
use narration::Outbox;
use remarks::Remarks;

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The forwarded paths whose clients understand the frames begin with this.
const CHAT: &str = "/v1/chat/completions";

/// Whether requests for this path may be answered with a loading state.
pub(super) fn is_understood_on(path: &str) -> bool {
    path.starts_with(CHAT)
}

/// A request that waits, with everything that is needed to serve it.
pub(super) struct Wait {
    /// The name of the model that the client used.
    pub(super) requested: String,
    /// The model's id.
    pub(super) model: String,
    /// `group` or `matrix`, for error texts.
    pub(super) router: &'static str,
    /// `loadingRemarks`
    pub(super) remarks: bool,
    /// The place in the queue, and what comes of it.
    pub(super) waiting: Waiting,
    /// The count of the selector that has chosen the model.
    pub(super) reservation: Option<Reservation>,
    /// The model's priority in the queue.
    pub(super) priority: i64,
    /// The request itself.
    pub(super) onward: Onward,
    /// What is written down about it.
    pub(super) account: Option<Account>,
}

/// The answer, whose body goes on with the model server's.
pub(super) fn answer(mut wait: Wait) -> Response<Body> {
    // What the server sends continues a stream that is not compressed.
    wait.onward
        .head
        .headers
        .insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    let outbox = Outbox::new(&wait.requested, created);
    let body = Loading {
        outbox: outbox.clone(),
        state: State::Waiting(Box::pin(serve(wait, outbox))),
    };
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Quirk Q24 mended.
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

/// Waits, talks, forwards; the rest of the stream. Record and counters get the real outcome (quirk Q27 mended).
async fn serve(wait: Wait, outbox: Outbox) -> Body {
    let Wait {
        requested: _,
        model,
        router,
        remarks,
        waiting,
        reservation,
        priority,
        mut onward,
        mut account,
    } = wait;
    let began = Instant::now();
    let place = waiting.place();
    narration::open(&outbox, &model, &place);
    let lease = tokio::select! {
        // A grant is never kept waiting for words (quirk Q26 mended).
        biased;
        lease = waiting => lease.map_err(|failed| ApiError::from_failed(&failed, router)),
        _ = &mut onward.cancelled => Err(ApiError::cancelled()),
        never = narration::go_on(&outbox, &place, remarks.then(Remarks::shuffled)) => match never {},
    };
    let answered = match lease {
        Ok(lease) => {
            narration::close(&outbox, began.elapsed());
            if let Some(account) = &mut account {
                account.granted(priority);
            }
            onward.forward(Access::Leased { lease, reservation }).await
        }
        Err(error) => Err(error),
    };
    match answered {
        Ok(response) => {
            let response = match account {
                Some(account) => account.follow(response, None),
                None => response,
            };
            ending::continued(response).await
        }
        Err(error) => {
            if let Some(account) = account {
                account.refuse(&error);
            }
            ending::failed(&error)
        }
    }
}

/// The body: first the narration, then the model server's stream.
struct Loading {
    outbox: Outbox,
    state: State,
}

enum State {
    /// Next: `Relaying`.
    Waiting(Pin<Box<dyn Future<Output = Body> + Send>>),
    Relaying(Body),
}

impl http_body::Body for Loading {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let State::Waiting(served) = &mut this.state {
            if let Poll::Ready(rest) = served.as_mut().poll(context) {
                this.state = State::Relaying(rest);
            }
            if let Some(said) = this.outbox.take() {
                return Poll::Ready(Some(Ok(Frame::data(said))));
            }
        }
        match &mut this.state {
            State::Waiting(_) => Poll::Pending,
            State::Relaying(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Waiting(_) => false,
            State::Relaying(body) => body.is_end_stream(),
        }
    }
}
