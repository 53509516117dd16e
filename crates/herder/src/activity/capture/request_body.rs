//! The body of a request that is sent on as it comes, collected for its capture without a copy.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use parking_lot::Mutex;

use super::Reservation;
use crate::watched_body::watched;

/// What has passed.
#[derive(Debug)]
pub(super) struct Collected {
    /// `None` when it was too much.
    parts: Option<(Vec<Bytes>, Reservation)>,
}

impl Collected {
    fn push(&mut self, part: &Bytes) {
        if let Some((parts, reserved)) = &mut self.parts {
            if reserved.grow_by_piece(part.len()) {
                parts.push(part.clone());
            } else {
                self.parts = None;
            }
        }
    }

    /// All of it; `None` when it was too much.
    pub(super) fn take(&mut self) -> Option<(Vec<Bytes>, Reservation)> {
        self.parts.take()
    }
}

/// Returns the body to send and what will be collected of it.
pub(super) fn collect(body: Body, reserved: Reservation) -> (Body, Arc<Mutex<Collected>>) {
    let collected = Arc::new(Mutex::new(Collected {
        parts: Some((Vec::new(), reserved)),
    }));
    let body = watched(body, Arc::clone(&collected), |collected, data| {
        collected.lock().push(data);
    });
    (body, collected)
}
