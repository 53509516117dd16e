//! `GET /api/events`: everything that changes, as it happens (spec/http-api.md 1.16).
//!
//! Each stream has one task. It keeps no queue: it waits for the sources, each of which bounds what waits in it and knows
//! how to say much in little (a log tells of a gap, a list is sent whole again), and hands over one event at a time.

mod frame;
mod in_flight;
mod log_source;
mod models;
mod outlet;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{self, HeaderName, HeaderValue};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::task::AbortOnDropHandle;

use super::reply::with_type;
use crate::access_log::client_address;
use crate::app::{App, Snapshot};
use crate::pipeline::RequestContext;
use crate::serve::HangUp;
use frame::{HEARTBEAT, Kind, frame};
use in_flight::InFlightSource;
use log_source::LogSource;
use models::ModelSource;
use outlet::{EventBody, Gone, Outlet};

/// Time between two signs of life. Shorter than what proxies wait for, which is rarely less than half a minute.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// Time between two looks at how far answers are (spec/http-api.md 1.16).
const BYTES_INTERVAL: Duration = Duration::from_millis(250);

/// The stream: how everything is, then what changes, until herder ends.
pub(super) fn stream(context: &RequestContext) -> Response<Body> {
    let head = &context.head;
    let app = Arc::clone(&context.app);
    let client = client_address(&head.headers, &head.extensions);
    let hang_up = head.extensions.get::<HangUp>().cloned();
    let (outlet, frames) = Outlet::new(Arc::clone(&app.logs), client, hang_up);
    let shutdown = app.shutdown.clone();
    let feed = feed(app, Arc::clone(&context.snapshot), outlet);
    let feed = tokio::spawn(async move {
        tokio::select! {
            // Whatever the reason is, the stream ends.
            Ok(()) | Err(Gone) = feed => {}
            () = shutdown.cancelled() => {}
        }
    });
    let body = EventBody::new(frames, AbortOnDropHandle::new(feed));
    let mut response = with_type(Body::new(body), "text/event-stream");
    let more = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONNECTION, "keep-alive"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    for (name, value) in more {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Sends events until nobody takes them, or until a log takes no more readers like this one.
async fn feed(app: Arc<App>, snapshot: Arc<Snapshot>, outlet: Outlet) -> Result<(), Gone> {
    // Subscribe first, then tell: nothing can happen in between.
    let (proxy_history, mut proxy) = LogSource::begin("proxy", app.logs.proxy());
    let (upstream_history, mut upstream) = LogSource::begin("upstream", app.logs.upstream());
    let (states, mut models) = ModelSource::begin(&app.driver, Arc::clone(&snapshot));
    let (requests, mut in_flight) = InFlightSource::begin(Arc::clone(&app.in_flight));
    let mut active_profile = app.active_profile.subscribe();
    let mut stored = app.activity.watch();
    let session = &snapshot.config.session_id_headers;
    let first = [
        proxy_history,
        upstream_history,
        states,
        frame(Kind::UiConfig, &json!({ "activity": { "session_id": session } })),
        profile(&mut active_profile),
        requests,
    ];
    for event in first {
        outlet.send(event).await?;
    }
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look = interval(BYTES_INTERVAL);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            event = proxy.next() => match event {
                Some(event) => event,
                None => return Ok(()),
            },
            event = upstream.next() => match event {
                Some(event) => event,
                None => return Ok(()),
            },
            event = models.next(&app.driver) => event,
            event = in_flight.next() => event,
            changed = active_profile.changed() => match changed {
                Ok(()) => {
                    outlet.send(profile(&mut active_profile)).await?;
                    models.list()
                }
                Err(_) => return Ok(()),
            },
            id = stored.recv() => match id {
                Ok(id) => frame(Kind::Activity, &json!({ "id": id })),
                // Every event says the same: look again. The next one, which is there already, says it.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return Ok(()),
            },
            _ = look.tick(), if in_flight.has_open() => {
                for event in in_flight.progress() {
                    outlet.send(event).await?;
                }
                continue;
            }
            _ = heartbeat.tick() => HEARTBEAT,
        };
        outlet.send(event).await?;
    }
}

/// The active profile, which the client knows from then on.
fn profile(active: &mut watch::Receiver<Option<Arc<str>>>) -> Bytes {
    let active = active.borrow_and_update().clone();
    frame(Kind::ProfileChanged, &json!({ "active": active.as_deref() }))
}
