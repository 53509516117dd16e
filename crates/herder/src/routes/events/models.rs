//! The list of models with their states, sent whole at every change (spec/http-api.md 1.16).

use std::sync::Arc;

use bytes::Bytes;
use herder_core::{ModelId, ModelState};
use indexmap::IndexMap;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::frame::{Kind, frame};
use crate::app::Snapshot;
use crate::driver::{Driver, StateChange};
use crate::routes::abilities::{Abilities, is_zero};
use crate::state_word::state_word;

/// The states as the client knows them, and what is to change.
pub(super) struct ModelSource {
    snapshot: Arc<Snapshot>,
    /// By [`ModelId`]. Those of models that are newer than the snapshot may be missing.
    states: Vec<ModelState>,
    changes: Receiver<StateChange>,
}

/// A local model, or a model of a peer, of which little is known.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ModelNow"))]
pub(super) struct Entry<'a> {
    /// Its id; `peer/model` for a model of a peer.
    id: &'a str,
    /// For people; may be empty.
    name: &'a str,
    /// For people; may be empty.
    description: &'a str,
    /// Empty for a model of a peer.
    #[cfg_attr(test, schemars(extend("enum" = ["stopped", "starting", "ready", "stopping", ""])))]
    state: &'static str,
    /// Left out of the model list.
    unlisted: bool,
    /// Id of the peer; empty for a local model.
    #[serde(rename = "peerID")]
    peer: &'a str,
    /// Its other names.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
    /// Abilities by name; what a model cannot do is not listed.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, bool>"))]
    capabilities: IndexMap<&'static str, bool>,
    /// Tokens that fit into the context.
    #[serde(skip_serializing_if = "is_zero")]
    context_length: u64,
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
            Ok(StateChange { model, to }) => {
                if let Some(state) = self.states.get_mut(model.index()) {
                    *state = to;
                } else {
                    // The configuration that has this model is on its way.
                    (self.states, self.changes) = driver.watch();
                }
            }
            Err(RecvError::Lagged(_)) => (self.states, self.changes) = driver.watch(),
            Err(RecvError::Closed) => std::future::pending().await,
        }
        self.list()
    }

    /// The list of another configuration. Its models are known to the driver.
    pub(super) fn reload(&mut self, driver: &Driver, snapshot: Arc<Snapshot>) -> Bytes {
        let list;
        (list, *self) = Self::begin(driver, snapshot);
        list
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
            peer,
            ..Entry::default()
        }));
        frame(Kind::ModelStatus, &list)
    }

    fn local(&self, model: ModelId) -> Entry<'_> {
        let (id, settings) = self.snapshot.model(model);
        let abilities = settings.capabilities.as_ref().map(Abilities::of);
        let abilities = abilities.unwrap_or_default();
        Entry {
            id,
            name: settings.name.trim(),
            description: settings.description.trim(),
            state: state_word(self.states[model.index()]),
            unlisted: settings.unlisted,
            peer: "",
            aliases: &settings.aliases,
            capabilities: abilities.capabilities,
            context_length: abilities.context_length,
        }
    }
}
