//! The requests on their way to a model: who watches is told of each, and `POST /api/inflight/{id}/cancel` finds one
//! by its number (spec/http-api.md 1.16 and 1.17, spec/runtime.md 3.8).
//!
//! One entry per request that an open connection carries, so the connection limit bounds the table. A request never
//! waits for who watches: changes go through a channel that forgets the oldest, and a watcher that has missed one
//! begins anew with the whole table. Bytes are only counted here; watchers look at the counters when they want to.

mod request;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use parking_lot::Mutex;
use tokio::sync::broadcast;

use crate::cancellation::{Cancelled, Canceller};
use crate::driver::Place;
pub use request::{Description, Phase, Progress, Request, Shown};

/// Changes that may wait for a watcher; beyond it a fresh list says the same in less (spec/runtime.md 3.8).
const OUTBOX: usize = 128;

/// The table.
#[derive(Debug)]
pub struct InFlight {
    requests: Mutex<Requests>,
    /// Sent to under the lock, so that changes come in order and follow the list that a watcher begins with.
    changes: broadcast::Sender<Change>,
}

#[derive(Debug, Default)]
struct Requests {
    /// The last number given out; numbers start at 1 and are never used twice.
    last: u64,
    open: BTreeMap<u64, Arc<Request>>,
}

/// What has happened to a request.
#[derive(Debug, Clone)]
pub enum Change {
    /// It has come, or has to wait, or got further.
    Upsert(Arc<Request>),
    /// It has ended.
    Remove(u64),
}

/// A request's place in the table. It travels with the response body; dropping it removes the request.
#[derive(Debug)]
pub struct Entry {
    follower: Follower,
}

/// Notes how far a request is. It does not keep it in the table.
#[derive(Debug, Clone)]
pub struct Follower {
    table: Arc<InFlight>,
    request: Arc<Request>,
}

impl InFlight {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            requests: Mutex::default(),
            changes: broadcast::Sender::new(OUTBOX),
        }
    }

    /// Notes a request. What is returned with its place ends when somebody cancels it.
    pub fn enter(self: &Arc<Self>, description: Description) -> (Entry, Cancelled) {
        let (canceller, cancelled) = Canceller::new();
        let mut requests = self.requests.lock();
        requests.last += 1;
        let id = requests.last;
        let request = Arc::new(Request::new(id, description, canceller));
        requests.open.insert(id, Arc::clone(&request));
        self.tell(Change::Upsert(Arc::clone(&request)));
        drop(requests);
        let table = Arc::clone(self);
        let follower = Follower { table, request };
        (Entry { follower }, cancelled)
    }

    /// Cancels a request by its number as clients write it. `false` when no such request is open.
    pub fn cancel(&self, id: &str) -> bool {
        // The numbers are texts to clients: `07` and `+7` are not `7`.
        let Some(number) = id.parse::<u64>().ok().filter(|number| number.to_string() == id) else {
            return false;
        };
        let request = self.requests.lock().open.get(&number).cloned();
        request.is_some_and(|request| {
            // Outside the lock: this wakes the request.
            request.canceller.cancel();
            true
        })
    }

    /// The open requests, the oldest first.
    #[must_use]
    pub fn open(&self) -> Vec<Arc<Request>> {
        self.requests.lock().in_order()
    }

    /// The open requests, the oldest first, and every change from then on. A receiver that lags has to begin anew.
    #[must_use]
    pub fn watch(&self) -> (Vec<Arc<Request>>, broadcast::Receiver<Change>) {
        let requests = self.requests.lock();
        (requests.in_order(), self.changes.subscribe())
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

    /// To be called under the lock.
    fn tell(&self, change: Change) {
        // Nobody watches: nothing is kept.
        let _ = self.changes.send(change);
    }
}

impl Default for InFlight {
    fn default() -> Self {
        Self::new()
    }
}

impl Requests {
    fn in_order(&self) -> Vec<Arc<Request>> {
        let mut open: Vec<_> = self.open.values().cloned().collect();
        // The clock may have been set back.
        open.sort_by_key(|request| (request.arrived(), request.id()));
        open
    }
}

impl Entry {
    /// The request's number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.follower.request.id()
    }

    /// For who sees the request get further.
    #[must_use]
    pub fn follower(&self) -> Follower {
        self.follower.clone()
    }

    /// It has to wait, here.
    pub fn waits(&self, place: Place) {
        self.follower.request.waits(place);
        self.follower.tell();
    }

    /// The client is being answered, with these headers. With a loading state that is long before [`Follower::begun`].
    pub fn answered(&self, headers: &HeaderMap) {
        self.follower.request.answered(headers);
        self.follower.tell();
    }

    /// So many bytes of the answer's body have been passed on.
    pub fn passed(&self, bytes: u64) {
        self.follower.request.passed(bytes);
    }
}

impl Follower {
    /// Its model gets it now.
    pub fn granted(&self) {
        self.request.granted();
        self.tell();
    }

    /// The first byte of the body has come from its model, or its peer.
    pub fn begun(&self) {
        self.request.begun();
        self.tell();
    }

    fn tell(&self) {
        // Whoever begins to watch after this sees what is told here in the list that he begins with.
        if self.table.changes.receiver_count() == 0 {
            return;
        }
        let requests = self.table.requests.lock();
        // Nothing follows the end.
        if requests.open.contains_key(&self.request.id()) {
            self.table.tell(Change::Upsert(Arc::clone(&self.request)));
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let id = self.id();
        let table = &self.follower.table;
        let mut requests = table.requests.lock();
        requests.open.remove(&id);
        table.tell(Change::Remove(id));
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
    use serde_json::{Value, json};
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;

    fn description() -> Description {
        Description {
            model: "orca-7b".to_owned(),
            at_peer: false,
            path: "/v1/chat/completions".to_owned(),
            method: Method::POST,
            headers: HeaderMap::from_iter([
                (HOST, HeaderValue::from_static("h")),
                (AUTHORIZATION, HeaderValue::from_static("Bearer k")),
                (USER_AGENT, HeaderValue::from_static("demo/1")),
            ]),
            client: "10.1.2.3".into(),
        }
    }

    fn enter(table: &Arc<InFlight>) -> Entry {
        table.enter(description()).0
    }

    fn shown(request: &Request) -> Value {
        serde_json::to_value(request.show(request.progress().unwrap())).unwrap()
    }

    #[test]
    fn numbers_count_up_and_entries_leave_when_dropped() {
        let table = Arc::new(InFlight::new());
        let (first, second) = (enter(&table), enter(&table));
        assert_eq!((first.id(), second.id(), table.len()), (1, 2, 2));
        drop(first);
        assert_eq!((table.len(), enter(&table).id()), (1, 3));
        drop(second);
        assert!(table.is_empty());
    }

    #[test]
    fn cancelling_reaches_the_one_request() {
        let table = Arc::new(InFlight::new());
        let (first, second) = (enter(&table), enter(&table));
        let is_cancelled = |entry: &Entry| entry.follower.request.canceller.is_cancelled();
        for unknown in ["3", "0", "", "02", "+2", "-2", "x", "99999999999999999999"] {
            assert!(!table.cancel(unknown), "{unknown:?}");
        }
        assert!(table.cancel("2"));
        assert!(is_cancelled(&second) && !is_cancelled(&first));
        drop(second);
        assert!(!table.cancel("2"));
    }

    #[test]
    fn http_1_16_the_form_of_an_entry() {
        let table = Arc::new(InFlight::new());
        let entry = enter(&table);
        let mut before = shown(&table.open()[0]);
        let fields = before.as_object_mut().unwrap();
        let timestamp = fields.remove("timestamp").unwrap();
        assert!(timestamp.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        assert!(fields.remove("elapsed_ms").unwrap().is_u64());
        let expected = json!({
            "id": "1",
            "model": "orca-7b",
            "req_path": "/v1/chat/completions",
            "method": "POST",
            "req_headers": {"Authorization": "[REDACTED]", "User-Agent": "demo/1"},
            "remote_ip": "10.1.2.3",
            "resp_headers": {},
            "resp_bytes": 0,
            "phase": "queued",
        });
        assert_eq!(before, expected);
        entry.answered(&HeaderMap::from_iter([(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain"),
        )]));
        entry.passed(3);
        entry.passed(4);
        let after = shown(&table.open()[0]);
        assert_eq!(after["resp_headers"], json!({"Content-Type": "text/plain"}));
        assert_eq!(after["resp_bytes"], 7);
    }

    #[test]
    fn the_phases_of_a_request_and_their_times() {
        let table = Arc::new(InFlight::new());
        let entry = enter(&table);
        let (request, follower) = (Arc::clone(&table.open()[0]), entry.follower());
        let now = || {
            let shown = shown(&request);
            let times = ["granted_ms", "first_byte_ms"].map(|field| shown.get(field).and_then(Value::as_u64));
            (shown["phase"].as_str().unwrap().to_owned(), times)
        };
        assert_eq!(now(), ("queued".to_owned(), [None, None]));
        // A loading state: herder's words are not the model's.
        entry.answered(&HeaderMap::new());
        entry.passed(7);
        assert_eq!(now(), ("queued".to_owned(), [None, None]));
        follower.granted();
        let (phase, [granted, first_byte]) = now();
        assert_eq!((phase.as_str(), first_byte), ("waiting", None));
        follower.begun();
        let (phase, [same, first_byte]) = now();
        assert_eq!((phase.as_str(), same), ("streaming", granted));
        assert!(
            granted.is_some() && granted <= first_byte,
            "{granted:?} {first_byte:?}"
        );
        follower.begun();
        assert_eq!(now().1, [granted, first_byte], "only the first counts");
        let (at_peer, _) = table.enter(Description {
            at_peer: true,
            ..description()
        });
        let at_peer = shown(&at_peer.follower.request);
        assert_eq!(
            (&at_peer["phase"], &at_peer["granted_ms"]),
            (&json!("waiting"), &json!(0))
        );
    }

    #[test]
    fn a_watcher_sees_each_change_after_its_list() {
        let table = Arc::new(InFlight::new());
        let old = enter(&table);
        let (list, mut changes) = table.watch();
        assert_eq!(list.iter().map(|request| request.id()).collect::<Vec<_>>(), [1]);
        let new = enter(&table);
        new.answered(&HeaderMap::new());
        let follower = old.follower();
        drop(old);
        follower.begun();
        let mut seen = Vec::new();
        while let Ok(change) = changes.try_recv() {
            seen.push(match change {
                Change::Upsert(request) => format!("upsert {}", request.id()),
                Change::Remove(id) => format!("remove {id}"),
            });
        }
        assert_eq!(seen, ["upsert 2", "upsert 2", "remove 1"]);
    }

    #[test]
    fn runtime_3_8_the_outbox_is_bounded() {
        let table = Arc::new(InFlight::new());
        let (_, mut changes) = table.watch();
        let entries: Vec<_> = (0..=OUTBOX).map(|_| enter(&table)).collect();
        assert!(matches!(changes.try_recv(), Err(TryRecvError::Lagged(1))));
        let (list, mut changes) = table.watch();
        assert_eq!(list.len(), entries.len());
        assert!(matches!(changes.try_recv(), Err(TryRecvError::Empty)));
    }
}
