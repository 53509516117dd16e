//! The list of models with their states, sent whole at every change (spec/http-api.md 1.16).

use std::sync::Arc;

use bytes::Bytes;
use herder_config::Capabilities;
use herder_core::{ModelId, ModelState};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::frame::{Kind, frame};
use crate::app::Snapshot;
use crate::driver::{Driver, StateChange};
use crate::routes::models::describe;
use crate::state_word::state_word;

/// The states as the client knows them, and what is to change.
pub(super) struct ModelSource {
    snapshot: Arc<Snapshot>,
    /// By [`ModelId`].
    states: Vec<ModelState>,
    changes: Receiver<StateChange>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    name: &'a str,
    description: &'a str,
    state: &'static str,
    unlisted: bool,
    #[serde(rename = "peerID")]
    peer: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
    #[serde(flatten)]
    abilities: Map<String, Value>,
}

impl ModelSource {
    /// The list as it is, and what follows.
    pub(super) fn begin(driver: &Driver, snapshot: Arc<Snapshot>) -> (Bytes, Self) {
        let (states, changes) = driver.watch();
        let source = Self {
            snapshot,
            states,
            changes,
        };
        (source.list(), source)
    }

    /// The list after the next change; after the last of those that were missed. Waits for ever when the driver is gone.
    /// Safe to cancel.
    pub(super) async fn next(&mut self, driver: &Driver) -> Bytes {
        match self.changes.recv().await {
            Ok(StateChange { model, to }) => self.states[model.index()] = to,
            Err(RecvError::Lagged(_)) => (self.states, self.changes) = driver.watch(),
            Err(RecvError::Closed) => std::future::pending().await,
        }
        self.list()
    }

    /// Local models in order of id, unlisted ones too, then those of peers.
    pub(super) fn list(&self) -> Bytes {
        let local = self.snapshot.models().map(|model| self.local(model));
        let mut list: Vec<_> = local.collect();
        let qualified: Vec<(&str, String)> = self
            .snapshot
            .config
            .peers
            .iter()
            .flat_map(|(peer, settings)| {
                let models = settings.models.iter();
                models.map(move |model| (peer.as_str(), format!("{peer}/{model}")))
            })
            .collect();
        list.extend(qualified.iter().map(|(peer, id)| Entry {
            id,
            name: "",
            description: "",
            state: "",
            unlisted: false,
            peer,
            aliases: &[],
            abilities: Map::new(),
        }));
        frame(Kind::ModelStatus, &list)
    }

    fn local(&self, model: ModelId) -> Entry<'_> {
        let (id, settings) = self.snapshot.model(model);
        Entry {
            id,
            name: settings.name.trim(),
            description: settings.description.trim(),
            state: state_word(self.states[model.index()]),
            unlisted: settings.unlisted,
            peer: "",
            aliases: &settings.aliases,
            abilities: settings.capabilities.as_ref().map(abilities).unwrap_or_default(),
        }
    }
}

/// `capabilities` and `context_length`, each only when it says something.
fn abilities(known: &Capabilities) -> Map<String, Value> {
    let mut fields = describe(known);
    fields.retain(|name, _| matches!(name.as_str(), "capabilities" | "context_length"));
    fields
}
