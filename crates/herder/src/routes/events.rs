//! `GET /api/events`: everything that changes, as it happens (spec/http-api.md 1.16).
//!
//! Each stream has one task. It keeps no queue: it waits for the sources, each of which bounds what waits in it and knows
//! how to say much in little (a log tells of a gap, a list is sent whole again), and hands over one event at a time.

mod frame;
mod in_flight;
mod log_choice;
mod log_source;
mod models;
mod outlet;
#[cfg(test)]
mod schema;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{self, HeaderName, HeaderValue};
use bytes::Bytes;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::task::AbortOnDropHandle;

use super::profiles::ActiveProfile;
use super::reply::with_type;
use crate::app::{App, Snapshot};
use crate::error::ApiError;
use crate::pipeline::RequestContext;
use crate::serve::Caller;
use frame::{HEARTBEAT, Kind, frame};
use in_flight::InFlightSource;
use log_choice::LogChoice;
#[cfg(test)]
pub(super) use log_choice::{MAX_LOGS, PARAMETER as LOGS};
use log_source::LogSources;
use models::ModelSource;
use outlet::{EventBody, Gone, Outlet};
#[cfg(test)]
pub(super) use schema::Event;

/// Time between two signs of life. Shorter than what proxies wait for, which is rarely less than half a minute.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// Time between two looks at how far requests are (spec/http-api.md 1.16).
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// A request has ended and is stored.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "StoredRequest"))]
struct Stored {
    /// Number of its row in the activity.
    id: i64,
}

/// What a user interface has to know of the configuration.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UiConfig<'a> {
    /// About the list of finished requests.
    activity: UiActivity<'a>,
}

/// What it has to know about the list of finished requests.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UiActivity<'a> {
    /// Headers that name a session.
    session_id: &'a [String],
}

/// The stream: how everything is, then what changes, until herder ends.
///
/// # Errors
///
/// 400 when the query names logs that cannot be followed.
pub(super) fn stream(context: &RequestContext) -> Result<Response<Body>, ApiError> {
    let head = &context.head;
    let app = Arc::clone(&context.app);
    let choice = LogChoice::of(head.uri.query().unwrap_or_default(), &context.snapshot, &app.logs)?;
    let hang_up = head.extensions.get::<Caller>();
    let hang_up = hang_up.and_then(|caller| caller.hang_up.clone());
    let (outlet, frames) = Outlet::new(Arc::clone(&app.logs), Arc::clone(&context.client), hang_up);
    let shutdown = app.shutdown.clone();
    let feed = feed(app, choice, outlet);
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
    Ok(response)
}

/// Sends events until nobody takes them, or until a log takes no more readers like this one.
async fn feed(app: Arc<App>, choice: LogChoice, outlet: Outlet) -> Result<(), Gone> {
    // Subscribe first, then tell: nothing can happen in between.
    let (histories, mut logs) = LogSources::begin(choice, app.logs.boot());
    let mut reloaded = app.reloaded.subscribe();
    let snapshot = app.snapshot.load_full();
    let (states, mut models) = ModelSource::begin(&app.driver, Arc::clone(&snapshot));
    let (requests, mut in_flight) = InFlightSource::begin(Arc::clone(&app.in_flight));
    let mut active_profile = app.active_profile.subscribe();
    let mut stored = app.activity.watch();
    let first = [
        states,
        ui_config(&snapshot),
        profile(&mut active_profile),
        requests,
    ];
    for event in histories.into_iter().chain(first) {
        outlet.send(event).await?;
    }
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look = interval(PROGRESS_INTERVAL);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            event = logs.next() => match event {
                Some(event) => event,
                None => return Ok(()),
            },
            event = models.next(&app.driver) => {
                outlet.send(event).await?;
                // For requests that wait for this model another phase may begin.
                for event in in_flight.progress() {
                    outlet.send(event).await?;
                }
                continue;
            }
            event = in_flight.next() => event,
            changed = reloaded.changed() => match changed {
                Ok(()) => {
                    let snapshot = app.snapshot.load_full();
                    outlet.send(ui_config(&snapshot)).await?;
                    models.reload(&app.driver, snapshot)
                }
                Err(_) => return Ok(()),
            },
            changed = active_profile.changed() => match changed {
                Ok(()) => {
                    outlet.send(profile(&mut active_profile)).await?;
                    models.list()
                }
                Err(_) => return Ok(()),
            },
            id = stored.recv() => match id {
                Ok(id) => frame(Kind::Activity, &Stored { id }),
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

fn ui_config(snapshot: &Snapshot) -> Bytes {
    let activity = UiActivity {
        session_id: &snapshot.config.session_id_headers,
    };
    frame(Kind::UiConfig, &UiConfig { activity })
}

/// The active profile, which the client knows from then on.
fn profile(active: &mut watch::Receiver<Option<Arc<str>>>) -> Bytes {
    let active = active.borrow_and_update().clone();
    let active = active.as_deref();
    frame(Kind::ProfileChanged, &ActiveProfile { active })
}
