//! Requests and answers that can be looked at: what is kept of them, and for how long (spec/http-api.md 5.4).
//!
//! While a request runs its capture is a `Draft`; bodies are collected as they pass. When it has ended the writer
//! compresses it and keeps it in [`Captures`] under the number of its row.

mod kept;
mod request_body;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;

pub use kept::{Capture, Captures};

use crate::proxy::Payload;
use crate::shown_headers::shown;
use request_body::Collected;

/// A capture may be so many times larger than the buffer while it is not compressed: text shrinks to a quarter, and
/// what does not shrink is too large anyway.
const UNCOMPRESSED_FACTOR: usize = 4;

/// All captures that are not compressed yet may together be so many times larger than the buffer. Beyond that the
/// youngest are given up.
const PENDING_FACTOR: usize = 8;

/// Headers by name.
type HeaderTexts = BTreeMap<String, String>;

/// Which bodies are kept of a request for a path; headers always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mask {
    request: bool,
    response: bool,
}

impl Mask {
    /// Sound and pictures are large and say little; the rest is text.
    fn of(path: &str) -> Self {
        let (request, response) = match path {
            "/v1/audio/speech" | "/v1/images/generations" | "/sdapi/v1/txt2img" => (true, false),
            "/v1/audio/voices" | "/v1/audio/transcriptions" => (false, true),
            "/v1/images/edits" | "/sdapi/v1/img2img" => (false, false),
            _ => (true, true),
        };
        Self { request, response }
    }
}

/// The bytes of captures that are not compressed yet.
#[derive(Debug)]
struct Pending {
    bytes: AtomicUsize,
    /// Of the compressed ones, from which those of the others follow. Changed only under the lock of [`Captures`].
    budget: AtomicUsize,
}

impl Pending {
    fn budget(&self) -> usize {
        self.budget.load(Ordering::Relaxed)
    }

    /// The most that one capture may have.
    fn each(&self) -> usize {
        self.budget().saturating_mul(UNCOMPRESSED_FACTOR)
    }

    /// The most that all may have.
    fn all(&self) -> usize {
        self.budget().saturating_mul(PENDING_FACTOR)
    }
}

/// A part of [`Pending`]. It is given back when dropped.
#[derive(Debug)]
struct Reservation {
    pending: Arc<Pending>,
    bytes: usize,
}

impl Reservation {
    fn new(pending: &Arc<Pending>) -> Self {
        Self {
            pending: Arc::clone(pending),
            bytes: 0,
        }
    }

    /// Asks for more; `false` when there is not so much.
    fn grow(&mut self, bytes: usize) -> bool {
        if self.bytes + bytes > self.pending.each() {
            return false;
        }
        let before = self.pending.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > self.pending.all() {
            self.pending.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.pending.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The capture of a request that has not ended.
#[derive(Debug)]
pub(super) struct Draft {
    path: String,
    mask: Mask,
    request_headers: HeaderTexts,
    request_body: Option<Arc<Mutex<Collected>>>,
    response_headers: HeaderTexts,
    response_body: Vec<u8>,
    /// For the answer's body. The request's has its own.
    reserved: Reservation,
    /// Something did not fit: there will be no capture.
    too_large: bool,
}

impl Draft {
    /// Begins to capture a request to `path` with the client's headers.
    pub(super) fn begin(captures: &Captures, path: &str, headers: &HeaderMap) -> Self {
        Self {
            path: path.to_owned(),
            mask: Mask::of(path),
            request_headers: shown(headers),
            request_body: None,
            response_headers: HeaderTexts::default(),
            response_body: Vec::new(),
            reserved: Reservation::new(captures.pending()),
            too_large: false,
        }
    }

    /// Collects the body that is about to be sent. One that has been read is shared, one that has not is collected as
    /// it passes.
    pub(super) fn request(&mut self, payload: Payload) -> Payload {
        if !self.mask.request {
            return payload;
        }
        let (payload, collected) = request_body::collect(payload, Reservation::new(&self.reserved.pending));
        self.request_body = Some(collected);
        payload
    }

    /// The answer has begun.
    pub(super) fn answered(&mut self, headers: &HeaderMap) {
        self.response_headers = shown(headers);
        // The body is kept decompressed.
        self.response_headers.remove("Content-Encoding");
    }

    /// The next part of the answer's body, decompressed.
    pub(super) fn response(&mut self, part: &[u8]) {
        if !self.mask.response || self.too_large {
            return;
        }
        if self.reserved.grow(part.len()) {
            self.response_body.extend_from_slice(part);
        } else {
            self.too_large = true;
            self.response_body = Vec::new();
        }
    }

    /// Ends the capture; `with_body` says whether the answer's body belongs to it. `None` when something did not fit.
    pub(super) fn finish(self, with_body: bool) -> Option<Finished> {
        let request_body = match &self.request_body {
            Some(collected) => Some(collected.lock().take()?),
            None => None,
        };
        if self.too_large {
            return None;
        }
        Some(Finished {
            path: self.path,
            request_headers: self.request_headers,
            request_body,
            response_headers: self.response_headers,
            response_body: (with_body && self.mask.response).then_some(self.response_body),
            _reserved: self.reserved,
        })
    }
}

/// The capture of a request that has ended, on its way to the writer.
#[derive(Debug)]
pub(super) struct Finished {
    path: String,
    request_headers: HeaderTexts,
    request_body: Option<(Vec<Bytes>, Reservation)>,
    response_headers: HeaderTexts,
    response_body: Option<Vec<u8>>,
    _reserved: Reservation,
}

#[cfg(test)]
mod tests;
