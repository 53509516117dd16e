//! The logs as clients read them (spec/http-api.md 1.11): the history, and the history with what follows.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use herder_supervisor::{LogRing, Subscription};
use herder_wire::path;
use http_body::Frame;
use tokio_util::sync::CancellationToken;

use super::reply::{redirect, with_type};
use crate::error::ApiError;
use crate::pipeline::RequestContext;

/// The combined history. A browser is sent to the page that shows it.
pub(super) fn history(context: &RequestContext) -> Response<Body> {
    let accept = context.head.headers.get_all(header::ACCEPT);
    if accept
        .iter()
        .any(|value| String::from_utf8_lossy(value.as_bytes()).contains("text/html"))
    {
        return redirect(StatusCode::FOUND, "/ui/");
    }
    with_type(Body::from(context.app.logs.combined().history()), "text/plain")
}

/// The combined log, and what follows.
pub(super) fn stream(context: &RequestContext) -> Response<Body> {
    follow(context, context.app.logs.combined())
}

/// One log, and what follows. `open` is the path behind `/logs/stream/`; segments behind a model's name are ignored.
pub(super) fn stream_of(context: &RequestContext, open: &str) -> Result<Response<Body>, ApiError> {
    let logs = &context.app.logs;
    // The two words come first: a model of that name is shadowed (Q15).
    let named = path::match_model(open, |name| {
        name == "proxy" || name == "upstream" || context.snapshot.resolve(name).is_some()
    });
    let ring = match named.as_ref().map(|named| named.name.as_str()) {
        Some("proxy") => Arc::clone(logs.proxy()),
        Some("upstream") => Arc::clone(logs.upstream()),
        Some(name) => {
            let model = context.snapshot.resolve(name).ok_or_else(unknown_log)?;
            logs.model(model)
        }
        None => return Err(unknown_log()),
    };
    Ok(follow(context, &ring))
}

fn unknown_log() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "invalid logger. Use 'proxy', 'upstream' or a model's ID",
    )
}

fn follow(context: &RequestContext, ring: &Arc<LogRing>) -> Response<Body> {
    let (history, subscription) = ring.subscribe();
    let query = context.head.uri.query().unwrap_or_default();
    let skips_history = query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("no-history"));
    let history = (!skips_history && !history.is_empty()).then_some(history);
    let body = LogBody {
        history,
        live: next(subscription, context.app.shutdown.clone()),
    };
    let mut response = with_type(Body::new(body), "text/plain");
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

/// The history, then each write as it comes. Ends when the log is closed or herder shuts down.
struct LogBody {
    history: Option<Bytes>,
    live: Next,
}

/// The next write, with what is needed for the one behind it.
type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Subscription, CancellationToken)>> + Send>>;

fn next(mut subscription: Subscription, shutdown: CancellationToken) -> Next {
    Box::pin(async move {
        let text = tokio::select! {
            text = subscription.next() => text?,
            () = shutdown.cancelled() => return None,
        };
        Some((text, subscription, shutdown))
    })
}

impl http_body::Body for LogBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(history) = self.history.take() {
            return Poll::Ready(Some(Ok(Frame::data(history))));
        }
        self.live.as_mut().poll(context).map(|written| {
            let (text, subscription, shutdown) = written?;
            self.live = next(subscription, shutdown);
            Some(Ok(Frame::data(text)))
        })
    }
}
