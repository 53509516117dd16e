//! The open requests as events: a list, then what comes, goes, and gets further (spec/http-api.md 1.16).

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::frame::{Kind, frame};
use crate::in_flight::{Change, InFlight, Progress, Request, Shown};

/// What the client knows of the table, and what is to change.
pub(super) struct InFlightSource {
    table: Arc<InFlight>,
    changes: Receiver<Change>,
    /// The requests that the client knows, and how far it knows them to be.
    known: BTreeMap<u64, Progress>,
}

/// The open requests, or how they have changed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "InFlight"))]
#[serde(tag = "operation", rename_all = "lowercase")]
pub(super) enum Event<'a> {
    /// All of them.
    Snapshot {
        /// The oldest first; absent when there are none.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        requests: Vec<Shown<'a>>,
    },
    /// One has come, or got further.
    Upsert {
        /// As it is now.
        request: Box<Shown<'a>>,
    },
    /// One has ended.
    Remove {
        /// Its number.
        id: String,
    },
}

impl InFlightSource {
    /// The list as it is, and what follows.
    pub(super) fn begin(table: Arc<InFlight>) -> (Bytes, Self) {
        let (list, changes) = table.watch();
        let mut source = Self {
            table,
            changes,
            known: BTreeMap::new(),
        };
        (source.snapshot(&list), source)
    }

    /// The next request that comes or goes, or gets to another phase; the whole list when some were missed. Safe to cancel.
    pub(super) async fn next(&mut self) -> Bytes {
        loop {
            match self.changes.recv().await {
                Ok(Change::Upsert(request)) => {
                    if let Some(event) = self.upsert(&request) {
                        return event;
                    }
                }
                Ok(Change::Remove(id)) => {
                    self.known.remove(&id);
                    return event(&Event::Remove { id: id.to_string() });
                }
                Err(RecvError::Lagged(_)) => {
                    let (list, changes) = self.table.watch();
                    self.changes = changes;
                    return self.snapshot(&list);
                }
                // The table lives as long as this.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Whether a request may get further.
    pub(super) fn has_open(&self) -> bool {
        !self.known.is_empty()
    }

    /// The requests that got further since the client was told of them: in their answer, in the queue, or because the load
    /// of their model has begun.
    pub(super) fn progress(&mut self) -> Vec<Bytes> {
        let open = self.table.open();
        let further = |request: &&Arc<Request>| {
            let known = self.known.get(&request.id());
            // The client gets to know the others first.
            known.is_some_and(|known| Some(*known) != request.progress())
        };
        let further: Vec<_> = open.iter().filter(further).collect();
        further
            .into_iter()
            .filter_map(|request| self.upsert(request))
            .collect()
    }

    /// `None` while nothing is to be told of it; what is, is told in a moment.
    fn upsert(&mut self, request: &Request) -> Option<Bytes> {
        let progress = request.progress()?;
        self.known.insert(request.id(), progress);
        Some(event(&Event::Upsert {
            request: Box::new(request.show(progress)),
        }))
    }

    fn snapshot(&mut self, list: &[Arc<Request>]) -> Bytes {
        let list: Vec<_> = list
            .iter()
            .filter_map(|request| Some((request, request.progress()?)))
            .collect();
        self.known = list
            .iter()
            .map(|(request, progress)| (request.id(), *progress))
            .collect();
        event(&Event::Snapshot {
            requests: list
                .iter()
                .map(|(request, progress)| request.show(*progress))
                .collect(),
        })
    }
}

fn event(event: &Event<'_>) -> Bytes {
    frame(Kind::InFlight, event)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;
    use crate::in_flight::{Description, Entry};

    fn enter(table: &Arc<InFlight>) -> Entry {
        let (entry, _) = table.enter(Description {
            model: "m".to_owned(),
            at_peer: false,
            path: "/x".to_owned(),
            method: Method::POST,
            headers: HeaderMap::new(),
            client: Arc::default(),
        });
        entry
    }

    fn text(event: &Bytes) -> String {
        String::from_utf8(event.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn runtime_3_8_a_full_outbox_becomes_one_list() {
        let table = Arc::new(InFlight::new());
        let (_, mut source) = InFlightSource::begin(Arc::clone(&table));
        let entries: Vec<_> = (0..1000).map(|_| enter(&table)).collect();
        let list = text(&source.next().await);
        assert!(list.contains("snapshot"), "{list}");
        assert_eq!(list.matches("remote_ip").count(), entries.len());
        let next = enter(&table);
        let event = text(&source.next().await);
        assert!(
            event.contains("upsert") && event.contains(&next.id().to_string()),
            "{event}"
        );
    }

    #[tokio::test]
    async fn http_1_16_only_answers_that_got_further_are_told() {
        let table = Arc::new(InFlight::new());
        let old = enter(&table);
        let (_, mut source) = InFlightSource::begin(Arc::clone(&table));
        // Not known to the client yet: it is told of it first.
        enter(&table).passed(1);
        let unknown = enter(&table);
        unknown.passed(1);
        assert!(source.has_open() && source.progress().is_empty());
        old.passed(2);
        let told = source.progress();
        assert_eq!(told.len(), 1);
        assert!(text(&told[0]).contains("\\\"resp_bytes\\\":2"), "{told:?}");
        assert!(source.progress().is_empty());
    }
}
