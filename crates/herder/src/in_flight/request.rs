//! One open request, as people are shown it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::cancellation::Canceller;
use crate::driver::{Place, Standing};
use crate::shown_headers::shown;

/// What is known of a request when it enters the table.
#[derive(Debug)]
pub struct Description {
    /// Id of the model; `peer/model` for a model of a peer.
    pub model: String,
    /// A peer serves it, and has it at once: whether it waits there, nobody knows here.
    pub at_peer: bool,
    /// The path, without its query, as the client sent it or, below `/upstream`, as the model server gets it.
    pub path: String,
    /// The method.
    pub method: Method,
    /// The client's headers.
    pub headers: HeaderMap,
    /// The client's address, as in the access log.
    pub client: Arc<str>,
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
    /// After how long its model got it.
    granted: OnceLock<Duration>,
    /// After how long the answer's body began.
    first_byte: OnceLock<Duration>,
    pub(super) canceller: Canceller,
}

/// Where an open request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Phase {
    /// It waits for its turn.
    Queued,
    /// It waits until others have left for its model, and that is loaded.
    Loading,
    /// Its model, or its peer, has it; the body of the answer has not begun.
    Waiting,
    /// The body of the answer has begun.
    Streaming,
}

/// How far a request is, as far as it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where it is.
    pub phase: Phase,
    /// After how long its model, or its peer, got it.
    pub granted: Option<Duration>,
    /// After how long the body of the answer began.
    pub first_byte: Option<Duration>,
    /// Its place in the queue, while it waits there.
    pub position: Option<usize>,
    /// Bytes of the answer's body that have been passed on.
    pub bytes: u64,
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
    /// Where it is. A field of herder.
    phase: Phase,
    /// Milliseconds from its arrival until its model, or its peer, got it. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted_ms: Option<u64>,
    /// Milliseconds from its arrival until the body of the answer began. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ms: Option<u64>,
    /// Its place in the queue while it waits there, counted from 1: among all who wait, or under the scheduler `fair` among
    /// those who wait for its model. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<usize>,
    /// Milliseconds until its turn, as far as that is known. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait_ms: Option<u64>,
}

impl Request {
    pub(super) fn new(id: u64, description: Description, canceller: Canceller) -> Self {
        let granted = OnceLock::new();
        if description.at_peer {
            granted.get_or_init(|| Duration::ZERO);
        }
        Self {
            id,
            description,
            arrived: Timestamp::now(),
            started: Instant::now(),
            answer: OnceLock::new(),
            answer_bytes: AtomicU64::new(0),
            place: OnceLock::new(),
            granted,
            first_byte: OnceLock::new(),
            canceller,
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

    /// How far it is now. `None` in the moment after its turn has come, or can come no more, until that is noted here: then
    /// it is nowhere, and a change is about to be told.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        // What comes later is read first, and each once: phase and times agree.
        let first_byte = self.first_byte.get().copied();
        let granted = self.granted.get().copied();
        let (phase, position) = if first_byte.is_some() {
            (Phase::Streaming, None)
        } else if granted.is_some() {
            (Phase::Waiting, None)
        } else {
            match self.place.get().map(Place::standing) {
                Some(Some(Standing::Loading)) => (Phase::Loading, None),
                Some(Some(Standing::Queued(position))) => (Phase::Queued, Some(position)),
                Some(None) => return None,
                // It has just come.
                None => (Phase::Queued, None),
            }
        };
        Some(Progress {
            phase,
            granted,
            first_byte,
            position,
            bytes: self.answer_bytes.load(Ordering::Relaxed),
        })
    }

    /// Its form for clients, when it is so far.
    #[must_use]
    pub fn show(&self, progress: Progress) -> Shown<'_> {
        let Description {
            model,
            at_peer: _,
            path,
            method,
            headers,
            client,
        } = &self.description;
        let offset = TimeZone::system().to_offset(self.arrived);
        let Progress {
            phase,
            granted,
            first_byte,
            position,
            bytes,
        } = progress;
        Shown {
            id: self.id.to_string(),
            timestamp: self.arrived.display_with_offset(offset).to_string(),
            model,
            req_path: path,
            method: method.as_str(),
            req_headers: shown(headers),
            remote_ip: client,
            resp_headers: self.answer.get().map(shown).unwrap_or_default(),
            resp_bytes: bytes,
            elapsed_ms: milliseconds(self.started.elapsed()),
            phase,
            granted_ms: granted.map(milliseconds),
            first_byte_ms: first_byte.map(milliseconds),
            queue_position: position,
            estimated_wait_ms: self.place.get().and_then(Place::estimate).map(milliseconds),
        }
    }

    pub(super) fn waits(&self, place: Place) {
        self.place.get_or_init(|| place);
    }

    pub(super) fn granted(&self) {
        self.granted.get_or_init(|| self.started.elapsed());
    }

    pub(super) fn begun(&self) {
        self.first_byte.get_or_init(|| self.started.elapsed());
    }

    pub(super) fn answered(&self, headers: &HeaderMap) {
        self.answer.get_or_init(|| headers.clone());
    }

    pub(super) fn passed(&self, bytes: u64) {
        self.answer_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
