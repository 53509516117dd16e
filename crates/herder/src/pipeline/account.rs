//! What is written down about one request to a model: its record in the activity, its counters, and how far it is while it
//! is open. All of them follow the answer to its end, wherever the answer comes from.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;

use super::RequestContext;
use super::accounted_body::AccountedBody;
use crate::activity::recording::Recording;
use crate::app::Target;
use crate::error::ApiError;
use crate::in_flight::{Entry, Follower};
use crate::monitor::Measured;
use crate::proxy::Payload;

/// An open account. When it is dropped before anything else, the client has left.
#[derive(Debug)]
pub(super) struct Account {
    measured: Measured,
    /// Only requests of some routes are recorded.
    recording: Option<Recording>,
    /// Only requests of some routes are listed while they are open.
    listed: Option<Follower>,
}

impl Account {
    /// Opens the account of a request that goes to `target`.
    pub(super) fn open(context: &mut RequestContext, target: &Target) -> Self {
        let counters = match target {
            Target::Local(model) => Arc::clone(&context.app.driver.metrics().model(*model).requests),
            Target::Peer(found) => Arc::clone(&found.counters),
        };
        let mut recording = context.recording.take();
        if let Some(recording) = &mut recording {
            recording.count_tokens(Arc::clone(&counters));
        }
        Self {
            measured: Measured::begin(counters, context.route),
            recording,
            listed: None,
        }
    }

    /// The request is in the list of open requests, which is told how far it is.
    pub(super) fn list(&mut self, follower: Follower) {
        self.listed = Some(follower);
    }

    /// Notes the body that is about to be sent, and returns it.
    pub(super) fn request(&mut self, payload: Payload) -> Payload {
        match &mut self.recording {
            Some(recording) => recording.request(payload),
            None => payload,
        }
    }

    /// The local model has been granted, at this priority.
    pub(super) fn granted(&mut self, priority: i64) {
        if let Some(follower) = &self.listed {
            follower.granted();
        }
        if let Some(recording) = &mut self.recording {
            recording.granted(priority);
        }
    }

    /// herder itself answers, with this error.
    pub(super) fn refuse(mut self, error: &ApiError) {
        if let Some(recording) = self.recording {
            recording.refuse(error);
        }
        self.measured.answered(error.status().as_u16());
    }

    /// Follows the answer to its end, and keeps the request in the list of open ones until then.
    pub(super) fn follow(self, response: Response<Body>, entry: Option<Entry>) -> Response<Body> {
        let Self {
            mut measured,
            recording,
            listed,
        } = self;
        measured.answered(response.status().as_u16());
        let (head, inner) = response.into_parts();
        if let Some(entry) = &entry {
            entry.answered(&head.headers);
        }
        let body = AccountedBody {
            inner,
            tap: recording.map(|recording| recording.answered(&head)),
            entry,
            listed,
            measured,
        };
        Response::from_parts(head, Body::new(body))
    }
}
