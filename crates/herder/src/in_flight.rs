//! The requests on their way to a model, by the number under which `POST /api/inflight/{id}/cancel` finds them
//! (spec/http-api.md 1.17).
//!
//! One entry per request that an open connection carries, so the connection limit bounds the table.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// The table.
#[derive(Debug, Default)]
pub struct InFlight {
    requests: Mutex<Requests>,
}

#[derive(Debug, Default)]
struct Requests {
    /// The last number given out; numbers start at 1 and are never used twice.
    last: u64,
    open: BTreeMap<u64, CancellationToken>,
}

/// A request's place in the table. It travels with the response body; dropping it removes the entry.
#[derive(Debug)]
pub struct Entry {
    table: Arc<InFlight>,
    id: u64,
    cancelled: CancellationToken,
}

impl InFlight {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a request.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Entry {
        let cancelled = CancellationToken::new();
        let mut requests = self.requests.lock();
        requests.last += 1;
        let id = requests.last;
        requests.open.insert(id, cancelled.clone());
        drop(requests);
        Entry {
            table: Arc::clone(self),
            id,
            cancelled,
        }
    }

    /// Cancels a request by its number as clients write it. `false` when no such request is open.
    pub fn cancel(&self, id: &str) -> bool {
        // The numbers are texts to clients: `07` and `+7` are not `7`.
        let Some(number) = id.parse::<u64>().ok().filter(|number| number.to_string() == id) else {
            return false;
        };
        let token = self.requests.lock().open.get(&number).cloned();
        token.is_some_and(|token| {
            // Outside the lock: this wakes the request.
            token.cancel();
            true
        })
    }

    /// How many requests are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.lock().open.len()
    }

    /// Whether no request is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Entry {
    /// The request's number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Fires when somebody cancels the request.
    #[must_use]
    pub fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.table.requests.lock().open.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_up_and_entries_leave_when_dropped() {
        let table = Arc::new(InFlight::new());
        let (first, second) = (table.enter(), table.enter());
        assert_eq!((first.id(), second.id(), table.len()), (1, 2, 2));
        drop(first);
        assert_eq!((table.len(), table.enter().id()), (1, 3));
        drop(second);
        assert!(table.is_empty());
    }

    #[test]
    fn cancelling_reaches_the_one_request() {
        let table = Arc::new(InFlight::new());
        let (first, second) = (table.enter(), table.enter());
        for unknown in ["3", "0", "", "02", "+2", "-2", "x", "99999999999999999999"] {
            assert!(!table.cancel(unknown), "{unknown:?}");
        }
        assert!(table.cancel("2"));
        assert!(second.cancelled().is_cancelled() && !first.cancelled().is_cancelled());
        drop(second);
        assert!(!table.cancel("2"));
    }
}
