//! One open request, as people are shown it.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::{HeaderMap, Method};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::driver::Place;
use crate::shown_headers::shown;

/// What is known of a request when it enters the table.
#[derive(Debug)]
pub struct Description {
    /// Id of the model; `peer/model` for a model of a peer.
    pub model: String,
    /// The path, without its query, as the client sent it or, below `/upstream`, as the model server gets it.
    pub path: String,
    /// The method.
    pub method: Method,
    /// The client's headers.
    pub headers: HeaderMap,
    /// The client's address, as in the access log.
    pub client: String,
}

/// A request in the table.
#[derive(Debug)]
pub struct Request {
    id: u64,
    description: Description,
    arrived: Timestamp,
    started: Instant,
    answer: OnceLock<HeaderMap>,
    answer_bytes: AtomicU64,
    /// Where it waits, or has waited.
    place: OnceLock<Place>,
    pub(super) cancelled: CancellationToken,
}

/// An open request, as clients read it (spec/http-api.md 1.16). `metadata` is always empty and left out.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OpenRequest"))]
pub struct Shown<'a> {
    /// Its number, for cancelling it.
    id: String,
    /// When it came.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    timestamp: String,
    /// Id of the model; `peer/model` for a model of a peer.
    model: &'a str,
    /// Its path, without the query.
    req_path: &'a str,
    /// Its method.
    method: &'a str,
    /// The client's headers, without secrets.
    req_headers: BTreeMap<String, String>,
    /// Where the client is.
    remote_ip: &'a str,
    /// Headers of the answer, without secrets; empty until it begins.
    resp_headers: BTreeMap<String, String>,
    /// Bytes of the answer that have been passed on.
    resp_bytes: u64,
    /// Milliseconds since it came.
    elapsed_ms: u64,
    /// Its place among those who wait for its model, while it waits under the scheduler `fair`. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<usize>,
    /// Milliseconds until its turn, as far as that is known. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait_ms: Option<u64>,
}

impl Request {
    pub(super) fn new(id: u64, description: Description) -> Self {
        Self {
            id,
            description,
            arrived: Timestamp::now(),
            started: Instant::now(),
            answer: OnceLock::new(),
            answer_bytes: AtomicU64::new(0),
            place: OnceLock::new(),
            cancelled: CancellationToken::new(),
        }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// When it came.
    #[must_use]
    pub fn arrived(&self) -> Timestamp {
        self.arrived
    }

    /// Bytes of the answer's body that have been passed on.
    #[must_use]
    pub fn answer_bytes(&self) -> u64 {
        self.answer_bytes.load(Ordering::Relaxed)
    }

    /// Its form for clients, as it is now.
    #[must_use]
    pub fn show(&self) -> Shown<'_> {
        let Description {
            model,
            path,
            method,
            headers,
            client,
        } = &self.description;
        let offset = TimeZone::system().to_offset(self.arrived);
        let elapsed = self.started.elapsed().as_millis();
        Shown {
            id: self.id.to_string(),
            timestamp: self.arrived.display_with_offset(offset).to_string(),
            model,
            req_path: path,
            method: method.as_str(),
            req_headers: shown(headers),
            remote_ip: client,
            resp_headers: self.answer.get().map(shown).unwrap_or_default(),
            resp_bytes: self.answer_bytes(),
            elapsed_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
            queue_position: self.place.get().and_then(Place::position),
            estimated_wait_ms: self
                .place
                .get()
                .and_then(Place::estimate)
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    pub(super) fn waits(&self, place: Place) {
        self.place.get_or_init(|| place);
    }

    pub(super) fn answered(&self, headers: &HeaderMap) {
        self.answer.get_or_init(|| headers.clone());
    }

    pub(super) fn passed(&self, bytes: u64) {
        self.answer_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
