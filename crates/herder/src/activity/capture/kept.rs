//! The captures of the last requests, compressed, within a budget.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Finished, HeaderTexts, Pending};

/// The captures.
#[derive(Debug)]
pub struct Captures {
    pending: Arc<Pending>,
    kept: Mutex<Kept>,
}

/// A compressed capture.
#[derive(Debug)]
pub(in crate::activity) struct Packed(Vec<u8>);

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    /// Ids, oldest first.
    order: VecDeque<i64>,
    items: HashMap<i64, Vec<u8>>,
}

/// A request and its answer, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Capture {
    /// Number of its row in the activity.
    id: i64,
    /// The path that the model server saw.
    req_path: String,
    /// By name.
    req_headers: HeaderTexts,
    /// Base64; `null` when it is not kept.
    req_body: Option<String>,
    /// By name.
    resp_headers: HeaderTexts,
    /// Base64, decompressed; `null` when it is not kept.
    resp_body: Option<String>,
}

/// What stands before the bodies, as JSON on a line of its own.
#[derive(Serialize, Deserialize)]
struct Head {
    path: String,
    request_headers: HeaderTexts,
    /// Length of the request's body, which comes first.
    request: Option<usize>,
    response_headers: HeaderTexts,
    /// Length of the answer's body.
    response: Option<usize>,
}

impl Captures {
    /// Captures in at most `budget` compressed bytes; 0 switches them off.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self {
            pending: Arc::new(Pending {
                bytes: AtomicUsize::new(0),
                budget: AtomicUsize::new(budget),
            }),
            kept: Mutex::default(),
        }
    }

    /// Whether there is room for any.
    #[must_use]
    pub fn are_on(&self) -> bool {
        self.pending.budget() > 0
    }

    /// Another budget; the oldest captures leave until it holds.
    pub(in crate::activity) fn set_budget(&self, budget: usize) {
        let mut kept = self.kept.lock();
        self.pending.budget.store(budget, Ordering::Relaxed);
        kept.shrink_to(budget);
    }

    pub(super) fn pending(&self) -> &Arc<Pending> {
        &self.pending
    }

    /// Whether there is one for this row.
    #[must_use]
    pub fn contains(&self, id: i64) -> bool {
        self.kept.lock().items.contains_key(&id)
    }

    /// The capture of a row. It takes a while to decompress a large one.
    #[must_use]
    pub fn get(&self, id: i64) -> Option<Capture> {
        let item = self.kept.lock().items.get(&id)?.clone();
        // What we have compressed ourselves decompresses.
        unpack(id, &item).ok()
    }

    /// Compresses a capture, which takes a while. `None` when it is larger than the budget: such a one is not kept.
    pub(in crate::activity) fn pack(&self, finished: Finished) -> Option<Packed> {
        let item = pack(finished).ok()?;
        (item.len() <= self.pending.budget()).then_some(Packed(item))
    }

    /// Keeps the capture of a row; the oldest leave to make room.
    pub(in crate::activity) fn insert(&self, id: i64, Packed(item): Packed) {
        let mut kept = self.kept.lock();
        kept.bytes += item.len();
        kept.order.push_back(id);
        kept.items.insert(id, item);
        // Under the lock: nobody lowers the budget in between.
        kept.shrink_to(self.pending.budget());
    }
}

impl Kept {
    fn shrink_to(&mut self, budget: usize) {
        while self.bytes > budget {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(item) = self.items.remove(&oldest) {
                self.bytes -= item.len();
            }
        }
    }
}

fn pack(finished: Finished) -> io::Result<Vec<u8>> {
    let Finished {
        path,
        request_headers,
        request_body,
        response_headers,
        response_body,
        _reserved,
    } = finished;
    let parts = request_body.as_ref().map(|(parts, _)| parts);
    let head = Head {
        path,
        request_headers,
        request: parts.map(|parts| parts.iter().map(Bytes::len).sum()),
        response_headers,
        response: response_body.as_ref().map(Vec::len),
    };
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut encoder, &head)?;
    encoder.write_all(b"\n")?;
    for part in parts.into_iter().flatten() {
        encoder.write_all(part)?;
    }
    encoder.write_all(&response_body.unwrap_or_default())?;
    let mut item = encoder.finish()?;
    item.shrink_to_fit();
    Ok(item)
}

fn unpack(id: i64, item: &[u8]) -> io::Result<Capture> {
    let mut text = Vec::new();
    DeflateDecoder::new(item).read_to_end(&mut text)?;
    let end = text
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or(io::ErrorKind::InvalidData)?;
    let head: Head = serde_json::from_slice(&text[..end])?;
    let mut bodies = &text[end + 1..];
    let mut next = |length: Option<usize>| {
        let (body, rest) = bodies.split_at_checked(length?)?;
        bodies = rest;
        Some(STANDARD.encode(body))
    };
    Ok(Capture {
        id,
        req_path: head.path,
        req_headers: head.request_headers,
        req_body: next(head.request),
        resp_headers: head.response_headers,
        resp_body: next(head.response),
    })
}
