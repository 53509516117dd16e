//! Which model or peer a name means (spec/config.md 7.1, 7.6). Profiles and selectors come before this step and
//! are not resolved here.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::typed::{Config, Model, Peer};

/// Resolves base names: model IDs, aliases and peer models.
#[derive(Debug, Clone)]
pub struct Names {
    local: BTreeMap<String, String>,
    peers: BTreeMap<String, PeerModel>,
    selectors: BTreeSet<String>,
}

/// What a base name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A model of this server, by ID.
    Local(&'a str),
    /// A model of a peer.
    Peer(&'a PeerModel),
}

/// A model of a peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerModel {
    /// The peer's key under `peers`.
    pub peer: String,
    /// The model's name at the peer, which is what the peer gets to see.
    pub model: String,
}

impl Names {
    /// The names of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self::new(
            &config.models,
            &config.aliases,
            &config.peers,
            config.selectors.keys().cloned(),
        )
    }

    pub(crate) fn new(
        models: &IndexMap<String, Model>,
        aliases: &IndexMap<String, String>,
        peers: &IndexMap<String, Peer>,
        selectors: impl Iterator<Item = String>,
    ) -> Self {
        let mut local: BTreeMap<String, String> = aliases
            .iter()
            .map(|(alias, id)| (alias.clone(), id.clone()))
            .collect();
        local.extend(models.keys().map(|id| (id.clone(), id.clone())));
        let selectors: BTreeSet<String> = selectors.collect();

        let mut qualified = BTreeMap::new();
        let mut bare: BTreeMap<&str, Vec<PeerModel>> = BTreeMap::new();
        for (peer, settings) in peers {
            for model in &settings.models {
                let target = PeerModel {
                    peer: peer.clone(),
                    model: model.clone(),
                };
                qualified.insert(qualified_name(peer, model), target.clone());
                bare.entry(model).or_default().push(target);
            }
        }
        let mut all = qualified.clone();
        for (name, mut targets) in bare {
            let hidden = local.contains_key(name) || selectors.contains(name) || qualified.contains_key(name);
            if !hidden
                && targets.len() == 1
                && let Some(target) = targets.pop()
            {
                all.insert(name.to_owned(), target);
            }
        }
        Self {
            local,
            peers: all,
            selectors,
        }
    }

    /// The model ID behind a model ID or alias.
    #[must_use]
    pub fn local(&self, name: &str) -> Option<&str> {
        self.local.get(name).map(String::as_str)
    }

    /// What a base name means; `None` when it means nothing, or one of several peers.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<Target<'_>> {
        match self.local(name) {
            Some(id) => Some(Target::Local(id)),
            None => self.peers.get(name).map(Target::Peer),
        }
    }

    /// Whether a selector has this ID.
    #[must_use]
    pub fn is_selector(&self, name: &str) -> bool {
        self.selectors.contains(name)
    }

    /// All names that references may use, for hints.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.local_names().chain(self.peers.keys().map(String::as_str))
    }

    /// Models and aliases, in order.
    pub(crate) fn local_names(&self) -> impl Iterator<Item = &str> {
        self.local.keys().map(String::as_str)
    }
}

/// The name under which a peer's model can always be reached.
pub(crate) fn qualified_name(peer: &str, model: &str) -> String {
    format!("{peer}/{model}")
}
