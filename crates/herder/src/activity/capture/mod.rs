//! Requests and answers that can be looked at: what is kept of them, and for how long (spec/http-api.md 5.4).
//!
//! While a request runs its capture is a `Draft`; bodies are collected as they pass. When it has ended they become one
//! text, which the writer keeps in [`Captures`] under the number of its row.

mod kept;
mod request_body;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;

pub use kept::Captures;
pub(super) use kept::Pace;
pub use text::Capture;

use crate::proxy::Payload;
use request_body::Collected;
use text::{Head, Lengths};

/// All captures that are not kept yet may together be so many times larger than the buffer. Beyond that the youngest
/// are given up.
const PENDING_FACTOR: usize = 8;

/// A capture may be so many times larger than the buffer before it is compressed: text shrinks to a quarter, and much less
/// when it is a stream of events.
const LARGEST_FACTOR: usize = 4;

/// What a body that comes in pieces takes of the room for all at once, in bytes: the count is common to all requests, and
/// there are many pieces. Where so much is not left, it takes what it needs.
const STEP: usize = 4 << 10;

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

/// The heads and bodies of captures that are not kept yet.
#[derive(Debug)]
struct Pending {
    /// What they have, and for each body that is still coming up to a [`STEP`] more.
    bytes: AtomicUsize,
    /// Of the captures that are kept, from which the limits of these follow.
    budget: AtomicUsize,
}

impl Pending {
    fn budget(&self) -> usize {
        self.budget.load(Ordering::Relaxed)
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
    /// How many times the buffer it may have.
    factor: usize,
    /// What is used of it.
    used: usize,
    /// What it has.
    bytes: usize,
}

impl Reservation {
    fn new(pending: &Arc<Pending>, factor: usize) -> Self {
        Self {
            pending: Arc::clone(pending),
            factor,
            used: 0,
            bytes: 0,
        }
    }

    /// Uses more; `false` when there is not so much.
    fn grow(&mut self, bytes: usize) -> bool {
        self.grow_by(bytes, 0)
    }

    /// Uses more for one of many pieces; `false` when there is not so much.
    fn grow_by_piece(&mut self, bytes: usize) -> bool {
        self.grow_by(bytes, STEP)
    }

    /// Takes at least `step` bytes, if it has to take any and there are so many.
    fn grow_by(&mut self, bytes: usize, step: usize) -> bool {
        let used = self.used + bytes;
        let missing = used.saturating_sub(self.bytes);
        if missing > 0 && !self.take(missing.max(step)) && !self.take(missing) {
            return false;
        }
        self.used = used;
        true
    }

    /// Gives back what is not used: no more pieces will come.
    fn settle(mut self) -> Self {
        let unused = self.bytes - self.used;
        self.pending.bytes.fetch_sub(unused, Ordering::Relaxed);
        self.bytes = self.used;
        self
    }

    fn take(&mut self, bytes: usize) -> bool {
        if self.bytes + bytes > self.pending.budget().saturating_mul(self.factor) {
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
    mask: Mask,
    head: Head,
    request_body: RequestBody,
    response_body: Vec<u8>,
    /// For the head and the bodies, but for one of the request that is collected as it passes, which has its own.
    reserved: Reservation,
    /// Something did not fit: there will be no capture.
    too_large: bool,
}

#[derive(Debug)]
enum RequestBody {
    /// It is not kept, or there was none.
    Absent,
    /// It has been read, and is shared with whoever sends it.
    Read(Vec<Bytes>),
    /// It is collected as it passes.
    Passing(Arc<Mutex<Collected>>),
}

impl Draft {
    /// Begins to capture a request to `path` with the client's headers.
    pub(super) fn begin(captures: &Captures, path: &str, headers: &HeaderMap) -> Self {
        let mut draft = Self {
            mask: Mask::of(path),
            head: Head::begin(path, headers),
            request_body: RequestBody::Absent,
            response_body: Vec::new(),
            reserved: Reservation::new(captures.pending(), LARGEST_FACTOR),
            too_large: false,
        };
        if !draft.reserved.grow(draft.head.len()) {
            draft.give_up();
        }
        draft
    }

    /// Collects the body that is about to be sent. One that has been read is shared, one that has not is collected as
    /// it passes.
    ///
    /// One that is larger than the whole buffer is given up at once, though it might shrink: a picture in base64, which is
    /// what such a body holds, hardly does, and a body of many megabytes is not held longer than its request.
    pub(super) fn request(&mut self, payload: Payload) -> Payload {
        if !self.mask.request || self.too_large {
            return payload;
        }
        match payload {
            Payload::Pieces(pieces) => {
                let is_small = pieces.len() <= self.reserved.pending.budget();
                if is_small && self.reserved.grow(pieces.len()) {
                    self.request_body = RequestBody::Read(pieces.clone().into_iter().collect());
                } else {
                    self.give_up();
                }
                Payload::Pieces(pieces)
            }
            Payload::Unread(body) => {
                let reserved = Reservation::new(&self.reserved.pending, 1);
                let (body, collected) = request_body::collect(body, reserved);
                self.request_body = RequestBody::Passing(collected);
                Payload::Unread(body)
            }
        }
    }

    /// The answer has begun. It always has when the capture ends; else there would be nothing to look at.
    pub(super) fn answered(&mut self, headers: &HeaderMap) {
        if self.too_large {
            return;
        }
        let before = self.head.len();
        self.head.answered(headers);
        if !self.reserved.grow(self.head.len() - before) {
            self.give_up();
        }
    }

    /// The next part of the answer's body, decompressed.
    pub(super) fn response(&mut self, part: &[u8]) {
        if !self.mask.response || self.too_large {
            return;
        }
        if self.reserved.grow_by_piece(part.len()) {
            self.response_body.extend_from_slice(part);
        } else {
            self.give_up();
        }
    }

    /// There will be no capture: what it has collected goes at once, and others have the room.
    fn give_up(&mut self) {
        self.too_large = true;
        self.head = Head::default();
        if let RequestBody::Passing(collected) =
            std::mem::replace(&mut self.request_body, RequestBody::Absent)
        {
            drop(collected.lock().take());
        }
        self.response_body = Vec::new();
        self.reserved = Reservation::new(&Arc::clone(&self.reserved.pending), LARGEST_FACTOR);
    }

    /// Ends the capture; `with_body` says whether the answer's body belongs to it. `None` when something did not fit.
    ///
    /// The bodies are copied here, and not by the writer: what they share memory with, such as the buffers of
    /// connections, is free at once, and small ones are still in the processor's cache.
    pub(super) fn finish(self, with_body: bool) -> Option<Finished> {
        if self.too_large {
            return None;
        }
        let response = (with_body && self.mask.response).then_some(self.response_body);
        let (request, of_request) = match self.request_body {
            RequestBody::Absent => (None, None),
            RequestBody::Read(parts) => (Some(parts), None),
            RequestBody::Passing(collected) => {
                let (parts, reserved) = collected.lock().take()?;
                (Some(parts), Some(reserved.settle()))
            }
        };
        let lengths = Lengths {
            request: request.as_ref().map(|parts| parts.iter().map(Bytes::len).sum()),
            response: response.as_ref().map(Vec::len),
        };
        let bodies = lengths.request.unwrap_or(0) + lengths.response.unwrap_or(0);
        let mut text = self.head.into_text(bodies);
        for part in request.into_iter().flatten() {
            text.extend_from_slice(&part);
        }
        text.extend_from_slice(&response.unwrap_or_default());
        Some(Finished {
            text: Bytes::from(text),
            lengths,
            _reserved: (self.reserved.settle(), of_request),
        })
    }
}

/// The capture of a request that has ended, on its way to the writer.
#[derive(Debug)]
pub(super) struct Finished {
    text: Bytes,
    lengths: Lengths,
    _reserved: (Reservation, Option<Reservation>),
}

#[cfg(test)]
mod tests;
